"""What people do with their own second factors, for the audit logs of their workspaces: the kind, never the secret."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator

from supportbot.workspaces import logins
from supportbot.workspaces.models import User


def tell_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    """An app, a passkey or a security key, or recovery codes."""
    _tell(user, "added", authenticator)


def tell_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    """It opens nothing any more."""
    _tell(user, "removed", authenticator)


def tell_renewed(user: User, authenticator: Authenticator, **_: Any) -> None:
    """New recovery codes; the old ones are void."""
    _tell(user, "renewed", authenticator)


def _tell(user: User, done: str, authenticator: Authenticator) -> None:
    logins.tell(user, f"user.second_factor_{done}", by=user, kind=authenticator.type)
