"""Writes into a conversation, under its lock: messages with the next number, and who has the turn.

Whoever calls these is in a transaction and holds the lock; what was written is published when it commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.actions import dialogue
from supportbot.chat import drafts, events, handover, milestones, sla
from supportbot.chat.announcements import Event, announce
from supportbot.chat.attachments import service as attachments
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.doers import Doer, person
from supportbot.chat.joining import current
from supportbot.chat.models import FAILURE_LENGTH, Attachment, Contact, Conversation, Message, Milestone, Remark
from supportbot.chat.promise import promise
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable
from supportbot.chat.translation import service
from supportbot.chat.translation.interpreter import Said, joined
from supportbot.chat.words import SENTENCES, say
from supportbot.telemetry import metrics
from supportbot.workspaces.models import User


def locked(conversation_id: UUID) -> Conversation:
    """The conversation's row, which nobody else may change before this transaction ends.

    The assignee is not joined: whoever waited for the lock would get the joined row of before the wait. The
    contact's may be as old; `demand_welcome` reads what counts. The id of one that was merged gives what it is now.
    """
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    found = current(rows, conversation_id)
    if found is None:
        raise Conversation.DoesNotExist
    return found


def clean(body: str, *, may_be_empty: bool = False) -> str:
    """A message's text as every database and browser can hold it; beside files it may be empty."""
    text = storable(body).strip()
    if not text and not may_be_empty:
        raise Refused("empty", "There is nothing to send yet.")
    if len(text) > BODY_LIMIT:
        raise Refused("too_long", f"A message may have {BODY_LIMIT:,} characters; this one has {len(text):,}.")
    return text


def demand_welcome(conversation: Conversation) -> None:
    """Refuse a blocked contact, as of now: the joined row may be older than the wait for the lock."""
    demand_no_block(conversation.contact, conversation.language)


def demand_no_block(contact: Contact | None, language: str) -> None:
    """Refuse a contact that is blocked now."""
    if contact and Contact.objects.filter(id=contact.pk, blocked_at__isnull=False).exists():
        raise Refused("blocked", say("blocked", language))


def append(
    conversation: Conversation,
    *,
    author: Message.Author,
    body: str,
    said: Said | None = None,
    files: Sequence[Attachment] = (),
    **fields: Any,
) -> Message:
    """Add a message with the next sequence number; the conversation still has to be saved.

    `said` has what was translated before; anything else is translated later, where its reader has another language.
    """
    conversation.last_seq += 1
    message = Message.objects.create(
        conversation=conversation, seq=conversation.last_seq, author=author, body=body, **fields
    )
    conversation.active_at = message.created_at
    attachments.put_into(files, message=message, held=None)
    if said and said.target:
        service.keep(message, said)
    else:
        service.prepare(message)
    announce(Event.MESSAGE_CREATED, message)
    transaction.on_commit(metrics.MESSAGES.labels(author).inc)
    return message


def remark(conversation: Conversation, *, kind: Remark.Kind, body: str, user: User | None, **fields: Any) -> Remark:
    """Add a line that only agents see, and tell them on commit; the conversation still has to be saved."""
    conversation.last_remark += 1
    place = {"number": conversation.last_remark, "after": conversation.last_seq}
    made = Remark.objects.create(conversation=conversation, kind=kind, body=body, user=user, **place, **fields)
    transaction.on_commit(lambda: events.publish_remark(made))
    return made


def note_activity(conversation: Conversation, body: str, user: User | None = None) -> None:
    """Add what somebody did, as a sentence for agents."""
    remark(conversation, kind=Remark.Kind.ACTIVITY, body=body, user=user)


def note_failure(message: Message, why: str) -> None:
    """Agents see at the message that it has not reached the customer; an empty text: it will be sent again."""
    message.failure = why[:FAILURE_LENGTH]
    message.save(update_fields=["failure"])
    transaction.on_commit(partial(events.publish_again, message))


def show_anew(conversations: Iterable[Conversation]) -> None:
    """What the inbox shows of their contact has changed."""
    for conversation in conversations:
        conversation.save(update_fields=["updated_at"])
        transaction.on_commit(partial(events.publish_row, conversation))


def save(conversation: Conversation, *messages: Message) -> None:
    """Save the conversation and tell everybody on commit."""
    sla.refresh(conversation)
    conversation.save()
    transaction.on_commit(lambda: events.publish_conversation(conversation, *messages))


def save_among_agents(conversation: Conversation) -> None:
    """Save what is no customer's business, and tell the inboxes on commit."""
    sla.refresh(conversation)
    conversation.save()
    transaction.on_commit(lambda: events.publish_row(conversation))


def say_publicly(conversation: Conversation, key: str, agent: Doer) -> None:
    """Add a line of the system that the customer sees, too, and save the conversation."""
    body = say(key, conversation.language, name=agent.get_short_name())
    save(conversation, append(conversation, author=Message.Author.SYSTEM, body=body, user=person(agent)))


def give_to_agent(conversation: Conversation, agent: User) -> None:
    """The agent has the turn, the assistant is silent, and a customer whom it had not answered waits for a person."""
    was_bots = conversation.handler == Conversation.Handler.BOT
    conversation.give_to_agent(agent)
    if was_bots:
        milestones.note(conversation, Milestone.Kind.HANDED_OFF, "taken", agent)
    if settle(conversation, Message.Outcome.BY_AGENT):
        conversation.waiting_since = conversation.waiting_since or timezone.now()
    silence_bot(conversation, "taken_over")
    say_publicly(conversation, "joined", agent)
    announce(Event.CONVERSATION_ASSIGNED, conversation)


def settle(conversation: Conversation, outcome: Message.Outcome) -> int:
    """Give every message that waits for the assistant its outcome; how many there were."""
    waiting = conversation.messages.filter(outcome=Message.Outcome.PENDING)
    return waiting.update(outcome=outcome)


def silence_bot(conversation: Conversation, reason: str) -> None:
    """Take back the answer that is being written, on commit, and what an action has asked."""
    dialogue.put_aside(conversation.id)
    transaction.on_commit(lambda: drafts.fail_current(conversation.id, reason))


def hand_off(conversation: Conversation, *, reason: str, lead: Said | None = None, **fields: Any) -> Message:
    """Pass the conversation to the agents with a summary, and tell the customer what happens and how long it takes.

    `lead` is what could be answered before.
    """
    language, key = conversation.language, f"hand_off_{reason}"
    made = promise(conversation, language)
    told = Said(" ".join([say(key if key in SENTENCES else "hand_off", language), *made.sentences]))
    told = joined([lead, told]) if lead else told
    conversation.summary = handover.summary(conversation, reason)
    message = append(conversation, author=Message.Author.BOT, body=told.text, said=told, **fields)
    conversation.give_to_queue()
    conversation.asks_email = made.is_away
    milestones.note(conversation, Milestone.Kind.HANDED_OFF, reason)
    settle(conversation, Message.Outcome.HANDED_OFF)
    silence_bot(conversation, "handed_off")
    save(conversation, message)
    announce(Event.CONVERSATION_HANDED_OVER, conversation)
    transaction.on_commit(lambda: handover.ask_for_suggestions(conversation.id))
    return message
