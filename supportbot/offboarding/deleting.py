"""The deletion of a workspace, in batches: each is a transaction of its own, with its count in the certificate's row.

Whoever comes after a worker that was stopped goes on: what is left to delete is what is still there.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import structlog
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import RESTRICT, Model, Q
from django.utils import timezone

from supportbot.analytics.models import Mark, VersionEvaluation
from supportbot.billing import subscribing
from supportbot.celery import app
from supportbot.chat import erasing
from supportbot.chat.models import Contact, ExpertTraining
from supportbot.chat.versions import learning, serving
from supportbot.knowledge.index import sqlite
from supportbot.offboarding import certificate, exporting, leftovers, people
from supportbot.offboarding.kinds import path_of
from supportbot.workspaces.models import AuditEntry, Deletion, Workspace

log = structlog.get_logger(__name__)
BATCH, CONTACTS = 500, 20  # rows, contacts with all that they said
SILENT = timedelta(minutes=1)  # then its worker is gone, or the queue has lost it
CHANGES = ("added", "changed", "deleted")  # as the admin tells them to both logs


def sweep() -> None:
    """Have a worker begin what is due, or go on with what was left."""
    now = timezone.now()
    due = Q(begun_at=None) | Q(beat_at__lt=now - SILENT)
    for deletion in Deletion.objects.filter(due, done_at=None, due_at__lte=now):
        Deletion.objects.filter(pk=deletion.pk).update(beat_at=now)
        _queue(deletion)


def run(deletion_id: str) -> None:
    """Delete until nothing is left, or somebody else is at it."""
    while step(deletion_id):
        pass


@transaction.atomic
def step(deletion_id: str) -> bool:
    """One batch; whether there may be more."""
    rows = Deletion.objects.select_for_update(skip_locked=True)
    deletion = rows.filter(pk=deletion_id, done_at=None, due_at__lte=timezone.now()).first()
    if deletion is None:
        return False
    workspace = Workspace.objects.filter(pk=deletion.workspace_number).first()
    if deletion.begun_at is None and workspace:
        _begin(deletion, workspace)
    elif workspace:
        _count(deletion, _batch(deletion, workspace) or _end(workspace))
    elif deletion.people:
        now, deletion.people = deletion.people[:BATCH], deletion.people[BATCH:]
        _count(deletion, Counter({"accounts": sum(map(people.see_to, now))}))
    elif left := leftovers.find(deletion.workspace_number, deletion.versions):
        log.warning("deletion not done; the sweep tries again", deletion=deletion_id, left=left)
        return False
    else:
        deletion.done_at = timezone.now()
        deletion.signature = certificate.sign(deletion)
    deletion.beat_at = timezone.now()
    deletion.save()
    return deletion.done_at is None


def _begin(deletion: Deletion, workspace: Workspace) -> None:
    """Note who is to be seen to, while their names are still there; nobody pays for it any more."""
    subscribing.end_with_workspace(workspace)
    deletion.begun_at, deletion.people = timezone.now(), people.of(workspace)
    _count(deletion, Counter({"entries of the admin’s log": _forget_admin_log(workspace)}))


def _batch(deletion: Deletion, workspace: Workspace) -> Counter[str]:
    """What was deleted of the first kind of which there is something; nothing if nothing is left."""
    exports = Counter({"exports": exporting.discard_all(workspace)})
    return +exports or _versions(deletion, workspace) or _contacts(workspace) or _rows(workspace)


def _versions(deletion: Deletion, workspace: Workspace) -> Counter[str]:
    """The next version of the model that has learnt from the workspace."""
    training = ExpertTraining.objects.in_workspace(workspace).first()
    if training is None:
        return Counter()
    if training.version:
        serving.withdraw(training.version)
        VersionEvaluation.objects.filter(version=training.version).delete()
        deletion.versions = [*deletion.versions, training.version]
    folder = learning.folder_of(training)
    for place in (folder, folder.with_name(f"{folder.name}.part")):
        if place.exists():
            shutil.rmtree(place)
    return Counter(training.delete()[1])


def _contacts(workspace: Workspace) -> Counter[str]:
    found: Counter[str] = Counter()
    for contact in Contact.objects.in_workspace(workspace).order_by("pk")[:CONTACTS]:
        ids, gone = erasing.erase_with_workspace(contact)
        Mark.objects.filter(conversation_id__in=ids).delete()
        found += Counter(gone)
    return found


def _rows(workspace: Workspace) -> Counter[str]:
    found: Counter[str] = Counter()
    for model in _models():
        rows = model._base_manager.filter(**{path_of(model) or "": workspace.pk}).order_by("pk")
        if ids := list(rows.values_list("pk", flat=True)[: BATCH - found.total()]):
            found += Counter(model._base_manager.filter(pk__in=ids).delete()[1])
        if found.total() >= BATCH:
            break
    return found


@cache
def _models() -> list[type[Model]]:
    """All that have rows of a workspace, those first that keep others from being deleted; the audit log is last."""
    own = [model for model in apps.get_models() if path_of(model) and model is not AuditEntry]
    return [*sorted(own, key=lambda model: not any(_restricts(model))), AuditEntry]


def _restricts(model: type[Model]) -> Iterator[bool]:
    return (field.remote_field.on_delete is RESTRICT for field in model._meta.fields if field.remote_field)


def _end(workspace: Workspace) -> Counter[str]:
    """The workspace itself, with whatever came in at the last moment; nothing new can hang on it now."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    if connection.vendor == "sqlite":
        sqlite.forget(workspace.pk)
    return Counter(workspace.delete()[1])


def _count(deletion: Deletion, gone: Counter[str]) -> None:
    deletion.counts = dict(Counter(deletion.counts) + Counter({_words(kind): count for kind, count in gone.items()}))


def _words(kind: str) -> str:
    """What a model's rows are called, if it is the name of one."""
    return str(apps.get_model(kind)._meta.verbose_name_plural) if "." in kind else kind


def _forget_admin_log(workspace: Workspace) -> int:
    """Django's own log has no workspace: its entries are those on rows that are there, or that the audit log names."""
    count = 0
    for content_type in ContentType.objects.filter(logentry__isnull=False).distinct():
        model = content_type.model_class()
        if model and (path_of(model) or model is Workspace):
            entries = LogEntry.objects.filter(content_type=content_type)
            ids = sorted({*map(str, entries.exclude(object_id=None).values_list("object_id", flat=True))})
            for at in range(0, len(ids), BATCH):
                mine = _of(workspace, model, ids[at : at + BATCH])
                count += entries.filter(object_id__in=mine).delete()[0]
    return count


def _of(workspace: Workspace, model: type[Model], ids: list[str]) -> set[str]:
    rows = model._base_manager.filter(**{path_of(model) or "pk": workspace.pk})
    there = rows.filter(pk__in=[model._meta.pk.to_python(pk) for pk in ids])
    actions = [f"{model._meta.model_name}.{change}" for change in CHANGES]
    by_the_admin = AuditEntry.objects.in_workspace(workspace).exclude(details__has_key="key")  # the API tells names
    named = by_the_admin.filter(action__in=actions, target__in=ids)
    return {*map(str, there.values_list("pk", flat=True)), *named.values_list("target", flat=True)}


def _queue(deletion: Deletion) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.offboarding.tasks.delete_workspace", [str(deletion.pk)])
    except Exception as error:
        log.warning("deletion not queued", deletion=str(deletion.pk), error=repr(error))
