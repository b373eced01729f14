"""Secrets that must be read again are sealed before they are stored, under a key that comes of SECRET_KEY."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db.models import Model

FACTORS = {"secret", "seed"}  # of an authenticator app, of recovery codes


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


def reseal_all() -> tuple[int, list[str]]:
    """Seal all secrets of the database anew under SECRET_KEY; how many, and the rows that no known key opens.

    They stand in text fields whose names begin with `sealed_`, and in second factors. A secret that somebody changes
    meanwhile stays theirs.
    """
    done, lost = 0, []
    for model, name in _sealed_fields():
        rows = model._default_manager.exclude(**{name: ""}).values_list("pk", name)
        for pk, sealed in rows.iterator():
            try:
                anew = _rotated(sealed)
            except InvalidToken:
                lost.append(f"{model._meta.label} {pk}")
                continue
            done += model._default_manager.filter(**{"pk": pk, name: sealed}).update(**{name: anew})
    for factor in apps.get_model("mfa", "Authenticator").objects.filter(type__in=("totp", "recovery_codes")):
        try:
            sealed_anew = {name: _rotated(factor.data[name]) for name in FACTORS & set(factor.data)}
        except InvalidToken:
            lost.append(f"{factor._meta.label} {factor.pk}")
            continue
        done += type(factor).objects.filter(pk=factor.pk, data=factor.data).update(data={**factor.data, **sealed_anew})
    return done, lost


def _rotated(sealed: str) -> str:
    return _fernet().rotate(sealed.encode()).decode()


def _sealed_fields() -> list[tuple[type[Model], str]]:
    models = apps.get_models()
    return [(model, field.name) for model in models for field in model._meta.fields if field.name.startswith("sealed_")]


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_key(str(secret))) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"supportbot.workspaces.sealing")
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
