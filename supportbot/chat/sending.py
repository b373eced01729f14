"""What an agent writes, on its way from a draft to a message: kept, held back for a moment, sent, or given back.

A message that is held back is the server's: it is sent when its time comes, whoever still looks on, or it becomes the
draft again. It is never both, because either happens under the conversation's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat import events, mail, suggested, transcript
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.doers import Doer, person
from supportbot.chat.events import Frame
from supportbot.chat.models import AgentDraft, Attachment, Conversation, HeldMessage, Message
from supportbot.chat.refusals import NotYours, Refused
from supportbot.chat.variables import names_in
from supportbot.workspaces.models import User

log = structlog.get_logger(__name__)
UNDO = timedelta(seconds=5)
UNDONE = "undone"
TOLD_AGAIN = 20  # messages that could not be sent, to a window that comes back
DRAFT_LIMIT = 12_000
Kind = AgentDraft.Kind


def post_at_once(
    conversation: Conversation, body: str, client_id: UUID, agent: User, files: Sequence[UUID] = ()
) -> Message:
    """Send a message after those that are held back; one that was taken back stays so."""
    demand_turn(conversation, agent)
    deliver_now(conversation, agent)
    if sent := conversation.messages.filter(client_id=client_id).first():
        return sent
    if _held(conversation, agent).filter(client_id=client_id).exists():
        raise Refused("undone", "You have taken this message back. It is your draft again.")
    chosen = attachments.chosen(_uploader(conversation, agent), files)
    return _post(conversation, body, client_id, agent, chosen)


@transaction.atomic
def hold_message(
    *, conversation_id: UUID, body: str, client_id: UUID, agent: User, files: Sequence[UUID] = ()
) -> Message | HeldMessage:
    """Send what the agent wrote in a moment, and no longer keep it as the draft; a resend finds what became of it."""
    conversation = transcript.locked(conversation_id)
    if earlier := conversation.messages.filter(client_id=client_id).first():
        return earlier
    if known := _held(conversation, agent).filter(client_id=client_id).first():
        return known
    body = transcript.clean(body, may_be_empty=bool(files))
    demand_turn(conversation, agent)
    _demand_filled(body)
    chosen = attachments.chosen(_uploader(conversation, agent), files)
    held = HeldMessage.objects.create(
        conversation=conversation, user=agent, client_id=client_id, body=body, due_at=timezone.now() + UNDO
    )
    attachments.put_into(chosen, held=held)
    if chosen:
        attachments.tell_unsent(_uploader(conversation, agent))
    if draft_of(conversation, agent).strip() == body:
        _keep(conversation, agent, Kind.REPLY, "")
    _tell(conversation, agent, held_frame(conversation, agent))
    transaction.on_commit(lambda: _queue_delivery(conversation_id))
    return held


@transaction.atomic
def take_back(*, conversation_id: UUID, client_id: UUID, agent: User) -> Frame:
    """Make a message that is held back the draft again, and say so; one that has been sent stays sent."""
    conversation = transcript.locked(conversation_id)
    held = _held(conversation, agent).filter(client_id=client_id).first()
    if held is None:
        raise Refused("too_late", "This message has been sent already.")
    return _give_back(conversation, held, UNDONE) if held.due_at else answer(held)


def due() -> list[UUID]:
    """The conversations in which something has been held back long enough."""
    waiting = HeldMessage.objects.filter(due_at__lte=timezone.now())
    return list(waiting.values_list("conversation_id", flat=True).distinct()[:500])


@transaction.atomic
def deliver(conversation_id: UUID) -> None:
    """Send what is due in a conversation; what its agent may no longer say there is given back."""
    conversation = transcript.locked(conversation_id)
    waiting = HeldMessage.objects.filter(conversation=conversation, due_at__lte=timezone.now())
    for held in waiting.select_related("user").order_by("due_at"):
        _settle(conversation, held)


def deliver_now(conversation: Conversation, agent: Doer) -> None:
    """What the agent has just sent goes out before the conversation leaves their hands, under its lock.

    Where a rule takes it out of them, that is what the assignee has sent.
    """
    sender = person(agent) or conversation.assignee
    for held in _waiting(conversation, sender) if sender else ():
        _settle(conversation, held)


@transaction.atomic
def save_draft(*, conversation: Conversation, agent: User, kind: str, body: str, client_id: UUID) -> None:
    """Keep what the agent has written so far, and show it in the agent's other windows."""
    if kind not in Kind.values:
        raise Refused("bad_frame", f"A draft is one of: {', '.join(Kind.values)}.")
    if len(body) > DRAFT_LIMIT:
        raise Refused("too_long", f"A draft may have {DRAFT_LIMIT:,} characters; this one has {len(body):,}.")
    _keep(conversation, agent, kind, body.replace("\x00", ""), client_id)


def draft_of(conversation: Conversation, agent: User, kind: str = Kind.REPLY) -> str:
    """What the agent has written there and not sent."""
    found = AgentDraft.objects.filter(conversation=conversation, user=agent, kind=kind)
    return found.values_list("body", flat=True).first() or ""


