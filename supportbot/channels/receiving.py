"""Mail in: reads what is new in a mailbox, and makes of each mail a message, a line for agents, or a note why not.

A mailbox is read by one worker at a time and never changed. Up to which number it was read is saved after each mail;
the Message-ID keeps a mail that is read again from being taken in twice.
"""

from __future__ import annotations

import imaplib
import re
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from supportbot.channels import arriving, letters, servers
from supportbot.channels.letters import Letter
from supportbot.channels.models import Mailbox, MailThread, OutgoingMail, ReceivedMail
from supportbot.channels.trying import PROBLEM_LENGTH, tell_agents
from supportbot.chat import mail, services, transcript
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Contact, Conversation
from supportbot.chat.refusals import Refused, TooFast
from supportbot.chat.visitors import begin_with

log = structlog.get_logger(__name__)
EVERY = timedelta(seconds=30)
REST = timedelta(minutes=2)  # after a failure
LEASE = timedelta(minutes=10)  # by when a worker has read what it may, or has died
AT_ONCE = 50  # mails of one reading
MOST_BYTES = 25 * 1024 * 1024  # of one mail
MOST_AN_HOUR = 30  # mails of one sender: more are a loop
SEARCHABLE = re.compile(r'<(?!.*@none\.invalid>)[^"\\\x00-\x1f\x7f-\uffff]+>')
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
State = ReceivedMail.State


def due() -> list[int]:
    """The mailboxes that are to be read now."""
    due_now = Mailbox.objects.in_open_workspaces().filter(enabled=True, due_at__lte=timezone.now())
    return list(due_now.values_list("pk", flat=True)[:500])


def poll(mailbox_id: int) -> None:
    """Take in what is new in a mailbox; nothing if somebody does, or if it is switched off."""
    rows = Mailbox.objects.filter(pk=mailbox_id, enabled=True)
    if not rows.filter(due_at__lte=timezone.now()).update(due_at=timezone.now() + LEASE):
        return
    mailbox = rows.select_related("workspace").get()
    try:
        with servers.imap(mailbox) as server:
            _read_new(mailbox, server)
    except servers.Unreachable as error:
        log.warning("mailbox not read", mailbox=mailbox_id, error=str(error))
        mailbox.note_problem(str(error))
        rows.update(due_at=timezone.now() + REST)
    else:
        if mailbox.problem.startswith("IMAP"):
            mailbox.note_problem("")
        rows.update(due_at=timezone.now() + EVERY, read_at=timezone.now())


def take_in(mailbox: Mailbox, raw: bytes) -> None:
    """Make of a mail what it is; one that is known changes nothing, one that can't be read is kept aside.

    TooFast: not now, its sender has written several.
    """
    try:
        letter = letters.read(raw)
        if not _is_known(mailbox, letter.message_id):
            _take_in(mailbox, letter)
    except (TooFast, OperationalError, InterfaceError):
        raise
    except Refused as refusal:
        _keep_aside(mailbox, raw, str(refusal))
    except Exception as error:  # whatever strangers may put into a mail
        log.warning("mail kept aside", mailbox=mailbox.pk, error=repr(error))
        _keep_aside(mailbox, raw, str(error) or type(error).__name__)


def take_in_again(kept: ReceivedMail) -> ReceivedMail:
    """Look once more at a mail that was kept aside, which its mailbox still has; what became of it now.

    Refused, or Unreachable, in words, if there is no such mail any more.
    """
    mailbox = kept.mailbox
    with servers.imap(mailbox) as server:
        raw = _looked_up(server, kept.rfc_id)
    with transaction.atomic():  # if it can't be taken in now, it is still aside
        kept.delete()
        take_in(mailbox, raw)
    return ReceivedMail.objects.in_workspace(mailbox.workspace).filter(rfc_id=kept.rfc_id).latest("pk")


def _looked_up(server: imaplib.IMAP4, message_id: str) -> bytes:
    if not SEARCHABLE.fullmatch(message_id):
        raise Refused("not_found", "It has no Message-ID by which it could be found.")
    _, found = server.uid("SEARCH", "HEADER", "Message-ID", f'"{message_id}"')
    for uid in map(int, (found[0] or b"").split()):
        _, told = server.uid("FETCH", str(uid), "(RFC822.SIZE)")
        size = SIZE.search(b"".join(part for part in told if isinstance(part, bytes)))
        if size and int(size[1]) > MOST_BYTES:
            raise Refused("too_large", f"It is larger than {MOST_BYTES // 1024 // 1024} MB.")
        raw = _body(server, uid, "")
        if letters.heading(raw)[0] == message_id:
            return raw
    raise Refused("not_found", "The mailbox has it no longer.")


