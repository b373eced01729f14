"""Signed calls to addresses that a workspace gave, as Standard Webhooks writes them (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import urlsplit

from django.db import models

from supportbot.workspaces import outgoing
from supportbot.workspaces.sealing import seal, unseal


class SignedCalls(models.Model):
    """Has calls made to an address, signed with a secret of its own."""

    sealed_secret = models.TextField(editable=False)

    class Meta:
        abstract = True

    @property
    def secret(self) -> str:
        """What calls are signed with."""
        return unseal(self.sealed_secret)

    def renew_secret(self) -> str:
        """Make a new secret, to be saved; the only time that it is shown."""
        secret = new_secret()
        self.sealed_secret = seal(secret)
        return secret


def new_secret() -> str:
    """A signing secret."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def headers(secret: str, message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a call that is made now; the id is the same in every try."""
    now = int(time.time())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, message_id, now, body),
    }


def demand_address(address: str) -> None:
    """ValueError, in words for whoever wrote it, unless the address may be called."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise ValueError("Write an address that begins with https:// and has no user name in it.")
    try:
        outgoing.checked_address(parts.hostname, parts.port or 443)
    except outgoing.Refused as error:
        raise ValueError(str(error)) from error
