"""Messages put together by meaning: groups, a name from their own words, and those of a group that are still there."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from supportbot.analytics.models import Gap, Topic
from supportbot.chat.models import Message
from supportbot.knowledge.index.words import search_words
from supportbot.workspaces.models import Workspace

APART = 0.45  # mean cosine distance from which messages are about something else
SMALLEST = 3  # messages that make a group
WORD = re.compile(r"[^\W\d_]{2,}")
FEWEST = 3  # words of a message; what has fewer says too little to be put beside others
SHARED = 0.6  # of a group's messages have the words of its name
LEAD = 0.3  # by which that share is more than the others'
NAMED_BY = 2  # words
SAYING_LITTLE = """also anyone anything can come get give got hello help hi know need offer one possible somebody
someone tell thanks there use want yes"""
EMPTY = frozenset(SAYING_LITTLE.split())
NAME_LIMIT = 40


def says_enough(text: str) -> bool:
    """Whether it can be put beside others."""
    return len(WORD.findall(text)) >= FEWEST


def groups(vectors: NDArray[np.float32]) -> list[NDArray[np.int64]]:
    """Groups of the indices of unit vectors [n, width], each with its most typical first."""
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415  (a web process has no need of it)

    if len(vectors) < SMALLEST:
        return []
    clusters = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=APART)
    members: dict[int, list[int]] = defaultdict(list)
    for index, name in enumerate(clusters.fit_predict(vectors)):
        members[int(name)].append(index)
    found = [np.array(own) for own in members.values() if len(own) >= SMALLEST]
    return [own[np.argsort(-(vectors[own] @ vectors[own].mean(axis=0)), kind="stable")] for own in found]


def name_of(own: Sequence[Message], others: Sequence[Message]) -> str:
    """Words that most of the group's messages have and others seldom, neighbours if possible; empty where none are."""
    here, there = _counts(own), _counts(others)
    lead = {term: count / len(own) - there[term] / max(1, len(others)) for term, count in here.items()}
    common = [term for term, count in here.items() if count >= SHARED * len(own)]
    telling = [term for term in common if lead[term] >= LEAD]
    best = sorted(telling, key=lambda term: (" " not in term, -lead[term], term))
    pair = [term for term in best if " " in term][:1]
    return " ".join(pair or best[:NAMED_BY])[:NAME_LIMIT]


def still_there(workspace: Workspace, rows: Sequence[Gap] | Sequence[Topic]) -> list[list[Message]]:
    """The messages of each row that were not erased, the most typical first."""
    ids = [id_ for row in rows for id_ in row.messages]
    found = {str(id_): message for id_, message in Message.objects.in_workspace(workspace).in_bulk(ids).items()}
    return [[found[id_] for id_ in row.messages if id_ in found] for row in rows]


def _counts(messages: Sequence[Message]) -> Counter[str]:
    """In how many messages each word stands, and each pair of neighbours."""
    counts: Counter[str] = Counter()
    for message in messages:
        found = search_words(message.body, message.language[:2] or "en")
        words = [word for word in found if WORD.fullmatch(word) and word not in EMPTY]
        counts.update({*words, *(f"{one} {other}" for one, other in pairwise(words))})
    return counts
