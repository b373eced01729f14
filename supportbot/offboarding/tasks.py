"""Celery's entry points. Rules live in `exporting` and `deleting`."""

from __future__ import annotations

from supportbot.celery import app
from supportbot.offboarding import deleting, exporting


@app.task
def write_export(export_id: int) -> None:
    """Write the export of a workspace, or what is left of it."""
    exporting.run(export_id)


@app.task
def delete_workspace(deletion_id: str) -> None:
    """Delete a workspace whose time has come, or what is left of it."""
    deleting.run(deletion_id)


@app.task
def sweep() -> None:
    """See to exports and deletions that are due or were left, and to archives whose time is over."""
    exporting.sweep()
    deleting.sweep()
