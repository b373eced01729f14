"""What joins rows to conversations: a copy of the counted conversations, and what each of them names.

Both are Parquet files of the workspace, made anew after an import, after an erasure, and when they are older than ten
minutes and somebody asks. A conversation names its contact's addresses, what looks like a number in the customer's
messages, and products of the workspace's datasets.
"""

from __future__ import annotations

import csv
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from supportbot.analytics.datasets import queue, store
from supportbot.analytics.datasets.engine import IMPORT, opened, quoted
from supportbot.analytics.datasets.models import Dataset
from supportbot.analytics.models import Case
from supportbot.chat.models import Message
from supportbot.workspaces.models import Workspace

FRESH = 600  # seconds
LONGEST = 1800  # seconds that making them may take
CODE = re.compile(r"#?\b([A-Za-z]{0,6}-?\d[\dA-Za-z-]{2,30})\b")
WORD = re.compile(r"[\w'-]+")
MOST_PRODUCTS = 20_000
CASES, MENTIONS = "conversations.parquet", "mentions.parquet"
COUNTED = ("conversation_id", "day", *Case.DIMENSIONS, *Case.SUMS, *Case.TIMES)
TYPES = {"conversation_id": "VARCHAR", "day": "DATE", **dict.fromkeys(("channel", "category", "language"), "VARCHAR")}
TYPES |= dict.fromkeys(("handler", "reason", "outcome"), "VARCHAR")


def files(workspace: Workspace) -> tuple[Path, Path]:
    """Counted conversations and mentions; made now if there are none, by a worker if they are old."""
    folder = store.folder_of(workspace.pk)
    cases, mentions = folder / CASES, folder / MENTIONS
    if not (cases.exists() and mentions.exists()):
        renew(workspace)
    elif time.time() - cases.stat().st_mtime > FRESH:
        queue.link(workspace.pk)
    return cases, mentions


def renew(workspace: Workspace) -> None:
    """Make both anew, if any dataset is joined to conversations."""
    if not any(dataset.is_joined for dataset in Dataset.objects.in_workspace(workspace)):
        return
    folder = store.folder_of(workspace.pk)
    counted = Case.objects.in_workspace(workspace).order_by("id").values_list(*COUNTED).iterator(2000)
    types = {name: TYPES.get(name, "INTEGER") for name in COUNTED}
    _write(folder, CASES, {"case_id": "INTEGER", **types}, ((n, *row) for n, row in enumerate(counted)))
    heads = dict.fromkeys(("kind", "value", "conversation_id"), "VARCHAR")
    _write(folder, MENTIONS, heads, _mentions(workspace))


def forget(workspace_id: int) -> None:
    """Delete both: somebody was erased."""
    for name in (CASES, MENTIONS):
        (store.folder_of(workspace_id) / name).unlink(missing_ok=True)


def linked(kind: str, cases: Path, mentions: Path) -> str:
    """A query for each counted conversation with each `join_key` of this kind that it names."""
    counted = f"read_parquet({quoted(str(cases))})"
    if kind == Dataset.Key.DATE:
        return f"SELECT CAST(day AS VARCHAR) AS join_key, * FROM {counted}"
    named = f"read_parquet({quoted(str(mentions))})"
    return (
        f"SELECT m.value AS join_key, c.* FROM {counted} c "
        f"JOIN (SELECT DISTINCT value, conversation_id FROM {named} WHERE kind = {quoted(kind)}) m "
        "USING (conversation_id)"
    )


def _digest_sql(workspace_id: int, column: str) -> str:
    """The digest of an address in a column, as `Forgotten` keeps it."""
    return f"sha256({quoted(f'{workspace_id}:')} || lower(trim({column})))"


def theirs(dataset: Dataset) -> str:
    """The condition on a row of a forgotten person; empty where nothing in the dataset is personal."""
    columns = [column.key for column in dataset.described if column.is_personal and column.type == "text"]
    if dataset.key in (Dataset.Key.EMAIL, Dataset.Key.ORDER):
        columns.append("join_key")
    digests = (_digest_sql(dataset.workspace_id, column) for column in columns)
    return " OR ".join(f"coalesce({one} IN (SELECT digest FROM forgotten), FALSE)" for one in digests)


def _mentions(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    said = Message.objects.in_workspace(workspace).filter(author=Message.Author.CUSTOMER)
    products = _products(workspace)
    for conversation_id, body in said.values_list("conversation_id", "body").iterator(2000):
        for code in {match.upper() for match in CODE.findall(body)}:
            yield Dataset.Key.ORDER, code, str(conversation_id)
        for name in _named(products, body) if products else ():
            yield Dataset.Key.PRODUCT, name, str(conversation_id)
    for conversation_id, *addresses in workspace.conversations.values_list(
        "id", "contact__email", "contact__verified_email"
    ).iterator(2000):
        for address in {one.lower() for one in addresses if one}:
            yield Dataset.Key.EMAIL, address, str(conversation_id)


def _products(workspace: Workspace) -> dict[str, list[list[str]]]:
    """Names of products in words, by their first word."""
    found: dict[str, list[list[str]]] = defaultdict(list)
    joined = Dataset.objects.in_workspace(workspace).filter(key=Dataset.Key.PRODUCT)
    for dataset in (one for one in joined if one.parts):
        paths = store.parts(dataset)
        listed = ", ".join(quoted(str(path)) for path in paths)
        query = f"SELECT DISTINCT join_key FROM read_parquet([{listed}]) WHERE join_key <> '' LIMIT {MOST_PRODUCTS}"
        with opened(store.folder_of(workspace.pk), paths, IMPORT, LONGEST) as engine:
            for (name,) in engine.execute(query).fetchall():
                if words := WORD.findall(name):
                    found[words[0]].append([*words[1:], name])
    return dict(found)


def _named(products: Mapping[str, Sequence[Sequence[str]]], body: str) -> set[str]:
    words = WORD.findall(body.lower())
    return {
        name
        for place, word in enumerate(words)
        for *rest, name in products.get(word, ())
        if words[place + 1 : place + 1 + len(rest)] == rest
    }


def _write(folder: Path, name: str, types: Mapping[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
    """As Parquet, at once in the place of the old file."""
    with TemporaryDirectory(prefix=".links-", dir=folder) as room:
        text, made = Path(room, "rows.csv"), Path(room, name)
        with text.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        columns = ", ".join(f"{quoted(head)}: {quoted(kind)}" for head, kind in types.items())
        own = "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"'"
        read = f"read_csv({quoted(str(text))}, {own}, columns = {{{columns}}})"
        with opened(folder, [text, made], IMPORT, LONGEST) as engine:
            engine.execute(f"COPY (SELECT * FROM {read}) TO {quoted(str(made))} (FORMAT parquet)")
        made.replace(folder / name)
