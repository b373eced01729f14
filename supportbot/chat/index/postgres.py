"""Search on PostgreSQL: a column of lexemes with a GIN index; the workspace is one of them."""

# ruff: noqa: S608  (every statement is made of constants)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from supportbot.chat.index import BEGUN, TABLES, Indexed
from supportbot.workspaces.models import Workspace

PLAIN = "regexp_replace(normalize({0}, NFD), '[\u0300-\u036f]', '', 'g')"  # without accents
APART = r"regexp_replace({0}, '[\x01-/:-@\[-`{{-\x7f]+', ' ', 'g')"  # addresses and the like as their words


def schema(indexed: Indexed) -> tuple[str, ...]:
    """What the migration makes for a table."""
    name, words = indexed.table, APART.format(PLAIN.format(indexed.text("NEW")))
    scope = f"array_to_tsvector(ARRAY['w:' || {indexed.workspace.format('NEW')}])"
    columns = ", ".join((*indexed.columns, "words"))
    return (
        f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS words tsvector",
        f"CREATE OR REPLACE FUNCTION {name}_words() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN NEW.words := strip(to_tsvector('simple', {words})) || {scope}; RETURN NEW; END $$",
        f"CREATE OR REPLACE TRIGGER {name}_words BEFORE INSERT OR UPDATE OF {columns} ON {name}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}_words()",
        f"UPDATE {name} SET words = NULL",
        f"CREATE INDEX IF NOT EXISTS {name}_words ON {name} USING gin (words)",
        f"CREATE INDEX IF NOT EXISTS {name}_newest ON {name} ({indexed.newest} DESC)",
    )


SCHEMA = tuple(statement for indexed in TABLES for statement in schema(indexed))


def find(indexed: Indexed, workspace: Workspace, words: Sequence[str], limit: int) -> list[Any]:
    """The keys of rows that have all of these words, or words that begin so; the newest first."""
    asked = " & ".join(
        [f"'w:{workspace.pk}'", *(f"'{word}':*" if len(word) >= BEGUN else f"'{word}'" for word in words)]
    )
    table, newest = indexed.table, indexed.newest
    query = f"SELECT id FROM {table} WHERE words @@ %s::tsquery ORDER BY {newest} DESC LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(query, [asked, limit])
        return [row[0] for row in cursor.fetchall()]
