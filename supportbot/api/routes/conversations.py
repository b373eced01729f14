"""Conversations: what is said in them, and how agents keep them in order. Every rule is the chat's."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from ninja import Query, Router, Schema
from pydantic import Field

from supportbot.actions.models import ActionCall
from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Id, Page, Word, page
from supportbot.api.problems import nothing
from supportbot.api.schemas import (
    ActionCallOut,
    ConversationOut,
    In,
    MessageOut,
    Moment,
    OneOf,
    RatingOut,
    RemarkOut,
)
from supportbot.api.told import fetched
from supportbot.chat import merging, notes, organising, services
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.joining import current
from supportbot.chat.models import Conversation, Message, Rating, Remark

router = Router(tags=["Conversations"])
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]
READ, WRITE = needs(Scope.CONVERSATIONS_READ), needs(Scope.CONVERSATIONS_WRITE)


class Wanted(Schema):
    """Which conversations are wanted; what is empty is not asked for."""

    channel: Annotated[str, OneOf(Conversation.Channel)] | None = None
    status: Annotated[str, OneOf(Conversation.Status)] | None = None
    handler: Annotated[str, OneOf(Conversation.Handler)] | None = None
    priority: Annotated[str, OneOf(Conversation.Priority)] | None = None
    assignee: Id | None = Field(None, description="The agent's id")
    team: Id | None = None
    label: Id | None = None
    contact: Id | None = None
    category: str | None = Field(None, max_length=40)
    spam: bool = False
    created_after: Moment | None = None
    active_after: Moment | None = Field(None, description="Something was said since then")

    def condition(self) -> Q:
        """As a query."""
        named = {"label": "labels", "created_after": "created_at__gt", "active_after": "active_at__gt"}
        asked = self.model_dump(exclude={"spam"}, exclude_none=True)
        return Q(is_spam=self.spam, **{named.get(name, name): value for name, value in asked.items()})


class PostedMessage(In):
    """What an agent says."""

    body: str = Field(min_length=1, max_length=BODY_LIMIT)


class PostedNote(PostedMessage):
    """What agents tell each other."""

    mentions: list[Id] = Field([], max_length=notes.MOST_MENTIONS, description="Agents who are called to it")


class Assigned(In):
    """Who has the turn."""

    agent: Id | None = Field(description="Null is the queue")


class Routed(In):
    """Which team looks after it."""

    team: Id | None


class Prioritised(In):
    """How urgent it is."""

    priority: Annotated[str, OneOf(Conversation.Priority)]


class Snoozed(In):
    """Until when it is out of the way."""

    until: Moment


class Merged(In):
    """The other conversation."""

    other: UUID


class Spam(In):
    """Whether it lies among the spam."""

    spam: bool


class Blocked(In):
    """Whether what its contact writes is refused."""

    blocked: bool


def conversations(call: Call) -> QuerySet[Conversation]:
    """Those that the key reaches."""
    rows = Conversation.objects.in_workspace(call.auth.workspace)
    return fetched(rows)


def reach(call: Call, conversation_id: UUID) -> dict[str, Any]:
    """The arguments of a use case: the conversation, if the key reaches it, and who acts."""
    return {"conversation_id": again(call, conversation_id).id, "agent": call.auth.user}


def again(call: Call, conversation_id: UUID) -> Conversation:
    """What has become of it, also under the id of one that was merged into it."""
    if (found := current(conversations(call), conversation_id)) is None:
        raise nothing("conversation")
    return found


@router.get("/conversations", response=Page[ConversationOut], operation_id="list_conversations", **READ)
def list_conversations(request: Call, at: At, wanted: Query[Wanted]) -> dict[str, Any]:
    """The conversations of the workspace, those in which something was said last first."""
    return page(conversations(request).filter(wanted.condition()), "-active_at", at)


@router.get("/conversations/{conversation_id}", response=ConversationOut, operation_id="get_conversation", **READ)
def get_conversation(request: Call, conversation_id: UUID) -> Conversation:
    """One conversation."""
    return again(request, conversation_id)


@router.get(
    "/conversations/{conversation_id}/messages", response=Page[MessageOut], operation_id="list_messages", **READ
)
def list_messages(
    request: Call, conversation_id: UUID, at: At, after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
) -> Any:
    """What was said, in order; `after` leaves out what is known already."""
    rows = again(request, conversation_id).messages.filter(seq__gt=after)
    return page(fetched(rows), "seq", at)


@router.post(
    "/conversations/{conversation_id}/messages", response={201: MessageOut}, operation_id="post_message", **WRITE
)
def post_message(request: Call, conversation_id: UUID, posted: PostedMessage) -> Message:
    """Say something as the key's agent, who takes the conversation over unless another agent has it."""
    where = reach(request, conversation_id)
    with transaction.atomic():
        services.take(**where)
        return services.post_message(**where, body=posted.body, client_id=uuid4())


@router.get("/conversations/{conversation_id}/notes", response=Page[RemarkOut], operation_id="list_notes", **READ)
def list_notes(request: Call, conversation_id: UUID, at: At) -> dict[str, Any]:
    """What only agents see: private notes, and what somebody did."""
    rows = again(request, conversation_id).remarks.all()
    return page(fetched(rows), "number", at)


