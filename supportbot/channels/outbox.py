"""Mail out: every reply of an e-mail conversation is written down in the transaction that saves it, and sent after.

Of a conversation one mail goes after the other. A worker that died is followed by another try under the same
Message-ID, by which mail programs know what they have already.
"""

from __future__ import annotations

import smtplib
from datetime import timedelta
from email.utils import formataddr
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from supportbot.celery import app
from supportbot.channels import servers, trying
from supportbot.channels.models import Mailbox, MailThread, OutgoingMail, ReceivedMail
from supportbot.channels.trying import PROBLEM_LENGTH
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.attachments import files
from supportbot.chat.mail import name_in_mail, signature, texts
from supportbot.chat.models import Attachment, Conversation, Message

log = structlog.get_logger(__name__)
AGAIN = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]
REFERENCES = 20  # of a conversation's mails that a mail names
WRITERS = (Message.Author.BOT, Message.Author.AGENT)
State = OutgoingMail.State


def write(event: Event, subject: Subject, **_: Any) -> None:
    """A mail for each reply in a conversation that is led by e-mail."""
    if event is not Event.MESSAGE_CREATED or not isinstance(subject, Message) or subject.author not in WRITERS:
        return
    if subject.conversation.channel == Conversation.Channel.EMAIL:
        mailbox = _mailbox(subject.conversation)
        host = mailbox.address.partition("@")[2] if mailbox else "none.invalid"
        OutgoingMail.objects.create(message=subject, rfc_id=f"<{subject.id}@{host}>")
        transaction.on_commit(lambda: queue(subject.conversation_id))


def queue(conversation_id: UUID) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.channels.tasks.send", [str(conversation_id)], expires=60)
    except Exception as error:
        log.warning("mail not queued", conversation=str(conversation_id), error=repr(error))


def due() -> list[UUID]:
    """The conversations that have something to send now."""
    waiting = OutgoingMail.objects.filter(state__in=OutgoingMail.UNSENT, due_at__lte=timezone.now())
    return list(waiting.order_by().values_list("message__conversation_id", flat=True).distinct()[:100])


def send(conversation_id: UUID) -> None:
    """Send what waits in a conversation, in its order; what fails holds up what comes after it."""
    while mail := _claimed(conversation_id):
        if not _try(mail):
            return


def send_again(mail: OutgoingMail) -> None:
    """An administrator wants another try of what failed."""
    if trying.send_again(mail, mail.message):
        transaction.on_commit(lambda: queue(mail.message.conversation_id))


def _claimed(conversation_id: UUID) -> OutgoingMail | None:
    """The first that is not sent, if its time has come and nobody else tries."""
    rows = OutgoingMail.objects.filter(message__conversation=conversation_id, state__in=OutgoingMail.UNSENT)
    related = ("message__conversation__contact", "message__conversation__workspace", "message__user")
    mail = rows.select_related(*related).order_by("message__seq").first()
    return mail if mail and trying.claimed(mail) else None


def _try(mail: OutgoingMail) -> bool:
    """One try; whether it is sent."""
    mailbox = _mailbox(mail.message.conversation)
    if trying.is_unfinished(mail.message):
        trying.wait(mail, trying.SOON, attempts=mail.attempts - 1)
        return False
    if mailbox is None:
        _fail(mail, "Its mailbox was deleted.")
        return False
    try:
        _deliver(mail, mailbox)
    except smtplib.SMTPRecipientsRefused as error:
        code, told = next(iter(error.recipients.values()))
        return _failed(mail, f"{code} {told.decode(errors='replace')}", is_final=code >= 500)
    except smtplib.SMTPDataError as error:
        return _failed(mail, servers.in_words(error), is_final=error.smtp_code >= 500)
    except Exception as error:  # whatever it is, the mail must not be tried for ever
        why = str(error) if isinstance(error, servers.Unreachable) else f"SMTP: {servers.in_words(error)}"
        mailbox.note_problem(why)
        return _failed(mail, why, is_final=False)
    trying.sent(mail)
    if mailbox.problem.startswith("SMTP"):
        mailbox.note_problem("")
    return True


def _deliver(mail: OutgoingMail, mailbox: Mailbox) -> None:
    if not mailbox.enabled:
        raise servers.Unreachable(f"SMTP: the mailbox {mailbox} is switched off.")
    made = _email(mail, mailbox)
    with servers.smtp(mailbox) as server:
        server.send_message(made.message(), mailbox.address, made.to)


def _email(mail: OutgoingMail, mailbox: Mailbox) -> EmailMessage:
    message, conversation = mail.message, mail.message.conversation
    name = mailbox.sender or name_in_mail(conversation.workspace)
    parts = texts(message, conversation.language, names_files=False)
    parts += ["\n".join(f"- {choice}" for choice in message.choices)] if message.choices else []
    links = [f"{source['title']}: {urljoin(settings.SITE_ADDRESS, source['url'])}" for source in _linked(message)]
    parts += ["\n".join(links)] if links else []
    made = EmailMessage(
        _subject(conversation, name),
        "\n\n".join([*parts, signature(message, name)]),
        formataddr((name, mailbox.address)),
        [conversation.contact.email],
        headers=_headers(mail),
    )
    for attachment in message.attachments.filter(state=Attachment.State.READY):
        made.attach(attachment.name, files.load(attachment), attachment.content_type)
    return made


def _linked(message: Message) -> list[dict[str, Any]]:
    return [source for source in message.sources if source.get("url")]


def _subject(conversation: Conversation, name: str) -> str:
    thread = MailThread.objects.get(conversation=conversation)
    return f"Re: {thread.subject or name} [#{thread.token}]"


def _headers(mail: OutgoingMail) -> dict[str, str]:
    """By which the customer's program puts the mail below the others, and machines know that one wrote it."""
    conversation, seq = mail.message.conversation_id, mail.message.seq
    received = ReceivedMail.objects.filter(message__conversation=conversation, message__seq__lt=seq)
    sent = OutgoingMail.objects.filter(message__conversation=conversation, message__seq__lt=seq, state=State.SENT)
    came, went = (dict(rows.values_list("message__seq", "rfc_id")) for rows in (received, sent))
    ids = [one for _, one in sorted((came | went).items())][-REFERENCES:]
    headers = {"Message-ID": mail.rfc_id}
    if ids:
        headers |= {"In-Reply-To": came[max(came)] if came else ids[-1], "References": " ".join(ids)}
    if mail.message.author == Message.Author.BOT:
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    return headers


def _mailbox(conversation: Conversation) -> Mailbox | None:
    thread = MailThread.objects.select_related("mailbox").filter(conversation=conversation).first()
    return thread.mailbox if thread else None


def _failed(mail: OutgoingMail, why: str, *, is_final: bool) -> bool:
    log.warning("mail not sent", mail=mail.pk, error=why, attempt=mail.attempts)
    if is_final or mail.attempts > len(AGAIN):
        _fail(mail, why)
    else:
        trying.wait(mail, AGAIN[mail.attempts - 1], attempts=mail.attempts, problem=why[:PROBLEM_LENGTH])
    return False


def _fail(mail: OutgoingMail, why: str) -> None:
    trying.fail(mail, mail.message, "A mail", why)
