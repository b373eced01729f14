"""The use cases of attachments: upload, send, check for viruses, take away. Knows no HTTP and no socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat import events
from supportbot.chat.attachments import content, files, scanner
from supportbot.chat.attachments.models import Attachment, AttachmentQuerySet
from supportbot.chat.events import Frame
from supportbot.chat.models import Contact, Conversation, HeldMessage, Message
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import User, Workspace

log = structlog.get_logger(__name__)
MOST = 5  # files of one message
MOST_UNSENT = 20  # files of one visitor, or of one agent in one conversation
UNSENT_FOR = timedelta(days=3)
ATTEMPTS = 5  # at a check for viruses
QUEUED_FOR = timedelta(seconds=10)  # until the sweep asks for a check again
OVERDUE = timedelta(seconds=90)  # by when a check has ended, or its worker has
State = Attachment.State


class TooLarge(Refused):
    """A file above the limit."""

    def __init__(self) -> None:
        super().__init__("too_large", f"A file may have {settings.ATTACHMENT_MB} MB.")


@dataclass(frozen=True)
class Uploader:
    """Whose files they are until they are sent: a visitor's browser, or an agent in a conversation."""

    workspace: Workspace
    token_hash: str = ""
    user: User | None = None
    conversation: Conversation | None = None

    def unsent(self) -> AttachmentQuerySet:
        """What was uploaded and is in no message."""
        rows = Attachment.objects.in_workspace(self.workspace).unsent()
        if self.user:
            return rows.filter(user=self.user, conversation=self.conversation)
        return rows.filter(user=None, token_hash=self.token_hash)


def limits() -> dict[str, int]:
    """How many files a message may have, and how large one may be; for pages that say so beforehand."""
    return {"most": MOST, "megabytes": settings.ATTACHMENT_MB}


def limit_bytes() -> int:
    """How large a file may be."""
    megabytes: int = settings.ATTACHMENT_MB
    return megabytes * 1024 * 1024


def upload(uploader: Uploader, name: str, data: bytes) -> Attachment:
    """Keep a file that is to be sent; Refused if it is too large, too many, or none that may be sent."""
    if len(data) > limit_bytes():
        raise TooLarge
    if uploader.unsent().count() >= MOST_UNSENT:
        raise Refused("too_many_files", "Too many files wait to be sent. Send or remove some of them first.")
    try:
        found = content.read(data)
    except content.Unusable as reason:
        raise Refused("bad_file", str(reason)) from None
    attachment = Attachment.objects.create(
        workspace=uploader.workspace,
        conversation=uploader.conversation,
        user=uploader.user,
        token_hash=uploader.token_hash,
        name=content.safe_name(name, found.format),
        kind=Attachment.Kind.PDF if found.format == "PDF" else Attachment.Kind.IMAGE,
        content_type=found.content_type,
        size=len(found.data),
        width=found.width,
        height=found.height,
        state=State.SCANNING if scanner.is_on() else State.READY,
        due_at=timezone.now() + QUEUED_FOR if scanner.is_on() else None,
    )
    try:
        files.keep(attachment, found)
    except OSError:
        attachment.delete()
        raise
    if attachment.state == State.SCANNING:
        _queue_scan(attachment.id)
    tell_unsent(uploader)
    return attachment


@transaction.atomic
def remove(uploader: Uploader, *ids: UUID) -> None:
    """Take away files that are not sent; without ids, all of them."""
    unsent = uploader.unsent().filter(id__in=ids) if ids else uploader.unsent()
    _delete(unsent)
    tell_unsent(uploader)


def chosen(uploader: Uploader, ids: Sequence[UUID]) -> list[Attachment]:
    """The uploader's own files that go out with a message, in this order; under the conversation's lock."""
    if len(ids) > MOST:
        raise Refused("too_many_files", f"A message may have {MOST} files.")
    found = {row.id: row for row in uploader.unsent().select_for_update().filter(id__in=ids)}
    if len(found) != len(ids):
        raise Refused("no_file", "A file is no longer there. Please attach it again.")
    return [found[id_] for id_ in ids]


