"""The use cases of an import: start, carry out, come again, undo. A page, a command or a worker calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from supportbot.knowledge.imports import files, site
from supportbot.knowledge.imports.documents import Document, Skipped, Unreadable
from supportbot.knowledge.imports.store import store
from supportbot.knowledge.models import Import, ImportedFile, ImportItem
from supportbot.knowledge.queue import queue_import
from supportbot.workspaces.models import AuditEntry, User

log = structlog.get_logger(__name__)
CLAIM = timedelta(seconds=90)
EVERY = {Import.Refresh.DAILY: timedelta(days=1), Import.Refresh.WEEKLY: timedelta(days=7)}
UPLOAD = 50 * 1024 * 1024  # bytes of all files of one import
Outcome, State = ImportItem.Outcome, Import.State


def start(run: Import, uploads: Iterable[files.Named] = (), *, queue: bool = True) -> Import:
    """Accept a new import, of an address or of files; a worker carries it out."""
    run.kind = Import.Kind.SITE if run.address else Import.Kind.FILES
    with transaction.atomic():
        run.save()
        for name, content in uploads:
            ImportedFile.objects.create(import_run=run, name=name[-300:], content=content)
        _audit(run, "import.started", run.started_by, what=str(run))
        if queue:
            transaction.on_commit(lambda: queue_import(run.id))
    return run


def carry_out(import_id: int) -> None:
    """Do an import that waits; nothing if somebody else is at it, or it is over."""
    if not _claim(import_id):
        return
    run = Import.objects.select_related("workspace", "started_by").get(id=import_id)
    try:
        _take_all(run)
    except Unreadable as error:
        _finish(run, State.FAILED, str(error))
    except Exception:
        log.exception("import failed", import_run=run.id)
        _finish(run, State.FAILED, "An error that should not happen; what was taken until then stays.")
    else:
        _finish(run, State.DONE)


def queue_waiting() -> None:
    """Queue what nobody is at, and the sites whose time has come."""
    now = timezone.now()
    for run in (
        Import.objects.in_open_workspaces().filter(next_run_at__lte=now).select_related("workspace", "started_by")
    ):
        if Import.objects.filter(id=run.id, next_run_at=run.next_run_at).update(next_run_at=None):
            again(run)
    waiting = Import.objects.filter(
        state__in=(State.WAITING, State.RUNNING), created_at__lt=now - timedelta(seconds=10)
    )
    for import_id in waiting.filter(_unclaimed()).values_list("id", flat=True)[:20]:
        queue_import(import_id)


def again(run: Import, by: User | None = None) -> Import:
    """Visit a site once more, with a report of its own."""
    Import.objects.filter(id=run.id).update(next_run_at=None)
    names = ("workspace", "address", "language", "audience", "publish", "refresh")
    return start(Import(started_by=by or run.started_by, **{name: getattr(run, name) for name in names}))


def undo(run: Import, by: User | None = None) -> list[ImportItem]:
    """Bring back what was before, but for what was changed since; those items are returned, with the reason."""
    kept = []
    with transaction.atomic():
        for item in reversed(run.items.filter(outcome__in=(Outcome.ADDED, Outcome.UPDATED)).select_related("article")):
            if not _take_back(item, by):
                item.reason = "kept at the undo: it was changed since"
                item.save()
                kept.append(item)
        run.files.all().delete()
        Import.objects.filter(id=run.id).update(state=State.UNDONE, next_run_at=None, finished_at=timezone.now())
        _audit(run, "import.undone", by, kept=len(kept))
    return kept


def _unclaimed() -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())


def _claim(import_id: int) -> bool:
    waiting = Import.objects.filter(_unclaimed(), id=import_id, state__in=(State.WAITING, State.RUNNING))
    return bool(waiting.update(state=State.RUNNING, claimed_until=timezone.now() + CLAIM))


def _take_all(run: Import) -> None:
    """Take what is found; what an interrupted attempt took already is left as it is."""
    known = set(run.items.values_list("source", flat=True))
    done = len(known)
    for found, total in _found(run):
        if found.source in known:
            continue
        done += 1
        at_it = Import.objects.filter(id=run.id, state=State.RUNNING)
        if not at_it.update(done=done, total=max(total, done), claimed_until=timezone.now() + CLAIM):
            return  # undone meanwhile
        store(run, found)


def _found(run: Import) -> Iterator[tuple[Document | Skipped, int]]:
    """Each document, with how many are known to come."""
    if run.kind == Import.Kind.SITE:
        crawl = site.Crawl(run.address)
        yield from ((found, len(crawl.found)) for found in crawl.documents())
        return
    uploads = [(upload.name, bytes(upload.content)) for upload in run.files.order_by("id")]
    total = sum(files.count(name, content) for name, content in uploads)
    yield from ((found, total) for found in files.documents(uploads))


def _finish(run: Import, state: str, message: str = "") -> None:
    every = EVERY.get(Import.Refresh(run.refresh)) if run.kind == Import.Kind.SITE else None
    now = timezone.now()
    with transaction.atomic():
        run.files.all().delete()
        if not message and not run.items.exists():
            state, message = State.FAILED, "Nothing was found that can be read."
        Import.objects.filter(id=run.id, state=State.RUNNING).update(
            state=state,
            message=message[:500],
            finished_at=now,
            claimed_until=None,
            next_run_at=now + every if every else None,
        )


def _take_back(item: ImportItem, by: User | None) -> bool:
    """Undo one item; False if the article was changed since."""
    article = item.article
    if article is None:
        return True
    if article.versions.values_list("number", flat=True).first() != item.version:
        return False
    if item.before is None:
        article.delete()
        return True
    for name, value in item.before.items():
        setattr(article, name, value)
    article.save(by=by)
    return True


def _audit(run: Import, action: str, by: User | None, **details: Any) -> None:
    AuditEntry.objects.create(
        workspace=run.workspace, actor=by, action=action, target=f"import {run.id}", details=details
    )
