"""Contacts: what is known of them, all that they said, and their right to be forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from ninja import Router, Schema
from pydantic import Field

from supportbot.actions.models import ActionCall, Task
from supportbot.analytics.datasets.forgetting import rows_of
from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Email, Id, Page, one, page
from supportbot.api.schemas import ActionCallOut, ContactOut, ConversationOut, In, MessageOut, RatingOut
from supportbot.api.schemas_of_tasks import TaskOut
from supportbot.api.told import fetched
from supportbot.channels.models import Thread
from supportbot.chat import erasing, profile
from supportbot.chat.models import Contact, Conversation, Message, Rating, SuggestionUse
from supportbot.chat.refusals import Refused

router = Router(tags=["Contacts"])
READ, WRITE = needs(Scope.CONTACTS_READ), needs(Scope.CONTACTS_WRITE)


class Described(In):
    """What shall be known of a contact; what is left out stays. An attribute that is null is taken away."""

    name: str | None = Field(None, max_length=profile.NAME_LIMIT)
    email: str | None = Field(None, max_length=254)
    attributes: dict[str, str | float | bool | None] | None = None


class ChatOut(Schema):
    """Where the contact wrote in a messenger."""

    messenger: str = Field(alias="messenger.kind", description="telegram, whatsapp or slack")
    address: str = Field(description="Of the chat there: a number, or an id")
    conversation: UUID = Field(alias="conversation_id")


class RowsOut(Schema):
    """The contact's rows of one dataset, by its headings; 1,000 at most."""

    dataset: str
    rows: list[dict[str, str]]


class ProposalOut(Schema):
    """What the assistant proposed to an agent about a conversation: a summary, say."""

    conversation_id: UUID
    kind: str
    text: str
    created_at: datetime


class Export(Schema):
    """All that is kept of a contact."""

    contact: ContactOut
    conversations: list[ConversationOut]
    messages: list[MessageOut]
    ratings: list[RatingOut]
    action_calls: list[ActionCallOut]
    tasks: list[TaskOut]
    chats: list[ChatOut]
    datasets: list[RowsOut] = Field(description="Rows of uploaded datasets by the address that the shop vouches for")
    proposals: list[ProposalOut]


def contacts(call: Call) -> QuerySet[Contact]:
    """Those that the key reaches."""
    return Contact.objects.in_workspace(call.auth.workspace)


@router.get("/contacts", response=Page[ContactOut], operation_id="list_contacts", **READ)
def list_contacts(
    request: Call,
    at: At,
    email: Email = "",
    external_id: Annotated[str, Field(max_length=128)] = "",
) -> dict[str, Any]:
    """The contacts of the workspace, the newest first."""
    asked = {"email__iexact": email, "external_id": external_id}
    rows = contacts(request).filter(**{name: value for name, value in asked.items() if value})
    return page(rows, "-created_at", at)


@router.get("/contacts/{contact_id}", response=ContactOut, operation_id="get_contact", **READ)
def get_contact(request: Call, contact_id: Id) -> Contact:
    """One contact."""
    return one(contacts(request), "contact", id=contact_id)


@router.patch("/contacts/{contact_id}", response=ContactOut, operation_id="describe_contact", **WRITE)
def describe_contact(request: Call, contact_id: Id, said: Described) -> Contact:
    """Say more of a contact: name, e-mail address, attributes."""
    contact = one(contacts(request), "contact", id=contact_id)
    if contact.is_verified and (said.name is not None or said.email is not None):
        words = "Your site vouches for this contact's name and e-mail address: send them with its next sign-in."
        raise Refused("forbidden", words)
    about, refusals = profile.read(request.auth.workspace, said.model_dump(exclude_none=True))
    if refusals:
        raise refusals[0]
    return profile.describe(contact.pk, about)


@router.delete("/contacts/{contact_id}", response={204: None}, operation_id="erase_contact", **WRITE)
def erase_contact(request: Call, contact_id: Id) -> None:
    """Delete a contact with all conversations, for good; the audit log keeps that it was done."""
    erasing.erase_contact(one(contacts(request), "contact", id=contact_id), by=request.auth.user)


@router.get("/contacts/{contact_id}/export", response=Export, operation_id="export_contact", **READ)
def export_contact(request: Call, contact_id: Id) -> dict[str, Any]:
    """All that is kept of a contact, as the law lets it ask for."""
    contact = one(contacts(request), "contact", id=contact_id)
    theirs = Conversation.objects.in_workspace(request.auth.workspace).filter(contact=contact)
    of_these: dict[str, Any] = {"conversation__in": theirs}
    return {
        "contact": contact,
        "conversations": fetched(theirs),
        "messages": fetched(Message.objects.filter(**of_these)).order_by("created_at", "seq"),
        "ratings": fetched(Rating.objects.filter(**of_these)),
        "action_calls": fetched(ActionCall.objects.filter(**of_these)),
        "tasks": fetched(Task.objects.filter(**of_these)).order_by("pk"),
        "chats": Thread.objects.filter(**of_these).select_related("messenger"),
        "datasets": rows_of(contact),
        "proposals": SuggestionUse.objects.filter(**of_these).order_by("pk"),
    }
