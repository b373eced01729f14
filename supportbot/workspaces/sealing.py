"""Secrets that must be read again are sealed before they are stored, under a key that comes of SECRET_KEY."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unsealable(Exception):
    """It was sealed under a key that is known no more."""


def seal(text: str) -> str:
    """The text, readable only with SECRET_KEY."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed, also under a key of SECRET_KEY_FALLBACKS."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unsealable("The secret was stored under another SECRET_KEY; make a new one.") from error


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_key(str(secret))) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"supportbot.workspaces.sealing")
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