def _read_new(mailbox: Mailbox, server: imaplib.IMAP4) -> None:
    validity = int((server.response("UIDVALIDITY")[1] or [b"0"])[0] or 0)
    if validity != mailbox.uid_validity:
        mailbox.uid_validity, mailbox.last_uid = validity, 0
    for uid in _new(mailbox, server)[:AT_ONCE]:
        try:
            _fetch(mailbox, server, uid)
        except TooFast:  # the next reading goes on here
            break
        mailbox.last_uid = uid
        place = {"uid_validity": validity, "last_uid": uid}
        Mailbox.objects.filter(pk=mailbox.pk).update(**place)


def _new(mailbox: Mailbox, server: imaplib.IMAP4) -> list[int]:
    since = (mailbox.created_at - timedelta(days=1)).strftime("%d-%b-%Y")
    _, found = server.uid("SEARCH", f"UID {mailbox.last_uid + 1}:*", "SINCE", since)
    return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > mailbox.last_uid)


def _fetch(mailbox: Mailbox, server: imaplib.IMAP4, uid: int) -> None:
    _, told = server.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)")
    about = b"".join(part if isinstance(part, bytes) else part[0] for part in told if part)
    size, came = SIZE.search(about), imaplib.Internaldate2tuple(about)
    if size is None or came is None:  # deleted meanwhile
        return
    if datetime.fromtimestamp(time.mktime(came), UTC) < mailbox.created_at.replace(microsecond=0):
        return
    if int(size[1]) > MOST_BYTES:
        _keep_aside(mailbox, _body(server, uid, "HEADER"), f"It is larger than {MOST_BYTES // 1024 // 1024} MB.")
    elif raw := _body(server, uid, ""):
        take_in(mailbox, raw)


def _body(server: imaplib.IMAP4, uid: int, part: str) -> bytes:
    _, told = server.uid("FETCH", str(uid), f"(BODY.PEEK[{part}])")
    return next((part[1] for part in told if isinstance(part, tuple)), b"")


def _is_known(mailbox: Mailbox, message_id: str) -> bool:
    rows = ReceivedMail.objects.in_workspace(mailbox.workspace)
    return rows.filter(rfc_id=message_id).exists()


def _take_in(mailbox: Mailbox, letter: Letter) -> None:
    if letter.bounce:
        _note_bounce(mailbox, letter, letter.bounce)
    elif why := letter.automatic or _loops(mailbox, letter):
        _note_automatic(mailbox, letter, why)
    elif _is_too_much(mailbox, letter):
        _record(mailbox, letter, State.ASIDE, "Its sender wrote more mails in an hour than a person does.")
    else:
        _post(mailbox, letter)


def _loops(mailbox: Mailbox, letter: Letter) -> str:
    """Whether it comes from ourselves."""
    own = Mailbox.objects.in_workspace(mailbox.workspace).filter(address__iexact=letter.sender).exists()
    return "it comes from an address of your own" if own or letter.sender == mail.own_address().lower() else ""


def _is_too_much(mailbox: Mailbox, letter: Letter) -> bool:
    last_hour = mailbox.received.filter(sender=letter.sender, created_at__gt=timezone.now() - timedelta(hours=1))
    return last_hour.count() >= MOST_AN_HOUR


def _post(mailbox: Mailbox, letter: Letter) -> None:
    """As a message of its sender, with the files that may be sent."""
    uploader = Uploader(mailbox.workspace, token_hash=_token_hash(letter.sender))
    came = [(file.name, partial(_data, file)) for file in letter.files]
    _post_with(mailbox, letter, uploader, *arriving.keep(uploader, came, "The mail's file"))


def _data(file: letters.File) -> bytes:
    return file.data


