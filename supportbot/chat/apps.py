"""Keeps SQLite's search and the storage in step with the rows, and has rules hear what is announced."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_delete, post_migrate, pre_migrate


class ChatConfig(AppConfig):
    """`supportbot.chat`."""

    name = "supportbot.chat"

    def ready(self) -> None:
        """Look before and after each `migrate`, and whenever an attachment goes."""
        from supportbot.chat.announcements import announced  # noqa: PLC0415  (models are not ready yet)
        from supportbot.chat.attachments import files  # noqa: PLC0415  (models are not ready when this module is read)
        from supportbot.chat.rules import raising  # noqa: PLC0415  (the same)

        pre_migrate.connect(suspend_search, sender=self)
        post_migrate.connect(install_search, sender=self)
        announced.connect(raising.write, dispatch_uid="rules")
        post_delete.connect(files.follow, sender="chat.Attachment")


def suspend_search(using: str, **_: Any) -> None:
    """Take away what would be in the way of SQLite's migrations."""
    from supportbot.chat.index import sqlite  # noqa: PLC0415  (models are not ready when this module is read)

    if connections[using].vendor == "sqlite":
        sqlite.suspend()


def install_search(using: str, **_: Any) -> None:
    """Make what SQLite's search needs beside the migrations' tables."""
    from supportbot.chat.index import sqlite  # noqa: PLC0415  (models are not ready when this module is read)

    if connections[using].vendor == "sqlite":
        sqlite.install()
