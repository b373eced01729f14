"""Celery's entry points. Rules live in `metering`, `telling` and `closing`."""

from __future__ import annotations

from supportbot.billing import closing, metering, telling
from supportbot.celery import app


@app.task
def sweep() -> None:
    """Count what was used, tell who has to know, and bill what is over."""
    telling.look_at(metering.count())
    telling.send()
    closing.close_periods()
