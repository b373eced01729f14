"""What webhooks tell: each event's subject, as the API tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from ninja import Schema
from pydantic import Field

from supportbot.api.schemas import ConversationOut, MessageOut, RatingOut
from supportbot.api.webhooks.models import TEST
from supportbot.chat.announcements import Event, Subject
from supportbot.workspaces.models import Workspace


class Envelope(Schema):
    """One event."""

    type: str
    timestamp: datetime = Field(description="When it happened")
    workspace: str = Field(description="Its slug")
    data: Any


class OfConversation(Schema):
    """What a conversation has become."""

    conversation: ConversationOut


class OfMessage(Schema):
    """What was said."""

    message: MessageOut


class OfRating(Schema):
    """What the customer thinks."""

    rating: RatingOut


class ContactId(Schema):
    """All that is left of a contact."""

    id: int


class RuleRan(Schema):
    """A rule that was to tell this, and where it ran."""

    rule: str = Field(alias="rule_name")
    conversation: ConversationOut


class OfRule(Schema):
    """A rule of the workspace ran."""

    run: RuleRan


class OfContact(Schema):
    """Who was erased: forget what you know of them, too."""

    contact: ContactId


class OfTest(Schema):
    """An administrator tries the address out."""

    note: str = "This is a test."


SHAPES: dict[str, type[Schema]] = {
    **{event.value: OfConversation for event in Event if event.value.startswith("conversation.")},
    Event.MESSAGE_CREATED.value: OfMessage,
    Event.RATING_CREATED.value: OfRating,
    Event.CONTACT_ERASED.value: OfContact,
    Event.RULE_RAN.value: OfRule,
    TEST: OfTest,
}


def payload(workspace: Workspace, event: str, subject: Subject | None) -> dict[str, Any]:
    """The body of a delivery; a test has no subject."""
    shape = SHAPES[event]
    names = list(shape.model_fields)
    data = shape.model_validate({names[0]: subject} if subject else {})
    told = Envelope(type=event, timestamp=timezone.now(), workspace=workspace.slug, data=data.model_dump(mode="json"))
    return told.model_dump(mode="json")
