"""Where attachments lie: Django's default storage. What shall go is written down first, so no file outlives its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from supportbot.chat.attachments.content import Content
from supportbot.chat.attachments.models import Attachment, DoomedFile

log = structlog.get_logger(__name__)


def keep(attachment: Attachment, content: Content) -> None:
    """Store a file and its thumbnail."""
    default_storage.save(attachment.path, ContentFile(content.data))
    if content.small is not None:
        default_storage.save(attachment.small_path, ContentFile(content.small))


def load(attachment: Attachment, *, small: bool = False) -> bytes:
    """A file, or its thumbnail; OSError if the storage does not have it."""
    with default_storage.open(attachment.small_path if small else attachment.path) as file:
        data: bytes = file.read()
        return data


def follow(instance: Attachment, **_: Any) -> None:
    """A row was deleted, perhaps with all of its conversation: its files follow it."""
    doom(instance)


def doom(attachment: Attachment) -> None:
    """The files shall go: in the transaction that changes the row, and with it."""
    doom_paths([attachment.path, attachment.small_path])


@transaction.atomic
def doom_paths(paths: Sequence[str]) -> None:
    """The same of files by their paths."""
    rows = DoomedFile.objects.bulk_create(DoomedFile(path=path) for path in paths)
    transaction.on_commit(lambda: _delete(rows))


def delete_doomed() -> None:
    """What is still there, because the storage did not answer, or the process ended."""
    _delete(list(DoomedFile.objects.order_by("id")[:500]))


def _delete(rows: list[DoomedFile]) -> None:
    for row in rows:
        try:
            default_storage.delete(row.path)
        except OSError as error:
            log.warning("file not deleted; the sweep tries again", path=row.path, error=repr(error))
        else:
            DoomedFile.objects.filter(id=row.id).delete()
