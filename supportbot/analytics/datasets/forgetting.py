"""What a person has a right to: the own rows are told, removed or masked, and no later file brings them back.

Rows are a person's by an address that the shop vouches for (a claimed one is no proof), or by the number of an order of
that address. An administrator may name an address or a key besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from supportbot.analytics.datasets import links, queue, store
from supportbot.analytics.datasets.engine import IMPORT, opened, quoted
from supportbot.analytics.datasets.models import Dataset, Forgotten
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.models import Contact
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Workspace

LONGEST = 3600  # seconds of one dataset
MOST = 1000  # rows of a dataset that an export tells


def hear(event: Event, subject: Subject, **_: Any) -> None:
    """A contact was erased: in that transaction it is written down what shall be forgotten."""
    if event == Event.CONTACT_ERASED and isinstance(subject, Contact):
        forget(subject.workspace, _keys(subject))


@transaction.atomic
def forget(workspace: Workspace, values: Iterable[str]) -> None:
    """Have a worker take the rows with these addresses or keys out of all datasets of the workspace."""
    Forgotten.objects.bulk_create(
        [Forgotten(workspace=workspace, digest=_digest(workspace.pk, value)) for value in values], ignore_conflicts=True
    )
    touched = Dataset.objects.in_workspace(workspace).update(is_to_forget=True)
    if touched:
        transaction.on_commit(lambda: _go_on(workspace.pk))


def sweep_out(workspace: Workspace) -> None:
    """Write the files anew that have rows of forgotten people; reports of bad rows go as a whole."""
    digests = list(Forgotten.objects.in_workspace(workspace).values_list("digest", flat=True))
    for dataset in Dataset.objects.in_workspace(workspace).filter(is_to_forget=True):
        test = links.theirs(dataset)
        written = {path.name: _rewritten(dataset, path, test, digests) for path in store.parts(dataset)} if test else {}
        with transaction.atomic():
            row = Dataset.objects.select_for_update().get(pk=dataset.pk)
            row.parts = [written.get(name, name) for name in row.parts]
            row.is_to_forget = False
            row.rows, row.updated_at = store.count(row), timezone.now()
            row.save(update_fields=["parts", "is_to_forget", "rows", "updated_at"])
        store.drop_others(row)
        for report in store.folder_of(workspace.pk).glob(f"{dataset.pk}-bad-*.csv"):
            report.unlink(missing_ok=True)
    links.renew(workspace)


def rows_of(contact: Contact) -> list[dict[str, Any]]:
    """For an export: each dataset that has rows of the contact, and these."""
    keys, told = _keys(contact), []
    for dataset in Dataset.objects.in_workspace(contact.workspace) if keys else ():
        digests = [_digest(contact.workspace_id, key) for key in keys]
        test, files = links.theirs(dataset), store.parts(dataset)
        if not (test and files):
            continue
        listed = ", ".join(quoted(str(path)) for path in files)
        shown = ", ".join(column.key for column in dataset.described)
        query = f"SELECT {shown} FROM read_parquet([{listed}]) WHERE {test} LIMIT {MOST}"
        with opened(store.folder_of(dataset.workspace_id), files, IMPORT, LONGEST) as engine:
            engine.execute("CREATE TEMP TABLE forgotten AS SELECT unnest($1::VARCHAR[]) AS digest", [digests])
            rows = engine.execute(query).fetchall()
        labels = [column.label for column in dataset.described]
        found = [dict(zip(labels, ["" if v is None else str(v) for v in row], strict=True)) for row in rows]
        told += [{"dataset": dataset.name, "rows": found}] if found else []
    return told


def _keys(contact: Contact) -> list[str]:
    if not contact.verified_email:
        return []
    orders = Order.objects.in_workspace(contact.workspace).filter(email__iexact=contact.verified_email)
    return [contact.verified_email, *orders.values_list("number", flat=True)]


def _digest(workspace_id: int, value: str) -> str:
    return hashlib.sha256(f"{workspace_id}:{value.strip().lstrip('#').lower()}".encode()).hexdigest()


def _rewritten(dataset: Dataset, path: Path, test: str, digests: list[str]) -> str:
    """The name of the file without these rows, or with them masked; the old name if it has none."""
    made = path.with_name(f"{dataset.pk}-rows-{uuid4().hex}.parquet")
    rows = f"read_parquet({quoted(str(path))})"
    with opened(path.parent, [path, made], IMPORT, LONGEST) as engine:
        engine.execute("CREATE TEMP TABLE forgotten AS SELECT unnest($1::VARCHAR[]) AS digest", [digests])
        found = engine.execute(f"SELECT 1 FROM {rows} WHERE {test} LIMIT 1").fetchone()
        if not found:
            return path.name
        shown, where = "*", f" WHERE NOT ({test})"
        if dataset.on_erasure == Dataset.OnErasure.MASK:
            hidden = [column.key for column in dataset.described if column.is_personal]
            masked = [f"CASE WHEN {test} THEN NULL ELSE {key} END AS {key}" for key in [*hidden, "join_key"]]
            shown, where = f"* REPLACE ({', '.join(masked)})", ""
        query = f"SELECT {shown} FROM {rows}{where}"
        engine.execute(f"COPY ({query}) TO {quoted(str(made))} (FORMAT parquet, COMPRESSION zstd)")
    return made.name


def _go_on(workspace_id: int) -> None:
    links.forget(workspace_id)
    queue.forget(workspace_id)
