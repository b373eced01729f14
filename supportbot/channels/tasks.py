"""Celery's entry points of e-mail."""

from __future__ import annotations

from uuid import UUID

from supportbot.celery import app
from supportbot.channels import outbox, receiving
from supportbot.channels.models import ReceivedMail


@app.task(expires=60)
def poll(mailbox_id: int) -> None:
    """Read a mailbox."""
    receiving.poll(mailbox_id)


@app.task
def send(conversation_id: str) -> None:
    """Send what waits in a conversation."""
    outbox.send(UUID(conversation_id))


@app.task
def sweep() -> None:
    """Have every mailbox read in its time, what was missed or failed sent, and what is old forgotten."""
    for mailbox_id in receiving.due():
        poll.delay(mailbox_id)
    for conversation_id in outbox.due():
        outbox.queue(conversation_id)
    ReceivedMail.forget_old()
