"""What goes out, by mail or messenger, is a row first: claimed by one worker, tried again later, given up in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from supportbot.chat import transcript
from supportbot.chat.models import Attachment, Conversation, Message, Translation

PROBLEM_LENGTH = 300
LEASE = timedelta(minutes=5)  # by when a try has ended, or its worker has died
SOON = timedelta(seconds=5)  # until we look again for a translation or a check for viruses


class Attempted(models.Model):
    """Something on its way to a customer."""

    WAITING: ClassVar[str] = "waiting"
    SENDING: ClassVar[str] = "sending"
    SENT: ClassVar[str] = "sent"
    FAILED: ClassVar[str] = "failed"
    UNSENT: ClassVar[tuple[str, ...]] = (WAITING, SENDING)

    due_at = models.DateTimeField(default=timezone.now, help_text="When the next try may begin, or this one has ended")
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=PROBLEM_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


def claimed(row: Attempted, lease: timedelta = LEASE) -> bool:
    """Whether its time has come and nobody else tries; a worker that died is followed by another."""
    now = timezone.now()
    if row.due_at > now:
        return False
    own = _rows(row).filter(attempts=row.attempts, due_at=row.due_at)
    if not own.update(state=row.SENDING, attempts=F("attempts") + 1, due_at=now + lease):
        return False
    row.attempts += 1
    return True


def wait(row: Attempted, span: timedelta, **fields: Any) -> None:
    """Not now."""
    _rows(row).update(state=row.WAITING, due_at=timezone.now() + span, **fields)


def sent(row: Attempted) -> None:
    """It is on its way."""
    _rows(row).update(state=row.SENT, problem="", due_at=timezone.now())


def send_again(row: Attempted, message: Message | None) -> bool:
    """An administrator wants another try of what failed; whether there was something to try."""
    anew = {"state": row.WAITING, "attempts": 0, "due_at": timezone.now(), "problem": ""}
    is_anew = bool(_rows(row).filter(state=row.FAILED).update(**anew))
    if is_anew and message:
        transcript.note_failure(message, "")
    return is_anew


@transaction.atomic
def fail(row: Attempted, message: Message, what: str, why: str) -> None:
    """For good: agents see at the message, and as a line, that `what` could not be sent, and why."""
    if _rows(row).update(state=row.FAILED, problem=why[:PROBLEM_LENGTH]):
        transcript.note_failure(message, why)
        tell_agents(message.conversation, f"{what} could not be sent. {why}")


@transaction.atomic
def tell_agents(conversation: Conversation, *lines: str) -> None:
    """As lines that only they see."""
    if lines:
        locked = transcript.locked(conversation.id)
        for line in lines:
            transcript.note_activity(locked, line)
        transcript.save_among_agents(locked)


def is_unfinished(message: Message) -> bool:
    """Whether its translation or the check of its files is still to come."""
    waiting = (Translation.State.WAITING, Translation.State.LATE)
    to_come = Translation.objects.filter(message=message, reader=Translation.Reader.CUSTOMER, state__in=waiting)
    return to_come.exists() or message.attachments.filter(state=Attachment.State.SCANNING).exists()


def _rows(row: Attempted) -> models.QuerySet[Any]:
    return type(row)._default_manager.filter(pk=row.pk)
