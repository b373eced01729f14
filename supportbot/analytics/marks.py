"""Triggers that mark a conversation whenever a row of it changes, whoever writes and however: the mark commits with the
change, so none is missed. Marks are only ever added and deleted, so nobody waits for another's."""

from __future__ import annotations

from django.db import connection

OF_MESSAGE = "SELECT conversation_id FROM chat_message WHERE id = {row}.message_id"
OWN = "SELECT {row}.conversation_id"
TABLES = {
    "chat_conversation": "SELECT {row}.id",
    "chat_message": OWN,
    "chat_milestone": OWN,
    "chat_rating": OWN,
    "chat_generation": OF_MESSAGE,
}
EVENTS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}


def postgres(is_there: bool) -> list[str]:
    """What the migration does, or undoes."""
    pairs = [(table, event) for table in TABLES for event in EVENTS]
    return [statement for pair in pairs for statement in (_made(*pair) if is_there else _gone(*pair))]


def install_on_sqlite() -> None:
    """Make the triggers; after each `migrate`."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for table in there & set(TABLES) if "analytics_mark" in there else ():
            for event in EVENTS:
                mark = f"BEGIN {_mark(table, event)} END"
                cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {_name(table, event)} {_when(table, event)} {mark}")


def suspend_on_sqlite() -> None:
    """Drop them; before each `migrate`, for SQLite makes an altered table anew and would miss it in them."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for event in EVENTS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, event)}")


def _name(table: str, event: str) -> str:
    return f"mark_{table}_{event}"


def _when(table: str, event: str) -> str:
    return f"AFTER {event.upper()} ON {table} FOR EACH ROW"


def _mark(table: str, event: str) -> str:
    found = " UNION ".join(TABLES[table].format(row=row) for row in EVENTS[event])
    return f"INSERT INTO analytics_mark(conversation_id) {found};"


def _made(table: str, event: str) -> list[str]:
    name, body = _name(table, event), f"BEGIN {_mark(table, event)} RETURN NULL; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
        f"CREATE TRIGGER {name} {_when(table, event)} EXECUTE FUNCTION {name}()",
    ]


def _gone(table: str, event: str) -> list[str]:
    name = _name(table, event)
    return [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]