def own_frames(conversation: Conversation, agent: User) -> list[Frame]:
    """What only this agent sees of a conversation: what could not be sent, the drafts, and what is held back.

    A window that was away hears so of what came back meanwhile; to the others it is nothing new.
    """
    refused = _held(conversation, agent).filter(due_at=None).exclude(reason="").order_by("-id")[:TOLD_AGAIN]
    drafts = [events.draft_frame(conversation.id, kind, draft_of(conversation, agent, kind)) for kind in Kind.values]
    unsent = attachments.unsent_frame(_uploader(conversation, agent))
    return [*(answer(held) for held in refused), *drafts, unsent, held_frame(conversation, agent)]


def held_frame(conversation: Conversation, agent: User) -> Frame:
    """`held`: everything of the agent that waits there."""
    return events.held_frame(conversation.id, _waiting(conversation, agent))


def answer(held: HeldMessage) -> Frame:
    """What became of a message that was to be held back: it waits, or it was taken back."""
    if held.due_at:
        return held_frame(held.conversation, held.user)
    return events.returned_frame(held, held.reason or UNDONE, held.body, draft_of(held.conversation, held.user))


def demand_turn(conversation: Conversation, agent: User) -> None:
    """Refuse whoever does not have the turn."""
    if conversation.assignee_id != agent.id or conversation.handler != Conversation.Handler.AGENT:
        raise NotYours


def _post(conversation: Conversation, body: str, client_id: UUID, agent: User, files: Sequence[Attachment]) -> Message:
    demand_turn(conversation, agent)
    _demand_filled(body)
    message = transcript.append(
        conversation, author=Message.Author.AGENT, body=body, files=files, client_id=client_id, user=agent
    )
    if files:
        attachments.tell_unsent(_uploader(conversation, agent))
    if conversation.handed_off_at and conversation.response_s is None:
        conversation.response_s = (message.created_at - conversation.handed_off_at).total_seconds()
    conversation.waiting_since = None
    conversation.read_seq = message.seq
    mail.prepare(message)
    suggested.follow_up(message, agent)
    transcript.save(conversation, message)
    return message


def _settle(conversation: Conversation, held: HeldMessage) -> None:
    try:
        if not conversation.messages.filter(client_id=held.client_id).exists():
            _post(conversation, held.body, held.client_id, held.user, list(held.attachments.all()))
        held.delete()
    except Refused as refusal:
        _give_back(conversation, held, refusal.code)


def _give_back(conversation: Conversation, held: HeldMessage, reason: str) -> Frame:
    """Put it before what has been written since."""
    body, held.due_at = held.body, None
    if reason == UNDONE:
        held.body = ""
    else:
        held.reason = reason
    held.save()
    draft = "\n\n".join(part for part in (body, draft_of(conversation, held.user)) if part)
    AgentDraft.objects.update_or_create(
        conversation=conversation, user=held.user, kind=Kind.REPLY, defaults={"body": draft}
    )
    if held.attachments.update(held=None):
        attachments.tell_unsent(_uploader(conversation, held.user))
    frame = events.returned_frame(held, reason, body, draft)
    _tell(conversation, held.user, frame)
    return frame


def _keep(conversation: Conversation, agent: User, kind: str, body: str, client_id: UUID | None = None) -> None:
    if body:
        AgentDraft.objects.update_or_create(conversation=conversation, user=agent, kind=kind, defaults={"body": body})
    else:
        AgentDraft.objects.filter(conversation=conversation, user=agent, kind=kind).delete()
    _tell(conversation, agent, events.draft_frame(conversation.id, kind, body, client_id))


def _held(conversation: Conversation, agent: User) -> QuerySet[HeldMessage]:
    return HeldMessage.objects.filter(conversation=conversation, user=agent).select_related("conversation", "user")


def _waiting(conversation: Conversation, agent: User) -> QuerySet[HeldMessage]:
    return _held(conversation, agent).filter(due_at__isnull=False).order_by("due_at")


def _uploader(conversation: Conversation, agent: User) -> Uploader:
    return Uploader(conversation.workspace, user=agent, conversation=conversation)


def _tell(conversation: Conversation, agent: User, frame: Frame) -> None:
    """Tell the agent's own windows, on commit."""
    group = events.agent_group(conversation.workspace_id, agent.id)
    transaction.on_commit(lambda: events.publish(group, frame))


def _demand_filled(body: str) -> None:
    """Refuse a text in which a variable is still to be filled in."""
    if names := names_in(body):
        raise Refused("unfilled", f"Fill in {{{{{names[0]}}}}} before you send this.")


def _queue_delivery(conversation_id: UUID) -> None:
    """Have it sent in time; without a queue the sweep sends it a little later."""
    try:
        app.send_task("supportbot.chat.tasks.deliver", [str(conversation_id)], countdown=UNDO.total_seconds())
    except Exception as error:
        log.warning("delivery not queued", conversation=str(conversation_id), error=repr(error))
