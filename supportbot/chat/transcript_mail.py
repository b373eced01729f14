"""A whole conversation by e-mail, for the customer who asks for it; written down first, sent by a worker.

The address may be anybody's, so there are few of them: from one conversation, and to one address.
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr
from uuid import UUID

import structlog
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from supportbot.chat import transcript
from supportbot.chat.mail import attached, name_in_mail, own_address
from supportbot.chat.models import Conversation, Message, TranscriptMail
from supportbot.chat.refusals import Refused
from supportbot.chat.words import say

log = structlog.get_logger(__name__)
PER_HOUR = 3  # of one conversation
PER_DAY = 5  # to one address


@transaction.atomic
def ask(*, conversation_id: UUID, client_id: UUID, email: str = "") -> TranscriptMail:
    """Note that the customer wants it, at this address or at the one that is known; a resend gives the same row."""
    conversation = transcript.locked(conversation_id)
    mails = TranscriptMail.objects.filter(conversation=conversation)
    if earlier := mails.filter(client_id=client_id).first():
        return earlier
    address = email or conversation.contact.email
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("bad_email", "This is not an e-mail address. Please check it.") from None
    now = timezone.now()
    to_address = TranscriptMail.objects.in_workspace(conversation.workspace).filter(email__iexact=address)
    if (
        mails.filter(created_at__gt=now - timedelta(hours=1)).count() >= PER_HOUR
        or to_address.filter(created_at__gt=now - timedelta(days=1)).count() >= PER_DAY
    ):
        raise Refused("too_many_mails", "This was sent several times already. Please try again later.")
    return mails.create(conversation=conversation, client_id=client_id, email=address, last_seq=conversation.last_seq)


def due() -> list[int]:
    """Those that wait."""
    waiting = TranscriptMail.objects.filter(
        sent_at=None, attempts__lt=TranscriptMail.ATTEMPTS, due_at__lte=timezone.now()
    )
    return list(waiting.values_list("id", flat=True)[:100])


@transaction.atomic
def send(mail_id: int) -> None:
    """Send one that waits; after an error it waits again, longer each time."""
    rows = TranscriptMail.objects.select_for_update(of=("self",), skip_locked=True)
    waiting = rows.filter(id=mail_id, sent_at=None, due_at__lte=timezone.now())
    mail = waiting.select_related("conversation__workspace", "conversation__contact").first()
    if mail is None:
        return
    mail.attempts += 1
    try:
        _email(mail).send()
    except OSError as error:
        log.warning("transcript not sent", mail=mail_id, error=repr(error))
        mail.due_at = timezone.now() + timedelta(minutes=2**mail.attempts)
    else:
        mail.sent_at = timezone.now()
    mail.save(update_fields=["attempts", "due_at", "sent_at"])


def _email(mail: TranscriptMail) -> EmailMessage:
    conversation = mail.conversation
    name = name_in_mail(conversation.workspace)
    messages = conversation.messages.filter(seq__lte=mail.last_seq).select_related("user").order_by("seq")
    return EmailMessage(
        say("transcript_subject", conversation.language, workspace=name),
        "\n\n".join(_line(message, conversation, name) for message in messages.prefetch_related("attachments")),
        formataddr((name, own_address())),
        [mail.email],
    )


def _line(message: Message, conversation: Conversation, workspace: str) -> str:
    contact, files = str(conversation.contact), attached(message, conversation.language)
    names = {Message.Author.CUSTOMER: contact, Message.Author.AGENT: str(message.user or workspace)}
    at = date_format(timezone.localtime(message.created_at), "j F Y, H:i")
    head = f"{names.get(Message.Author(message.author), workspace)}, {at} UTC"
    return "\n".join(part for part in (head, message.body, files) if part)