@router.post("/conversations/{conversation_id}/notes", response={201: RemarkOut}, operation_id="post_note", **WRITE)
def post_note(request: Call, conversation_id: UUID, posted: PostedNote) -> Remark:
    """Write a private note, which the customer never sees."""
    where = reach(request, conversation_id)
    return notes.post_note(**where, body=posted.body, client_id=uuid4(), mentions=posted.mentions)


@router.put("/conversations/{conversation_id}/assignee", response=ConversationOut, operation_id="assign", **WRITE)
def assign(request: Call, conversation_id: UUID, wanted: Assigned) -> Conversation:
    """Give the turn to an agent, whoever has it now, or to the queue."""
    organising.assign(**reach(request, conversation_id), to_id=wanted.agent)
    return again(request, conversation_id)


@router.put("/conversations/{conversation_id}/team", response=ConversationOut, operation_id="route", **WRITE)
def route(request: Call, conversation_id: UUID, wanted: Routed) -> Conversation:
    """Assign it to a team; what the assistant had goes to people with it."""
    organising.route(**reach(request, conversation_id), team_id=wanted.team)
    return again(request, conversation_id)


@router.put("/conversations/{conversation_id}/priority", response=ConversationOut, operation_id="prioritise", **WRITE)
def prioritise(request: Call, conversation_id: UUID, wanted: Prioritised) -> Conversation:
    """Set the priority."""
    organising.prioritise(**reach(request, conversation_id), priority=wanted.priority)
    return again(request, conversation_id)


@router.put(
    "/conversations/{conversation_id}/labels/{label_id}", response=ConversationOut, operation_id="add_label", **WRITE
)
def add_label(request: Call, conversation_id: UUID, label_id: Id) -> Conversation:
    """Put a label on it."""
    organising.label(**reach(request, conversation_id), label_id=label_id, on=True)
    return again(request, conversation_id)


@router.delete(
    "/conversations/{conversation_id}/labels/{label_id}", response=ConversationOut, operation_id="remove_label", **WRITE
)
def remove_label(request: Call, conversation_id: UUID, label_id: Id) -> Conversation:
    """Take a label off it."""
    organising.label(**reach(request, conversation_id), label_id=label_id, on=False)
    return again(request, conversation_id)


@router.put("/conversations/{conversation_id}/snooze", response=ConversationOut, operation_id="snooze", **WRITE)
def snooze(request: Call, conversation_id: UUID, wanted: Snoozed) -> Conversation:
    """Put it out of the way until a time, or until the customer writes."""
    organising.snooze(**reach(request, conversation_id), until=wanted.until)
    return again(request, conversation_id)


@router.delete("/conversations/{conversation_id}/snooze", response=ConversationOut, operation_id="wake", **WRITE)
def wake(request: Call, conversation_id: UUID) -> Conversation:
    """End the snooze before its time."""
    organising.wake(**reach(request, conversation_id))
    return again(request, conversation_id)


@router.post("/conversations/{conversation_id}/resolve", response=ConversationOut, operation_id="resolve", **WRITE)
def resolve(request: Call, conversation_id: UUID) -> Conversation:
    """Close it; what the customer writes next begins anew with the assistant."""
    services.resolve(**reach(request, conversation_id))
    return again(request, conversation_id)


@router.post("/conversations/{conversation_id}/reopen", response=ConversationOut, operation_id="reopen", **WRITE)
def reopen(request: Call, conversation_id: UUID) -> Conversation:
    """What was resolved waits for people again."""
    organising.reopen(**reach(request, conversation_id))
    return again(request, conversation_id)


@router.post("/conversations/{conversation_id}/merge", response=ConversationOut, operation_id="merge", **WRITE)
def merge(request: Call, conversation_id: UUID, wanted: Merged) -> Conversation:
    """Make one of two, under an id of its own to which both old ones lead. It can't be undone."""
    made = merging.merge(**reach(request, conversation_id), other_id=wanted.other)
    return again(request, made.id)


@router.put("/conversations/{conversation_id}/spam", response=ConversationOut, operation_id="mark_spam", **WRITE)
def mark_spam(request: Call, conversation_id: UUID, wanted: Spam) -> Conversation:
    """Put it among the spam, or take it out."""
    organising.mark_spam(**reach(request, conversation_id), on=wanted.spam)
    return again(request, conversation_id)


@router.put("/conversations/{conversation_id}/block", response=ConversationOut, operation_id="block", **WRITE)
def block(request: Call, conversation_id: UUID, wanted: Blocked) -> Conversation:
    """Refuse from now on what its contact writes, in all conversations; or no longer."""
    organising.block(**reach(request, conversation_id), on=wanted.blocked)
    return again(request, conversation_id)


@router.get("/ratings", response=Page[RatingOut], operation_id="list_ratings", **READ)
def list_ratings(request: Call, at: At) -> dict[str, Any]:
    """What customers think, the newest first."""
    return page(Rating.objects.in_workspace(request.auth.workspace), "-created_at", at)


@router.get("/action-calls", response=Page[ActionCallOut], operation_id="list_action_calls", **READ)
def list_action_calls(request: Call, at: At, conversation: UUID | None = None, action: Word = "") -> dict[str, Any]:
    """What customers and agents wanted to have done, the newest first."""
    rows = fetched(ActionCall.objects.in_workspace(request.auth.workspace))
    asked = {"conversation": conversation, "action": action}
    return page(rows.filter(**{name: value for name, value in asked.items() if value}), "-created_at", at)
