"""Puts what keeps the audit log into SQLite, where no migration does it, and connects what hears of second factors, of
leavers and of the end of a single sign-on."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_delete, post_migrate, pre_migrate

from supportbot.workspaces import audit


class WorkspacesConfig(AppConfig):
    """`supportbot.workspaces`."""

    name = "supportbot.workspaces"

    def ready(self) -> None:
        """Look before and after each `migrate`, and hear of second factors, leavers and single sign-on."""
        from allauth.mfa import signals  # noqa: PLC0415  (models are not ready when this module is read)

        from supportbot.workspaces import factors  # noqa: PLC0415  (the same)
        from supportbot.workspaces.models import Member, SignOn  # noqa: PLC0415  (the same)
        from supportbot.workspaces.sign_on import rules  # noqa: PLC0415  (the same)

        pre_migrate.connect(suspend, sender=self)
        post_migrate.connect(install, sender=self)
        signals.authenticator_added.connect(factors.tell_added)
        signals.authenticator_removed.connect(factors.tell_removed)
        signals.authenticator_reset.connect(factors.tell_renewed)
        post_delete.connect(rules.release_leaver, sender=Member)
        post_delete.connect(rules.release_all, sender=SignOn)


def suspend(using: str, **_: Any) -> None:
    """Take away what would be in the way of SQLite's migrations."""
    if connections[using].vendor == "sqlite":
        audit.suspend_on_sqlite()


def install(using: str, **_: Any) -> None:
    """Make it anew."""
    if connections[using].vendor == "sqlite":
        audit.install_on_sqlite()
