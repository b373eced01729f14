"""Exports of a workspace: asked for by an owner, written by a worker, downloaded for some days."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat.attachments import files
from supportbot.offboarding import archive
from supportbot.offboarding.archive import Part
from supportbot.offboarding.kinds import all_kinds
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import AuditEntry, User, Workspace

log = structlog.get_logger(__name__)
ATTEMPTS = 5
SILENT = timedelta(minutes=2)  # then its worker is gone
QUEUED_FOR = timedelta(seconds=10)  # until the sweep queues it again
State = Export.State


class Refused(Exception):
    """Why it can't be done, in words."""


class _Stopped(Exception):
    """It was taken away, or another worker is at it."""


@transaction.atomic
def ask(workspace: Workspace, *, by: User) -> Export:
    """Note that a workspace is to be exported; Refused while another export of it is written."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    if Export.objects.in_workspace(workspace).filter(state__in=Export.OPEN).exists():
        raise Refused("An export is being written already. Wait until it is done, or take it away.")
    export = Export.objects.create(workspace=workspace, asked_by=by)
    note(export, "asked", by)
    transaction.on_commit(partial(_queue, export.pk))
    return export


@transaction.atomic
def take_away(export: Export, *, by: User) -> None:
    """Delete one with its files, whatever its state; a worker that is at it notices with its next rows."""
    note(export, "deleted", by)
    _discard(export)


def note(export: Export, done: str, by: User) -> None:
    """Tell the audit log."""
    AuditEntry.objects.create(
        workspace=export.workspace, actor=by, action=f"workspace.export_{done}", target=str(export.pk)
    )


def discard_all(workspace: Workspace) -> int:
    """Delete all of a workspace's; how many there were."""
    found = list(Export.objects.in_workspace(workspace))
    for export in found:
        _discard(export)
    return len(found)


def sweep() -> None:
    """Queue again what a worker has left, give up what fails again and again, delete what is past its time."""
    now = timezone.now()
    waiting = Q(state=State.WAITING, beat_at__lt=now - QUEUED_FOR) | Q(state=State.RUNNING, beat_at__lt=now - SILENT)
    left = Export.objects.filter(waiting)
    left.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED, expires_at=now + timedelta(days=1))
    for pk in left.filter(attempts__lt=ATTEMPTS).values_list("pk", flat=True):
        _queue(pk)
    for export in Export.objects.filter(expires_at__lt=now):
        _discard(export)


def run(export_id: int) -> None:
    """Write what is not written yet; one that a worker is at, or that is over, is left alone."""
    now = timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=now - SILENT)
    mine = Export.objects.filter(free, pk=export_id)
    if not mine.update(state=State.RUNNING, beat_at=now, attempts=F("attempts") + 1):
        return
    export = Export.objects.select_related("workspace", "asked_by").get(pk=export_id)
    try:
        _write(export)
    except _Stopped:
        if not Export.objects.filter(pk=export_id).exists():  # else another worker needs what is there
            files.doom_paths(archive.paths(export))
    except Exception:
        log.exception("export not written", export=export_id, attempt=export.attempts)
        _mine(export).update(state=State.WAITING, beat_at=timezone.now())


def _write(export: Export) -> None:
    total = sum(kind.rows(export.workspace).count() for kind in all_kinds())
    written = sum(part["rows"] for part in export.parts.values())
    _beat(export, total=total, done=written)

    def told(stage: str, rows: int) -> None:
        _beat(export, stage=stage.replace("_", " "), done=F("done") + rows)

    def keep(name: str, part: Part) -> None:
        export.parts[name] = part
        _beat(export, parts=export.parts)

    archive.write_parts(export, told, keep)
    whole = archive.put_together(export, told)
    until = timezone.now() + timedelta(days=Export.days())
    _beat(export, state=State.DONE, size=whole["bytes"], sha256=whole["sha256"], expires_at=until)
    files.doom_paths([path for path in archive.paths(export) if path != export.path])
    _tell(export)


def _mine(export: Export) -> QuerySet[Export]:
    return Export.objects.filter(pk=export.pk, state=State.RUNNING, attempts=export.attempts)


def _beat(export: Export, **values: object) -> None:
    """Write down how far it is; _Stopped if it is no longer this worker's."""
    if not _mine(export).update(beat_at=timezone.now(), **values):
        raise _Stopped


@transaction.atomic
def _discard(export: Export) -> None:
    files.doom_paths(archive.paths(export))
    export.delete()


def _tell(export: Export) -> None:
    """An e-mail to who waits for it, if they still work here."""
    if export.asked_by is None or not export.asked_by.is_active:
        return
    address = f"{settings.SITE_ADDRESS}{reverse('workspace-data')}?workspace={export.workspace.slug}"
    text = f"The export that you asked for is ready for {Export.days()} days:\n\n{address}\n"
    name = " ".join(export.workspace.name.split())
    try:
        EmailMessage(f"Export of {name}", text, to=[export.asked_by.email]).send()
    except OSError as error:
        log.warning("not told that an export is ready", export=export.pk, error=repr(error))


def _queue(export_id: int) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.offboarding.tasks.write_export", [export_id])
    except Exception as error:
        log.warning("export not queued", export=export_id, error=repr(error))
