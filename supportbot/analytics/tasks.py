"""Celery's entry points. Rules live in `rollup`."""

from __future__ import annotations

from supportbot.analytics import rollup
from supportbot.celery import app


@app.task
def roll_up() -> None:
    """Bring cases and daily sums up to date."""
    rollup.roll_up()
