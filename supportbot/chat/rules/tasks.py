"""Celery's entry points of rules."""

from __future__ import annotations

from uuid import UUID

from supportbot.celery import app
from supportbot.chat.models import RuleRun
from supportbot.chat.rules import raising, running


@app.task
def run(conversation_id: str) -> None:
    """Do what waits in a conversation."""
    running.run(UUID(conversation_id))


@app.task
def sweep() -> None:
    """Start what time has brought, queue again what was missed, and forget what is old."""
    raising.start_due()
    for conversation_id in raising.due_runs():
        raising.queue(conversation_id)
    RuleRun.forget_old()
