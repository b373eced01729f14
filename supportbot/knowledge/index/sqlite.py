"""Search on SQLite: FTS5 for words, vectors in the process's memory for meaning.

Triggers keep the words and a number for each workspace that grows with every change of its passages, whoever makes it;
a process reads the vectors again when that number is not the one it read them at.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from supportbot.knowledge.embedding import WIDTH
from supportbot.knowledge.index.words import search_words
from supportbot.knowledge.models import Passage
from supportbot.workspaces.models import Workspace

WORKSPACES = 16  # held in memory, those asked for last
ROW = "INSERT INTO knowledge_words(rowid, heading, text) VALUES (new.id, new.heading, new.text);"
GONE = (
    "INSERT INTO knowledge_words(knowledge_words, rowid, heading, text)"
    " VALUES ('delete', old.id, old.heading, old.text);"
)
GROW = (
    "INSERT INTO knowledge_change(workspace_id, number) VALUES ({0}.workspace_id, 1)"
    " ON CONFLICT(workspace_id) DO UPDATE SET number = number + 1;"
)
SCHEMA = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS knowledge_words USING fts5(heading, text, content='knowledge_passage',"
    " content_rowid='id', tokenize='porter unicode61 remove_diacritics 2')",
    "CREATE TABLE IF NOT EXISTS knowledge_change(workspace_id INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_added AFTER INSERT ON knowledge_passage"
    f" BEGIN {ROW} {GROW.format('new')} END",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_deleted AFTER DELETE ON knowledge_passage"
    f" BEGIN {GONE} {GROW.format('old')} END",
    "CREATE TRIGGER IF NOT EXISTS knowledge_passage_updated AFTER UPDATE ON knowledge_passage"
    f" BEGIN {GONE} {ROW} {GROW.format('new')} END",
)
BY_WORDS = """
    SELECT passage.id FROM knowledge_words JOIN knowledge_passage AS passage ON passage.id = knowledge_words.rowid
    WHERE knowledge_words MATCH %s AND passage.workspace_id = %s AND passage.language = %s
        AND passage.audience IN (SELECT value FROM json_each(%s))
    ORDER BY bm25(knowledge_words, 2.0, 1.0) LIMIT %s
"""


@dataclass(frozen=True)
class Vectors:
    """A workspace's passages at one state of the database."""

    change: int
    ids: NDArray[np.int64]
    languages: NDArray[np.str_]
    audiences: NDArray[np.str_]
    rows: NDArray[np.float32]


_vectors: OrderedDict[tuple[Any, int], Vectors] = OrderedDict()
_reading = threading.Lock()


def install() -> None:
    """Make what the migrations' own tables lack; again after each, for SQLite makes an altered table anew."""
    with connection.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)


def by_words(
    workspace: Workspace, text: str, language: str, audiences: Sequence[str], limit: int, begun: str = ""
) -> list[int]:
    """Passages that have the text's words, or one that begins as `begun` does, by BM25."""
    words = [f'"{word}"' for word in search_words(text, language)] + [f'"{begun}"*'] * bool(begun)
    if not words:
        return []
    asked = " OR ".join(words)
    with connection.cursor() as cursor:
        cursor.execute(BY_WORDS, [asked, workspace.pk, language, json.dumps(list(audiences)), limit])
        return [row[0] for row in cursor.fetchall()]


def by_meaning(
    workspace: Workspace, vector: NDArray[np.float32], language: str, audiences: Sequence[str], limit: int
) -> list[int]:
    """The passages whose vectors are nearest."""
    known = _read(workspace)
    allowed = np.flatnonzero((known.languages == language) & np.isin(known.audiences, list(audiences)))
    nearness = (known.rows @ vector)[allowed]
    nearest = np.argpartition(-nearness, limit)[:limit] if len(nearness) > limit else np.arange(len(nearness))
    return [int(known.ids[allowed[at]]) for at in nearest[np.argsort(-nearness[nearest], kind="stable")]]


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
    rows = list(
        Passage.objects.in_workspace(workspace).values_list("id", "language", "audience", "embedding").order_by("id")
    )
    ids, languages, audiences, vectors = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Vectors(
        change,
        np.array(ids, np.int64),
        np.array(languages, np.str_),
        np.array(audiences, np.str_),
        np.stack(vectors) if rows else np.zeros((0, WIDTH), np.float32),
    )