@transaction.atomic
def _post_with(mailbox: Mailbox, letter: Letter, uploader: Uploader, files: list[UUID], refused: list[str]) -> None:
    conversation, is_new = _conversation(mailbox, letter)
    has_subject = not is_new or not letter.subject or letter.subject.lower() in letter.text.lower()
    body = letter.text if has_subject else f"{letter.subject}\n\n{letter.text}".strip()
    if not body and not files:
        body = letter.subject or ", ".join(file.name for file in letter.files)
    if not body and not files:
        raise letters.Unreadable("It has neither a text nor a file.")
    message = services.post_message(
        conversation_id=conversation.id,
        body=arriving.shortened(body),
        client_id=uuid5(NAMESPACE_URL, letter.message_id),
        files=files,
        token_hash=uploader.token_hash,
    )
    _record(mailbox, letter, State.MESSAGE, conversation=conversation, message=message)
    if len(body) > BODY_LIMIT:
        refused = [f"The mail is longer: the rest is in the mailbox {mailbox.address}", *refused]
    tell_agents(conversation, *refused)


def _conversation(mailbox: Mailbox, letter: Letter) -> tuple[Conversation, bool]:
    """The sender's conversation that the mail goes on with, else a new one; whether it is new.

    Of others it goes on with none, for whoever has seen a mail can name it.
    """
    contact = _contact(mailbox, letter)
    if found := _thread(mailbox, letter, contact):
        return found, False
    begun = begin_with(contact, channel=Conversation.Channel.EMAIL, team=mailbox.team)
    subject = mask(letter.subject, Rules.of(mailbox.workspace))
    MailThread.objects.create(conversation=begun, mailbox=mailbox, subject=subject[: letters.SUBJECT_LIMIT])
    return begun, True


def _thread(mailbox: Mailbox, letter: Letter, contact: Contact | None = None) -> Conversation | None:
    rows = Conversation.objects.in_workspace(mailbox.workspace).filter(channel=Conversation.Channel.EMAIL)
    rows = rows.filter(contact=contact) if contact else rows.filter(contact__email__iexact=letter.sender)
    sent = OutgoingMail.objects.filter(rfc_id__in=letter.references).values("message__conversation")
    received = ReceivedMail.objects.filter(rfc_id__in=letter.references).values("conversation")
    named = rows.filter(Q(pk__in=sent) | Q(pk__in=received)).order_by("-active_at").first()
    return named or (rows.filter(mail_thread__token=letter.token).first() if letter.token else None)


def _contact(mailbox: Mailbox, letter: Letter) -> Contact:
    """The sender's; anybody can write any address above a mail, so it is not verified."""
    about = {"email": letter.sender, "name": letter.name}
    return arriving.contact_of(mailbox.workspace, _token_hash(letter.sender), **about)


def _token_hash(address: str) -> str:
    return arriving.token_hash(f"email:{address}")


@transaction.atomic
def _note_automatic(mailbox: Mailbox, letter: Letter, why: str) -> None:
    conversation = _thread(mailbox, letter)
    _record(mailbox, letter, State.AUTOMATIC, why, conversation=conversation)
    if conversation:
        tell_agents(conversation, f"An automatic mail came from {letter.sender}: {letter.subject}")


@transaction.atomic
def _note_bounce(mailbox: Mailbox, letter: Letter, bounce: letters.Bounce) -> None:
    sent = OutgoingMail.objects.in_workspace(mailbox.workspace).filter(rfc_id__in=bounce.of)
    of = sent.select_related("message__conversation").first()
    why = f"{bounce.recipient or 'It'}: {bounce.why}"[:PROBLEM_LENGTH]
    _record(mailbox, letter, State.BOUNCE, why, conversation=of.message.conversation if of else None)
    if of and bounce.is_final:
        OutgoingMail.objects.filter(pk=of.pk).update(state=OutgoingMail.State.BOUNCED, problem=why)
        transcript.note_failure(of.message, why)
        tell_agents(of.message.conversation, f"A mail was not delivered. {why}")


def _record(mailbox: Mailbox, letter: Letter, state: State, reason: str = "", **fields: object) -> None:
    about = {"rfc_id": letter.message_id, "sender": letter.sender, "reason": reason[:PROBLEM_LENGTH]}
    subject = mask(letter.subject, Rules.of(mailbox.workspace))[: letters.SUBJECT_LIMIT]
    ReceivedMail.objects.create(mailbox=mailbox, state=state, subject=subject, **about, **fields)


def _keep_aside(mailbox: Mailbox, raw: bytes, reason: str) -> None:
    message_id, sender, subject = letters.heading(raw)
    masked = mask(subject, Rules.of(mailbox.workspace))[: letters.SUBJECT_LIMIT]
    about = {"sender": sender, "subject": masked, "reason": reason[:PROBLEM_LENGTH], "state": State.ASIDE}
    ReceivedMail.objects.get_or_create(mailbox=mailbox, rfc_id=message_id, defaults=about)
