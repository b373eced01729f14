"""Search on SQLite: FTS5 for words, vectors in the process's memory for meaning.

Triggers keep the words and a number for each workspace that grows with every change of its passages, whoever makes it;
a process reads the vectors again when that number is not the one it read them at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from django.db import connection
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from supportbot.knowledge.index.words import ENOUGH, search_words
from supportbot.knowledge.models import Passage
from supportbot.workspaces.models import Workspace

WORKSPACES = 16  # held in memory, those asked for last
COLUMNS = "rowid, scope, heading, text"
VALUES = "{0}.id, 'w' || {0}.workspace_id || {0}.language || {0}.audience, {0}.heading, {0}.text"  # the scope is a word
ROW = f"INSERT INTO knowledge_words({COLUMNS}) VALUES ({VALUES.format('new')});"  # noqa: S608  (of constants)
GONE = f"INSERT INTO knowledge_words(knowledge_words, {COLUMNS}) VALUES ('delete', {VALUES.format('old')});"  # noqa: S608
GROW = (
    "INSERT INTO knowledge_change(workspace_id, number) VALUES ({0}.workspace_id, 1)"
    " ON CONFLICT(workspace_id) DO UPDATE SET number = number + 1;"
)
SCHEMA = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS knowledge_words USING fts5(scope, heading, text, content='',"
    " tokenize='porter unicode61 remove_diacritics 2')",
    "CREATE TABLE IF NOT EXISTS knowledge_change(workspace_id INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_added AFTER INSERT ON knowledge_passage"
    f" BEGIN {ROW} {GROW.format('new')} END",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_deleted AFTER DELETE ON knowledge_passage"
    f" BEGIN {GONE} {GROW.format('old')} END",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_updated AFTER UPDATE ON knowledge_passage"
    f" BEGIN {GONE} {ROW} {GROW.format('new')} END",
)
COUNT = "(SELECT count(*) FROM (SELECT 1 FROM knowledge_words WHERE knowledge_words MATCH %s LIMIT %s))"
BY_WORDS = """
    SELECT rowid FROM knowledge_words WHERE knowledge_words MATCH %s AND rank MATCH 'bm25(0.0, 2.0, 1.0)'
    ORDER BY rank LIMIT %s
"""


@dataclass(frozen=True)
class Vectors:
    """A workspace's passages at one state of the database: ids and vectors of each language and audience."""

    change: int
    parts: Mapping[tuple[str, str], tuple[NDArray[np.int64], NDArray[np.float32]]]


_vectors: OrderedDict[tuple[Any, int], Vectors] = OrderedDict()
_reading = threading.Lock()


def install() -> None:
    """Make what the migrations' own tables lack; again after each, for SQLite makes an altered table anew."""
    with connection.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)


def forget(workspace_id: int) -> None:
    """The number of a workspace that is gone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM knowledge_change WHERE workspace_id = %s", [workspace_id])


def by_words(
    workspace: Workspace, text: str, language: str, audiences: Sequence[str], limit: int, begun: str = ""
) -> list[int]:
    """Passages that have the text's words, or one that begins as `begun` does, by BM25."""
    words = [f'"{word}"' for word in search_words(text, language)] + [f'"{begun}"*'] * bool(begun)
    scope = f"scope: ({_any(f'w{workspace.pk}{language}{audience}' for audience in audiences)})"
    with connection.cursor() as cursor:
        rare, other = _by_rarity(cursor, scope, words)
        if not rare:
            return []
        asked = f"{scope} AND {{heading text}}: ({' OR '.join(rare)})"
        if other:  # the scope is in every passage, so that these need not be
            asked += f" AND ({scope} OR {{heading text}}: ({' OR '.join(other)}))"
        cursor.execute(BY_WORDS, [asked, limit])
        return [row[0] for row in cursor.fetchall()]


def _by_rarity(cursor: CursorWrapper, scope: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The rarest words, which together are in enough passages to rank, and the others that are in any."""
    if not words:
        return [], []
    values = [value for word in words for value in (f"{scope} AND {{heading text}}: {word}", ENOUGH)]
    cursor.execute("SELECT " + ", ".join([COUNT] * len(words)), values)
    known = sorted((count, word) for count, word in zip(cursor.fetchone(), words, strict=True) if count)
    before = accumulate((count for count, _ in known), initial=0)
    rare = sum(1 for count, _ in zip(before, known, strict=False) if count < ENOUGH)
    ordered = [word for _, word in known]
    return ordered[:rare], ordered[rare:]


def _any(words: Iterable[str]) -> str:
    """A query for any of the words, whatever signs are in them."""
    return " OR ".join('"{}"'.format(word.replace('"', " ")) for word in words)


def by_meaning(
    workspace: Workspace, vector: NDArray[np.float32], language: str, audiences: Sequence[str], limit: int
) -> list[int]:
    """The passages whose vectors are nearest."""
    parts = _read(workspace).parts
    found = [parts[language, audience] for audience in audiences if (language, audience) in parts]
    if not found:
        return []
    ids = np.concatenate([ids for ids, _ in found])
    # Not `rows @ vector`: that wakes a thread for each core, who wait for each other when the cores are busy.
    nearness = np.concatenate([np.vecdot(rows, vector) for _, rows in found])
    nearest = np.argpartition(-nearness, limit)[:limit] if len(nearness) > limit else np.arange(len(nearness))
    return [int(ids[at]) for at in nearest[np.argsort(-nearness[nearest], kind="stable")]]


def _read(workspace: Workspace) -> Vectors:
    """The workspace's vectors as the database has them now."""
    place = (connection.settings_dict["NAME"], workspace.pk)
    with _reading:
        known = _vectors.pop(place, None)
        while known is None or known.change != _change(workspace):  # and if it grows while they are read, once more
            known = _load(workspace)
        _vectors[place] = known
        while len(_vectors) > WORKSPACES:
            _vectors.popitem(last=False)
        return known


def _change(workspace: Workspace) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM knowledge_change WHERE workspace_id = %s", [workspace.pk])
        row = cursor.fetchone()
    return row[0] if row else 0


def _load(workspace: Workspace) -> Vectors:
    change = _change(workspace)
    found = defaultdict(list)
    passages = Passage.objects.in_workspace(workspace).order_by("id")
    for id_, language, audience, vector in passages.values_list("id", "language", "audience", "embedding"):
        found[language, audience].append((id_, vector))
    parts = {}
    for place, rows in found.items():
        ids, vectors = zip(*rows, strict=True)
        parts[place] = np.array(ids, np.int64), np.stack(vectors)
    return Vectors(change, parts)
