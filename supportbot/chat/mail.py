"""An agent's answers by e-mail, for a customer of the chat who left an address and does not look at it.

An answer waits a moment, goes out with the others of its conversation, and never twice: one claim, one attempt at a
time, and what was being sent when its worker died counts as failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from email.utils import formataddr, parseaddr
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils import timezone

from supportbot.chat.models import Conversation, EmailCopy, Message, Translation
from supportbot.chat.words import say
from supportbot.workspaces.models import Workspace

log = structlog.get_logger(__name__)
ATTEMPTS = 5
LEASE = timedelta(minutes=10)
State = EmailCopy.State


def prepare(message: Message) -> None:
    """Send a copy of an agent's answer later, if there is an address; in the transaction that saves the answer.

    In a conversation that is led by e-mail or in a messenger the answer itself goes there.
    """
    conversation = message.conversation
    if conversation.contact.email and not conversation.reaches_customer:
        due_at = timezone.now() + timedelta(seconds=settings.EMAIL_AFTER)
        EmailCopy.objects.create(message=message, due_at=due_at)


def due() -> list[UUID]:
    """The conversations that have something to send; what a dead worker was sending is given up."""
    now = timezone.now()
    EmailCopy.objects.filter(state=State.SENDING, due_at__lt=now).update(state=State.FAILED)
    waiting = EmailCopy.objects.filter(state=State.WAITING, due_at__lte=now)
    return list(waiting.values_list("message__conversation_id", flat=True).distinct()[:100])


def send(conversation_id: UUID) -> None:
    """Send what waits and is not seen as one e-mail; after an error it waits again, longer each time."""
    claim, now = uuid4(), timezone.now()
    waiting = EmailCopy.objects.filter(message__conversation=conversation_id, state=State.WAITING)
    seen = waiting.filter(message__seq__lte=F("message__conversation__seen_seq"))
    seen.update(state=State.SEEN)
    if not waiting.update(state=State.SENDING, claim=claim, due_at=now + LEASE, attempts=F("attempts") + 1):
        return
    claimed = EmailCopy.objects.filter(claim=claim).order_by("message__seq")
    with_files = claimed.select_related("message__user", "message__translation").prefetch_related(
        "message__attachments"
    )
    copies = list(with_files)
    try:
        _email([copy.message for copy in copies]).send()
    except Exception as error:
        log.warning("e-mail not sent", conversation=str(conversation_id), error=repr(error))
        _wait_again(copies)
    else:
        EmailCopy.objects.filter(claim=claim).update(state=State.SENT)


def _email(messages: Sequence[Message]) -> EmailMessage:
    rows = Conversation.objects.select_related("workspace", "contact")
    conversation = rows.get(id=messages[0].conversation_id)
    name, language = name_in_mail(conversation.workspace), conversation.language
    parts = [part for message in messages for part in texts(message, language)]
    parts.append(signature(messages[-1], name))
    if page := conversation.contact.page:
        parts.append(say("email_link", language, link=page))
    host = own_address().partition("@")[2]
    return EmailMessage(
        say("email_subject", language, workspace=name),
        "\n\n".join(parts),
        formataddr((name, own_address())),
        [conversation.contact.email],
        headers={"Message-ID": f"<{messages[-1].id}@{host}>"},
    )


def name_in_mail(workspace: Workspace) -> str:
    """The workspace's name as a header can hold it."""
    return " ".join(workspace.name.split())


def own_address() -> str:
    """What our e-mails come from, without a name."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def signature(message: Message, workspace: str) -> str:
    """Who wrote it, below it."""
    return f"{message.user.get_short_name()}, {workspace}" if message.user else workspace


def texts(message: Message, language: str, *, names_files: bool = True) -> list[str]:
    """The answer as the customer reads it, and below it the original of a translation."""
    row: Translation | None = getattr(message, "translation", None)
    files = attached(message, language) if names_files else ""
    if row is None or row.reader != Translation.Reader.CUSTOMER or not row.text:
        return [part for part in (message.body, files) if part]
    return [part for part in (row.text, files, f"{say('email_original', language)}\n{message.body}") if part]


def attached(message: Message, language: str) -> str:
    """The line that names a message's files; empty if it has none that can be opened."""
    shown = [row.name for row in message.attachments.all() if row.state not in ("refused", "failed")]
    return say("attached", language, names=", ".join(shown)) if shown else ""


def _wait_again(copies: Sequence[EmailCopy]) -> None:
    for copy in copies:
        copy.state = State.FAILED if copy.attempts >= ATTEMPTS else State.WAITING
        copy.due_at = timezone.now() + timedelta(minutes=2 ** (copy.attempts - 1))
    EmailCopy.objects.bulk_update(copies, ["state", "due_at"])
