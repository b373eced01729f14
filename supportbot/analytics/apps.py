"""Puts our admin site in the place of Django's, and the marks of changed conversations into the database."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps
from django.db import connections
from django.db.models.signals import post_delete, post_migrate, pre_migrate

from supportbot.analytics import marks


class AdminConfig(apps.AdminConfig):
    """`django.contrib.admin` with the site of this package."""

    default = False
    default_site = "supportbot.analytics.site.AdministratorSite"


class AnalyticsConfig(AppConfig):
    """`supportbot.analytics`."""

    name = "supportbot.analytics"
    default = True

    def ready(self) -> None:
        """Look before and after each `migrate`; hear of what is erased and deleted."""
        pre_migrate.connect(suspend_marks, sender=self)
        post_migrate.connect(install_marks, sender=self)
        from supportbot.analytics.datasets import forgetting, store  # noqa: PLC0415  (models are not ready before)
        from supportbot.chat.announcements import announced  # noqa: PLC0415  (the same)

        announced.connect(forgetting.hear, dispatch_uid="datasets")
        post_delete.connect(store.follow, sender="analytics.Dataset")
        post_delete.connect(store.follow_workspace, sender="workspaces.Workspace")


def suspend_marks(using: str, **_: Any) -> None:
    """Take away what would be in the way of SQLite's migrations."""
    if connections[using].vendor == "sqlite":
        marks.suspend_on_sqlite()


def install_marks(using: str, **_: Any) -> None:
    """Make what marks conversations on SQLite; PostgreSQL's migration does it itself."""
    if connections[using].vendor == "sqlite":
        marks.install_on_sqlite()
