"""One worker's try at one reply, as the database sees it: claimed, saved once, given back. Knows no model.

A claim on the conversation keeps two workers off one reply and expires with a dead one. Whoever takes the turn clears
it, so a reply is saved only under the claim that it was begun with.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from supportbot.chat import counting, drafts, transcript
from supportbot.chat.drafts import Draft
from supportbot.chat.models import Attachment, Conversation, Generation, Message
from supportbot.chat.translation.interpreter import Said, joined
from supportbot.chat.words import say
from supportbot.workspaces.scoping import ScopedQuerySet

CLAIM_MARGIN = 5.0  # seconds by which a claim outlives its reply's deadline
PENDING = Message.Outcome.PENDING


class TurnLost(Exception):
    """Somebody else has the turn: an agent, or a later attempt."""


@dataclass
class Attempt:
    """A claimed conversation, the messages that wait in it, and what is found out on the way."""

    claim: UUID
    conversation: Conversation
    waiting: list[Message]
    started: float = field(default_factory=time.monotonic)
    record: dict[str, Any] = field(default_factory=dict)
    triage: dict[str, Any] = field(default_factory=dict)
    heard: dict[str, Any] = field(default_factory=dict)  # sentiment and language of the message
    draft: Draft | None = None

    @classmethod
    def begin(cls, message_id: UUID) -> Self | None:
        """Claim the conversation of a message that waits; None if it doesn't, or if somebody works on it."""
        pending = Message.objects.filter(outcome=PENDING)
        conversation_id = pending.filter(id=message_id).values_list("conversation_id", flat=True).first()
        if conversation_id is None:
            return None
        claim, now = uuid4(), timezone.now()
        until = now + timedelta(seconds=settings.REPLY_DEADLINE + CLAIM_MARGIN)
        free = Conversation.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), id=conversation_id)
        if not free.filter(handler=Conversation.Handler.BOT).update(claim=claim, claimed_until=until):
            return None
        conversation = Conversation.objects.select_related("workspace", "contact").get(id=conversation_id)
        attempt = cls(claim, conversation, list(pending.filter(conversation=conversation).order_by("seq")))
        if not attempt.waiting:
            attempt.release()
            return None
        pending.filter(id=attempt.message.id).update(attempts=F("attempts") + 1)
        return attempt

    @property
    def message(self) -> Message:
        """The customer's message that the reply answers: the latest. Earlier ones that wait are answered with it."""
        return self.waiting[-1]

    @property
    def time_left(self) -> float:
        """Seconds until the reply's deadline."""
        left: float = settings.REPLY_DEADLINE - (time.monotonic() - self.started)
        return max(left, 1.0)

    def demand_turn(self) -> None:
        """Raise TurnLost once this is no longer the attempt that counts."""
        if not self._mine().exists():
            raise TurnLost

    @transaction.atomic
    def save_reply(self, said: Said, sources: list[dict[str, Any]], choices: Sequence[str] = ()) -> None:
        """The reply, how it was made, and the outcome of all it answers; TurnLost saves nothing.

        Where files came with the words, the reply says that they were not read. `choices` are the answers that it
        offers.
        """
        conversation = self._locked()
        self._note_triage(conversation)
        if Attachment.objects.filter(message__in=self.waiting).exists():
            said = joined([said, Said(say("file_unread", self.heard.get("language") or conversation.language))])
        is_answer = self.record.get("act") == Generation.Act.ANSWER
        message = transcript.append(
            conversation,
            author=Message.Author.BOT,
            body=said.text,
            said=said,
            sources=sources,
            choices=list(choices),
            verdict=Message.Verdict.ASKED if is_answer else "",
            **self._reply_fields(),
        )
        self._save_triage()
        self._save_record(message)
        answered = conversation.messages.filter(outcome=PENDING, seq__lte=self.message.seq)
        answered.update(outcome=Message.Outcome.ANSWERED)
        conversation.claim = conversation.claimed_until = None
        transaction.on_commit(lambda: drafts.forget(conversation.id))
        transcript.save(conversation, message)

    @transaction.atomic
    def save_hand_off(self, reason: str, lead: Said | None = None) -> None:
        """The conversation goes to people, after what the bot could answer; TurnLost saves nothing."""
        self.record |= {"act": Generation.Act.HAND_OFF, "reason": reason}
        conversation = self._locked()
        self._note_triage(conversation)
        self._save_triage()  # first, since the summary tells it
        message = transcript.hand_off(conversation, reason=reason, lead=lead, **self._reply_fields())
        self._save_record(message)

    def take_back(self, reason: str) -> None:
        """Tell whoever saw a part of the reply that nothing comes of it."""
        if self.draft:
            self.draft.fail(reason)

    def release(self) -> None:
        """Let the next attempt begin before this claim expires."""
        self._mine().update(claim=None, claimed_until=None)

    def later_message(self) -> UUID | None:
        """A message that came meanwhile and that nobody works on."""
        later = self.conversation.messages.filter(outcome=PENDING, seq__gt=self.message.seq, conversation__claim=None)
        return later.values_list("id", flat=True).order_by("seq").last()

    def _mine(self) -> ScopedQuerySet[Conversation]:
        return Conversation.objects.filter(id=self.conversation.id, claim=self.claim)

    def _locked(self) -> Conversation:
        try:
            conversation = transcript.locked(self.conversation.id)
        except Conversation.DoesNotExist:  # its customer had it erased
            raise TurnLost from None
        if conversation.claim != self.claim:
            raise TurnLost
        return conversation

    def _reply_fields(self) -> dict[str, Any]:
        return {"in_reply_to": self.message.seq, **self.triage}

    def _save_record(self, message: Message) -> None:
        self.record["total_s"] = time.monotonic() - self.started
        Generation.objects.create(in_reply_to=self.message, message=message, **self.record)
        transaction.on_commit(lambda: counting.replied(self.message, self.record))

    def _note_triage(self, conversation: Conversation) -> None:
        conversation.category = self.triage.get("category", conversation.category)
        conversation.spoken = self.heard.get("language", conversation.spoken)

    def _save_triage(self) -> None:
        if self.triage:
            Message.objects.filter(id=self.message.id).update(**self.triage, **self.heard)
