"""Writes down what webhooks have to tell, in the transaction in which it happens, so that none is lost."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from supportbot.api.webhooks import queue
from supportbot.api.webhooks.models import TEST, Delivery, Endpoint
from supportbot.api.webhooks.payloads import payload
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.models import Contact, Conversation
from supportbot.workspaces.models import Workspace


def write(event: Event, subject: Subject, **_: Any) -> None:
    """A delivery for each address that wants to hear of it."""
    workspace, conversation = _place(subject)
    active = Endpoint.objects.in_workspace(workspace).filter(is_active=True)
    wanted = [endpoint for endpoint in active if event in endpoint.events]
    if not wanted:
        return
    told = payload(workspace, event, subject)
    for endpoint in wanted:
        Delivery.objects.create(
            workspace=workspace, endpoint=endpoint, conversation=conversation, event=event, payload=told
        )
        queue.soon(endpoint.pk)


@transaction.atomic
def test(endpoint: Endpoint) -> Delivery:
    """Have an address told that it is tried out."""
    told = payload(endpoint.workspace, TEST, None)
    made = Delivery.objects.create(workspace=endpoint.workspace, endpoint=endpoint, event=TEST, payload=told)
    queue.soon(endpoint.pk)
    return made


@transaction.atomic
def replay(delivery: Delivery) -> Delivery:
    """Send an event once more, under a new id, so that the other side takes it."""
    same = ("workspace", "endpoint", "conversation", "event", "payload")
    made = Delivery.objects.create(**{name: getattr(delivery, name) for name in same})
    queue.soon(delivery.endpoint_id)
    return made


def _place(subject: Subject) -> tuple[Workspace, Conversation | None]:
    if isinstance(subject, Conversation):
        return subject.workspace, subject
    if isinstance(subject, Contact):
        return subject.workspace, None
    return subject.conversation.workspace, subject.conversation
