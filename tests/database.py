"""The tests' database: a copy of one that was migrated before, emptied after each test that commits; and SQLite's."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import TransactionTestCase

from tests.session import SHARED

KEPT = ("django_content_type", "auth_permission")  # what `migrate` fills, the same in every test


def empty(_: TransactionTestCase) -> None:
    """Delete all rows: Django's flush truncates each table, filled or not, and makes content types anew."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - set(KEPT))
    names = [connection.ops.quote_name(table) for table in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger refuses it or marks what is gone
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


@contextmanager
def sqlite_at(path: Path) -> Iterator[None]:
    """The embedded run's database in the place of PostgreSQL."""
    from django.contrib.contenttypes.models import ContentType  # this module is read before the models are

    postgres = connections["default"]
    given = {**postgres.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "TIME_ZONE": None}
    given["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
    connections["default"] = DatabaseWrapper(given, "default")
    ContentType.objects.clear_cache()  # their numbers are others
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = postgres
        ContentType.objects.clear_cache()


def empty_sqlite() -> Path:
    """A migrated SQLite file to copy, made once for all workers of a run."""
    made = SHARED / "empty.sqlite3"
    with (SHARED / "empty.sqlite3.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = made.with_suffix(".unfinished")
            with sqlite_at(unfinished):
                call_command("migrate", verbosity=0, interactive=False)
            unfinished.rename(made)
    return made