def put_into(attachments: Sequence[Attachment], **place: Message | HeldMessage | None) -> None:
    """The files are of this message now, or of one that is held back; `held=None` makes them the draft's again."""
    for position, attachment in enumerate(attachments):
        Attachment.objects.filter(id=attachment.id).update(position=position, **place)


def unsent_frame(uploader: Uploader) -> Frame:
    """`draft.attachments`: what an agent has uploaded in a conversation and not sent."""
    assert uploader.conversation
    return events.draft_attachments_frame(uploader.conversation.id, uploader.unsent())


def tell_unsent(uploader: Uploader) -> None:
    """Tell all windows of an agent, on commit, what is uploaded and not sent."""
    if uploader.user is None or uploader.conversation is None:
        return
    group = events.agent_group(uploader.workspace.pk, uploader.user.pk)
    transaction.on_commit(lambda: events.publish(group, unsent_frame(uploader)))


def seen_by_visitor(workspace: Workspace, token_hash: str, contact: Contact | None) -> AttachmentQuerySet:
    """What a visitor may see: what was sent in his own conversations, and what he is about to send."""
    own = Q(message=None, held=None, user=None, token_hash=token_hash)
    sent = Q(message__conversation__contact=contact) if contact else Q(pk=None)
    return Attachment.objects.in_workspace(workspace).filter(own | sent)


def seen_by_agent(workspace: Workspace, user: User) -> AttachmentQuerySet:
    """What an agent of the workspace may see: what was sent there, and what they are about to send."""
    return Attachment.objects.in_workspace(workspace).filter(Q(message__isnull=False) | Q(user=user))


def scan(attachment_id: UUID) -> None:
    """Make one attempt at a check for viruses, and tell everybody what came of it; an infected file is deleted."""
    waiting = Attachment.objects.filter(id=attachment_id, state=State.SCANNING)
    if not waiting.update(attempts=F("attempts") + 1, due_at=timezone.now() + OVERDUE):
        return
    attachment = waiting.get()
    try:
        verdict = State.REFUSED if scanner.finds_virus(files.load(attachment)) else State.READY
    except (scanner.NoAnswer, OSError) as error:
        log.warning("file not checked", attachment=str(attachment_id), error=str(error), attempt=attachment.attempts)
        if attachment.attempts < ATTEMPTS:
            waiting.update(due_at=timezone.now() + timedelta(seconds=10) * 2**attachment.attempts)
            return
        verdict = State.FAILED
    _settle(attachment, verdict)


def sweep() -> list[UUID]:
    """Delete what was never sent and what is still to be deleted; the files that are to be checked now."""
    with transaction.atomic():
        _delete(Attachment.objects.unsent().filter(created_at__lt=timezone.now() - UNSENT_FOR))
    files.delete_doomed()
    waiting = Attachment.objects.filter(state=State.SCANNING, due_at__lt=timezone.now())
    return list(waiting.values_list("id", flat=True)[:100])


def _delete(unsent: AttachmentQuerySet) -> None:
    """Under a lock, for one of them may be on its way into a message."""
    for attachment in unsent.select_for_update(skip_locked=True)[:200]:
        attachment.delete()


@transaction.atomic
def _settle(attachment: Attachment, verdict: str) -> None:
    changed = Attachment.objects.filter(id=attachment.id, state=State.SCANNING).update(state=verdict, due_at=None)
    if changed and verdict != State.READY:
        files.doom(attachment)
    if changed:
        transaction.on_commit(lambda: _tell(attachment.id))


def _tell(attachment_id: UUID) -> None:
    """Who sees its message, or the agent whose draft it is part of."""
    with_message = ("message__conversation", "message__user", "message__translation")
    rows = Attachment.objects.select_related("workspace", "conversation", "user", *with_message)
    attachment = rows.filter(id=attachment_id).first()
    if attachment and attachment.message:
        events.publish_again(attachment.message)
    elif attachment and attachment.user:
        tell_unsent(Uploader(attachment.workspace, user=attachment.user, conversation=attachment.conversation))


def _queue_scan(attachment_id: UUID) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.chat.tasks.scan", [str(attachment_id)])
    except Exception as error:
        log.warning("check for viruses not queued", attachment=str(attachment_id), error=repr(error))
