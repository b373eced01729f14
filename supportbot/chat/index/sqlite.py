"""Search on SQLite: an FTS5 table for each table with text, and one that gives its rows their numbers."""

# ruff: noqa: S608  (every statement is made of constants)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from supportbot.chat.index import BEGUN, TABLES, Indexed
from supportbot.workspaces.models import Workspace


def schema(indexed: Indexed) -> tuple[str, ...]:
    """Tables and triggers; what was there before them is added."""
    name, columns = indexed.table, ", ".join(indexed.columns)
    words, rows = f"{name}_words", f"{name}_numbers"
    put = f"INSERT INTO {words}(rowid, scope, text) SELECT number, scope"
    gone = f"INSERT INTO {words}({words}, rowid, scope, text) SELECT 'delete', number, scope"
    of_row = f"FROM {rows} WHERE row_id ="
    scope = f"'w' || {indexed.workspace.format('new')}"
    return (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {words} USING fts5(scope, text, content='', detail=column,"
        " prefix='3 4', tokenize='unicode61 remove_diacritics 2')",
        f"CREATE TABLE IF NOT EXISTS {rows}(number INTEGER PRIMARY KEY, row_id UNIQUE NOT NULL, scope TEXT NOT NULL)",
        f"CREATE TRIGGER IF NOT EXISTS {name}_numbered AFTER INSERT ON {rows} BEGIN INSERT INTO {words}(rowid, scope,"
        f" text) SELECT new.number, new.scope, {indexed.text('said')} FROM {name} AS said WHERE id = new.row_id; END",
        f"INSERT INTO {rows}(row_id, scope) SELECT id, {scope} FROM {name} AS new"
        f" WHERE id NOT IN (SELECT row_id FROM {rows}) ORDER BY {indexed.newest}",
        f"CREATE TRIGGER IF NOT EXISTS {name}_added AFTER INSERT ON {name}"
        f" BEGIN INSERT INTO {rows}(row_id, scope) SELECT new.id, {scope}; END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_deleted AFTER DELETE ON {name}"
        f" BEGIN {gone}, {indexed.text('old')} {of_row} old.id; DELETE FROM {rows} WHERE row_id = old.id; END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_reworded AFTER UPDATE OF {columns} ON {name}"
        f" BEGIN {gone}, {indexed.text('old')} {of_row} old.id; {put}, {indexed.text('new')} {of_row} new.id; END",
    )


def install() -> None:
    """After each migration, make what the migrations' own tables lack."""
    with connection.cursor() as cursor:
        there = connection.introspection.table_names(cursor)
        for indexed in TABLES:
            for statement in schema(indexed) if indexed.table in there else gone(indexed):
                cursor.execute(statement)


def suspend() -> None:
    """Before each migration, drop the triggers: SQLite makes an altered table anew, and would miss it in them."""
    with connection.cursor() as cursor:
        for indexed in TABLES:
            for event in ("numbered", "added", "deleted", "reworded"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {indexed.table}_{event}")


def gone(indexed: Indexed) -> tuple[str, ...]:
    """Forget the words of a table that a migration took away."""
    return tuple(f"DROP TABLE IF EXISTS {indexed.table}_{part}" for part in ("words", "numbers"))


def find(indexed: Indexed, workspace: Workspace, words: Sequence[str], limit: int) -> list[Any]:
    """The keys of rows that have all of these words, or words that begin so; the newest first."""
    asked = " AND ".join(f'"{word}"*' if len(word) >= BEGUN else f'"{word}"' for word in words)
    found, rows = f"{indexed.table}_words", f"{indexed.table}_numbers"
    query = (
        f"SELECT row_id FROM {found} JOIN {rows} ON number = {found}.rowid"
        f" WHERE {found} MATCH %s ORDER BY {found}.rowid DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [f"scope: w{workspace.pk} AND text: ({asked})", limit])
        return [row[0] for row in cursor.fetchall()]
