"""The tests' database: a copy of one that was migrated before, emptied after each test that commits."""

from __future__ import annotations

from functools import cache

from django.db import connection, transaction
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
