"""The use cases of a dataset: bring a file, say what its columns are, have it taken, forget somebody, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from supportbot.analytics.datasets import forgetting, queue, store
from supportbot.analytics.datasets.columns import TYPES, USES, Column, key_of
from supportbot.analytics.datasets.engine import Refused
from supportbot.analytics.datasets.formats import describe, of_parts
from supportbot.analytics.datasets.models import Dataset, Upload
from supportbot.analytics.datasets.reading import places_of
from supportbot.chat.storable import storable
from supportbot.workspaces.models import AuditEntry, User, Workspace

State, Mode = Upload.State, Upload.Mode
UNCONFIRMED = timedelta(days=1)


def begin(workspace: Workspace, name: str, file: UploadedFile[Any], by: User) -> Dataset:
    """A new dataset from its first file, to be confirmed; Refused in the user's words."""
    name = storable(name).strip()[:60] or storable(file.name or "").rsplit(".", 1)[0][:60]
    if Dataset.objects.in_workspace(workspace).filter(name__iexact=name).exists():
        raise Refused(f"There is a dataset “{name}” already. Choose another name, or add the file to it.")
    with transaction.atomic():
        dataset = Dataset.objects.create(workspace=workspace, name=name, created_by=by)
        upload = _kept(dataset, file, Mode.REPLACE, by)
        columns = _looked_at(upload)
        dataset.columns = [column.kept for column in columns]
        dataset.key, dataset.key_column = key_of(columns)
        dataset.save()
        upload.save(update_fields=["form"])
    audit(dataset, by, "added", file=upload.name)
    return dataset


def add(dataset: Dataset, file: UploadedFile[Any], mode: str, by: User) -> Upload:
    """One more file for it, after its rows or in their place."""
    if dataset.uploads.filter(state__in=(*Upload.OPEN, State.DESCRIBED)).exists():
        raise Refused("Another file of this dataset is on its way. Wait until it is done.")
    with transaction.atomic():
        upload = _kept(dataset, file, Mode(mode) if mode in Mode.values else Mode.APPEND, by)
        _looked_at(upload)
        upload.state = State.WAITING
        upload.save(update_fields=["form", "state"])
        transaction.on_commit(lambda: queue.take(upload.pk))
    audit(dataset, by, "file_added", file=upload.name, mode=upload.mode)
    return upload


@transaction.atomic
def settle(dataset: Dataset, asked: Mapping[str, str], by: User) -> Upload | None:
    """What the columns and the key are, as a form has it; gives what has to be read now, if anything."""
    was = (dataset.columns, dataset.key, dataset.key_column, dataset.on_erasure)
    columns = [_settled(column, asked) for column in dataset.described]
    key, key_column = asked.get("key", ""), asked.get("key_column", "")
    if key and key not in Dataset.Key.values or key and key_column not in [column.key for column in columns]:
        raise Refused("Choose the column that holds the key.")
    of_key = next((column for column in columns if column.key == key_column), None)
    if key == Dataset.Key.DATE and of_key and not of_key.is_day:
        raise Refused(f"“{of_key.label}” is no date. Choose a column of dates for this key, or change its type.")
    dataset.columns, dataset.key = [column.kept for column in columns], key
    dataset.key_column = key_column if key else ""
    erasure = asked.get("on_erasure", "")
    dataset.on_erasure = erasure if erasure in Dataset.OnErasure.values else dataset.on_erasure
    dataset.save(update_fields=["columns", "key", "key_column", "on_erasure"])
    upload = dataset.uploads.filter(state=State.DESCRIBED).first()
    is_changed = was != (dataset.columns, dataset.key, dataset.key_column, dataset.on_erasure)
    if upload is None and is_changed and dataset.parts:
        own = {"name": "its own rows, read anew", "form": of_parts(dataset), "started_by": by}
        upload = Upload.objects.create(dataset=dataset, mode=Mode.REPLACE, **own)
    if upload:
        Upload.objects.filter(pk=upload.pk).update(state=State.WAITING)
        transaction.on_commit(lambda: queue.take(upload.pk))
    if is_changed:
        audit(dataset, by, "changed", key=dataset.key)
    return upload


def forget_person(dataset: Dataset, value: str, by: User) -> None:
    """Rows with this address or key go, here and in the workspace's other datasets."""
    if not value.strip():
        raise Refused("Say whom: an e-mail address, or the key of a row.")
    forgetting.forget(dataset.workspace, [storable(value)])
    audit(dataset, by, "person_forgotten")


def delete(dataset: Dataset, by: User) -> None:
    """With its rows, files and charts."""
    audit(dataset, by, "deleted", rows=dataset.rows)
    dataset.delete()


def drop_unconfirmed() -> None:
    """Files that nobody confirmed in a day, and their datasets if they have no rows."""
    old = Upload.objects.filter(state=State.DESCRIBED, created_at__lt=timezone.now() - UNCONFIRMED)
    for upload in old.select_related("dataset"):
        store.source(upload).unlink(missing_ok=True)
        upload.finish(State.FAILED, "Nobody confirmed it.")
        if not upload.dataset.parts:
            upload.dataset.delete()


def audit(dataset: Dataset, by: User, done: str, **details: object) -> None:
    """In the workspace's log."""
    own = {"workspace": dataset.workspace, "actor": by, "target": dataset.name, "details": details}
    AuditEntry.objects.create(action=f"dataset.{done}", **own)


def _kept(dataset: Dataset, file: UploadedFile[Any], mode: Upload.Mode, by: User) -> Upload:
    name = storable(file.name or "")[-200:]
    upload = Upload.objects.create(dataset=dataset, name=name, mode=mode, size=file.size or 0, started_by=by)
    store.keep(upload, file)
    return upload


def _looked_at(upload: Upload) -> list[Column]:
    """Note how the file is written; if it is not of the dataset, or nothing can read it, it goes again."""
    try:
        upload.form, columns = describe(store.source(upload))
        places_of(upload.form, upload.dataset.described or columns)
    except Refused:
        store.source(upload).unlink(missing_ok=True)
        raise
    return columns


def _settled(column: Column, asked: Mapping[str, str]) -> Column:
    type_, use = (asked.get(f"{name}-{column.key}", "") for name in ("type", "use"))
    type_ = type_ if type_ in TYPES else column.type
    use = use if use in USES else column.use
    if use in ("sum", "average") and type_ != "number":
        use = "split" if type_ in ("text", "bool") else "hidden"
    words, unit = (storable(asked.get(f"{name}-{column.key}", "")).strip() for name in ("words", "unit"))
    is_personal = f"personal-{column.key}" in asked
    use = "hidden" if is_personal else use
    return replace(column, type=type_, use=use, words=words[:200], unit=unit[:10], is_personal=is_personal)
