"""The use cases of a conversation, for every surface: each is one transaction, published on commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from supportbot.chat import events, milestones, participants, sending, tasks, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.doers import Doer, may_put_away, person
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Attachment, Contact, Conversation, Message, Milestone
from supportbot.chat.refusals import AlreadyTaken, Closed, NotYours, Refused, TooFast
from supportbot.chat.words import say
from supportbot.workspaces import limits
from supportbot.workspaces.models import AuditEntry, User

NOTE_LIMIT = 500
RATES = ((5, timedelta(seconds=5)), (20, timedelta(minutes=1)))


@transaction.atomic
def post_message(
    *,
    conversation_id: UUID,
    body: str,
    client_id: UUID,
    agent: User | None = None,
    files: Sequence[UUID] = (),
    token_hash: str = "",
) -> Message:
    """Save what a customer, or the agent who has the turn, wrote; a resend gives the first row again.

    `files` are uploads: of the agent, or of the visitor with this token.
    """
    conversation = transcript.locked(conversation_id)
    if earlier := conversation.messages.filter(client_id=client_id).first():
        return earlier
    body = transcript.clean(body, may_be_empty=bool(files))
    if agent:
        return sending.post_at_once(conversation, body, client_id, agent, files)
    uploaded = attachments.chosen(Uploader(conversation.workspace, token_hash), files)
    return _post_by_customer(conversation, body, client_id, uploaded)


@transaction.atomic
def request_agent(*, conversation_id: UUID, client_id: UUID) -> Message:
    """The customer wants a person; asked again, the answer is the hand-off of the first time."""
    conversation = transcript.locked(conversation_id)
    if earlier := conversation.messages.filter(client_id=client_id).first():
        return earlier
    transcript.demand_welcome(conversation)
    if conversation.handler != Conversation.Handler.BOT and (last := conversation.messages.last()):
        return last
    return transcript.hand_off(conversation, reason="asked", client_id=client_id)


@transaction.atomic
def take(*, conversation_id: UUID, agent: User) -> Conversation:
    """The agent takes the turn; of two at the same moment the second is refused."""
    conversation = transcript.locked(conversation_id)
    if conversation.status == Conversation.Status.RESOLVED:
        raise Closed(conversation)
    if conversation.handler == Conversation.Handler.AGENT and conversation.assignee:
        if conversation.assignee == agent:
            return conversation
        raise AlreadyTaken(conversation.assignee.get_short_name())
    transcript.give_to_agent(conversation, agent)
    _note(conversation, agent, "conversation.taken")
    return conversation


@transaction.atomic
def release(*, conversation_id: UUID, agent: User, note: str = "") -> Conversation:
    """The agent gives the turn back to the assistant, with a note for colleagues who come later."""
    conversation = transcript.locked(conversation_id)
    sending.demand_turn(conversation, agent)
    if len(note) > NOTE_LIMIT:
        raise Refused("too_long", f"A note may have {NOTE_LIMIT} characters; this one has {len(note)}.")
    sending.deliver_now(conversation, agent)
    conversation.note = note.replace("\x00", "").strip()
    conversation.give_to_bot()
    milestones.note(conversation, Milestone.Kind.RELEASED, user=agent)
    transcript.say_publicly(conversation, "left", agent)
    _note(conversation, agent, "conversation.released", note=conversation.note)
    return conversation


@transaction.atomic
def resolve(*, conversation_id: UUID, agent: Doer) -> Conversation:
    """Close a conversation that the agent has, or that no other agent has."""
    conversation = transcript.locked(conversation_id)
    if conversation.status == Conversation.Status.RESOLVED:
        return conversation
    if not may_put_away(agent, conversation):
        raise NotYours
    sending.deliver_now(conversation, agent)
    transcript.settle(conversation, Message.Outcome.BY_AGENT)
    transcript.silence_bot(conversation, "taken_over")
    closed = say("closed", conversation.language)
    message = transcript.append(conversation, author=Message.Author.SYSTEM, body=closed)
    conversation.close()
    by = "" if person(agent) else milestones.BY_RULE
    milestones.note(conversation, Milestone.Kind.RESOLVED, by, person(agent))
    transcript.note_activity(conversation, f"{agent.get_short_name()} resolved the conversation", person(agent))
    transcript.save(conversation, message)
    announce(Event.CONVERSATION_RESOLVED, conversation)
    _note(conversation, agent, "conversation.resolved")
    return conversation


@transaction.atomic
def tell(*, conversation_id: UUID, body: str) -> Message:
    """A line of the system for the customer, as a greeting, beside what people and the assistant say."""
    conversation = transcript.locked(conversation_id)
    transcript.demand_welcome(conversation)
    message = transcript.append(conversation, author=Message.Author.SYSTEM, body=body)
    transcript.save(conversation, message)
    return message


@transaction.atomic
def leave_email(*, conversation_id: UUID, email: str) -> Conversation:
    """Keep the address that the customer leaves for an answer; a later one replaces it."""
    conversation = transcript.locked(conversation_id)
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("bad_email", "This is not an e-mail address. Please check it.") from None
    contact = conversation.contact
    is_first = not contact.email
    contact.email = email
    Contact.objects.filter(id=contact.id).update(email=email)
    if is_first:
        thanks = say("email_goes", conversation.language)
        transcript.save(conversation, transcript.append(conversation, author=Message.Author.SYSTEM, body=thanks))
    else:
        transcript.save(conversation)
    return conversation


def mark_received(*, conversation_id: UUID, seq: int) -> None:
    """A browser of the customer has the conversation up to here."""
    rows = Conversation.objects.filter(id=conversation_id, received_seq__lt=seq, last_seq__gte=seq)
    if rows.update(received_seq=seq):
        events.publish_receipts(conversation_id)


def mark_seen(*, conversation_id: UUID, seq: int) -> None:
    """The customer has seen the conversation up to here."""
    rows = Conversation.objects.filter(id=conversation_id, seen_seq__lt=seq, last_seq__gte=seq)
    if rows.update(seen_seq=seq, received_seq=Greatest("received_seq", seq)):
        events.publish_receipts(conversation_id)


def mark_read(*, conversation_id: UUID, seq: int) -> None:
    """An agent has seen the conversation up to here."""
    unread = Conversation.objects.filter(id=conversation_id, read_seq__lt=seq, last_seq__gte=seq)
    unread.update(read_seq=seq, updated_at=timezone.now())


def _post_by_customer(
    conversation: Conversation, body: str, client_id: UUID, uploaded: Sequence[Attachment]
) -> Message:
    transcript.demand_welcome(conversation)
    _demand_pace(conversation)
    _reopen(conversation)
    is_bots = conversation.handler == Conversation.Handler.BOT
    is_new = conversation.last_seq == conversation.context_seq
    masked = mask(body, Rules.of(conversation.workspace))
    message = transcript.append(
        conversation,
        author=Message.Author.CUSTOMER,
        body=masked,
        masked=masked != body,
        files=uploaded,
        client_id=client_id,
        outcome=Message.Outcome.PENDING if is_bots else Message.Outcome.BY_AGENT,
        queued_at=timezone.now() if is_bots else None,
    )
    if not is_bots and not conversation.is_spam:
        conversation.waiting_since = conversation.waiting_since or message.created_at
    transcript.save(conversation, message)
    participants.tell(conversation, message)
    if is_bots and (reason := _why_people(conversation, body, is_new)):
        transcript.hand_off(conversation, reason=reason, in_reply_to=message.seq)
    elif is_bots:
        transaction.on_commit(lambda: tasks.queue_reply(message.id))
    return message


def _why_people(conversation: Conversation, body: str, is_new: bool) -> str:
    """Why the assistant is not even asked; empty if it is. One that goes on is never cut by a limit."""
    if not body:
        return "attachment"
    return "plan_limit" if is_new and not limits.bot_may_begin(conversation.workspace) else ""


def _reopen(conversation: Conversation) -> None:
    """What was done or snoozed goes on as the customer writes; what is spam stays among it."""
    if conversation.status == Conversation.Status.SNOOZED:
        conversation.wake()
        transcript.note_activity(conversation, "Snoozed no longer: the customer wrote")
    elif conversation.status == Conversation.Status.RESOLVED and not conversation.is_spam:
        conversation.give_to_bot()
        announce(Event.CONVERSATION_REOPENED, conversation)


def _demand_pace(conversation: Conversation) -> None:
    """Refuse a visitor who writes faster than people do."""
    now = timezone.now()
    written = conversation.messages.filter(author=Message.Author.CUSTOMER)
    for count, span in RATES:
        if written.filter(created_at__gt=now - span).count() >= count:
            raise TooFast


def _note(conversation: Conversation, agent: Doer, action: str, **details: str) -> None:
    where = {"workspace": conversation.workspace, "target": str(conversation.id)}
    by = {} if person(agent) else {"by": agent.get_short_name()}
    AuditEntry.objects.create(**where, actor=person(agent), action=action, details=details | by)
