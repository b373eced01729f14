"""Celery's entry points of e-mail and messengers."""

from __future__ import annotations

from uuid import UUID

from supportbot.celery import app
from supportbot.channels import outbox, receiving
from supportbot.channels.messengers import outbox as posts
from supportbot.channels.messengers import receiving as arrivals
from supportbot.channels.models import Arrival, ReceivedMail


@app.task(expires=60)
def poll(mailbox_id: int) -> None:
    """Read a mailbox."""
    receiving.poll(mailbox_id)


@app.task
def send(conversation_id: str) -> None:
    """Send the mails that wait in a conversation."""
    outbox.send(UUID(conversation_id))


@app.task
def receive(thread_id: int) -> None:
    """Take in what came in a chat of a messenger."""
    arrivals.receive(thread_id)


@app.task
def post(conversation_id: str) -> None:
    """Send to a messenger what waits in a conversation."""
    posts.send(UUID(conversation_id))


@app.task
def sweep() -> None:
    """Have every mailbox read in its time, what was missed or failed done, and what is old forgotten."""
    for mailbox_id in receiving.due():
        poll.delay(mailbox_id)
    for conversation_id in outbox.due():
        outbox.queue(conversation_id)
    for thread_id in arrivals.due():
        arrivals.queue(thread_id)
    for conversation_id in posts.due():
        posts.queue(conversation_id)
    ReceivedMail.forget_old()
    Arrival.forget_old()
