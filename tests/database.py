"""The tests' database: a copy of one that was migrated before, emptied after each test that commits; and SQLite's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import TransactionTestCase

KEPT = ("django_content_type", "auth_permission")  # what `migrate` fills, the same in every test


def empty(_: TransactionTestCase) -> None:
    """Delete all rows: Django's flush truncates each table, filled or not, and makes content types anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger refuses it or marks what is gone
        cursor.execute(filled())
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


@cache
def filled() -> str:
    """The query for the tables that have rows."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - set(KEPT))
    names = map(connection.ops.quote_name, tables)
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)


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
