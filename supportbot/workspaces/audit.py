"""What keeps the audit log as it was written: triggers of the database that refuse a change, whoever asks for it.

Only the actor may be forgotten, with the user's row, and all of it with its workspace, while that is deleted
(`Deletion`). Whoever owns the database can take the triggers away.
"""

from __future__ import annotations

from django.db import connection

TABLE = "workspaces_auditentry"
WORDS = "The audit log can only be added to."
GOING = (
    "EXISTS (SELECT 1 FROM workspaces_deletion WHERE workspace_number = OLD.workspace_id"
    " AND begun_at IS NOT NULL AND done_at IS NULL)"
)
KEPT = ("id", "workspace_id", "action", "target", "details", "created_at")


def postgres(is_there: bool) -> list[str]:
    """What the migration does, or undoes."""
    if not is_there:
        return [*(f"DROP TRIGGER {_name(event)} ON {TABLE}" for event in EVENTS), "DROP FUNCTION audit_kept()"]
    return [
        function(lets_go=False),
        *(f"CREATE TRIGGER {_when(event)} EXECUTE FUNCTION audit_kept()" for event in EVENTS),
    ]


def function(*, lets_go: bool) -> str:
    """What PostgreSQL's triggers do: refuse, or let the entries of a workspace go that is being deleted."""
    going = f"IF TG_OP = 'DELETE' AND {GOING} THEN RETURN OLD; END IF; " if lets_go else ""
    body = f"BEGIN {going}RAISE EXCEPTION '{WORDS}'; END"
    return f"CREATE OR REPLACE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"


def on_sqlite(event: str) -> str:
    """The trigger of UPDATE or DELETE."""
    unless = f" WHERE NOT {GOING}" if event == "DELETE" else ""
    return f"CREATE TRIGGER IF NOT EXISTS {_when(event)} BEGIN SELECT RAISE(ABORT, '{WORDS}'){unless}; END"


def install_on_sqlite() -> None:
    """Make the triggers; after each `migrate`."""
    with connection.cursor() as cursor:
        if TABLE in connection.introspection.table_names(cursor):
            for event in EVENTS:
                cursor.execute(on_sqlite(event))


def suspend_on_sqlite() -> None:
    """Drop them; before each `migrate`, for SQLite copies and drops a table that it alters."""
    with connection.cursor() as cursor:
        for event in EVENTS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {_name(event)}")


def _name(event: str) -> str:
    return f"audit_kept_{event.lower()}"


def _when(event: str) -> str:
    return f"{_name(event)} BEFORE {event} ON {TABLE} FOR EACH ROW {EVENTS[event]}"


def _unlike(column: str) -> str:
    """Both databases' words for a value that differs, where NULL is one."""
    return f"(NEW.{column} <> OLD.{column} OR (NEW.{column} IS NULL) <> (OLD.{column} IS NULL))"


EVENTS = {"DELETE": "", "UPDATE": f"WHEN (NEW.actor_id IS NOT NULL OR {' OR '.join(map(_unlike, KEPT))})"}
