"""Finds the passages that a reply stands on. Is given what embeds a text; knows no model and no conversation.

Two searches, by words and by meaning, are fused by weighted reciprocal rank (after Cormack et al. 2009). What may be
found is decided by the articles themselves, in the query that reads the passages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from supportbot.knowledge.index import postgres, sqlite
from supportbot.knowledge.index.words import search_words
from supportbot.knowledge.models import Article, Passage
from supportbot.knowledge.spelling import corrected
from supportbot.workspaces.models import Workspace

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
K = 10  # of the fusion: the first ranks count for more than with the usual 60
MEANING = 3.0  # weight of that search; customers seldom ask in an article's words
CANDIDATES = 40  # of each search
WIDE = 200  # of a search by words alone, which shows one passage of each article
BEGUN = 3  # letters from which a word may be looked for by its beginning
LONGEST = 1000  # characters of a question
NEAR = 0.35  # cosine from which a passage in the customer's language goes before all in the workspace's own
AUDIENCES = {"public": ("public",), "agents": ("public", "agents")}


@dataclass(frozen=True)
class Hit:
    """A passage, its fused score, and how near its meaning is to the question, 1 being the same."""

    passage: Passage
    score: float
    cosine: float


def find(
    workspace: Workspace, text: str, *, embed: Embed, limit: int = 3, language: str = "en", audience: str = "public"
) -> list[Hit]:
    """The passages that answer a text best, best first, of what an audience may read.

    Near ones in the customer's language come first, then those in the workspace's own.
    """
    text = corrected(workspace, _clean(text), language)
    vector = embed([text])[0]
    home = workspace.language[:2]
    hits = []
    if language != home:
        hits = [hit for hit in _search(workspace, text, vector, language, audience, limit) if hit.cosine >= NEAR]
    if len(hits) < limit:
        hits += _search(workspace, text, vector, home, audience, limit - len(hits))
    return hits


def find_words(workspace: Workspace, text: str, *, limit: int = 10, language: str = "en") -> list[Passage]:
    """Passages of public articles that have a text's words, best first, one of each article; its last word may be only
    begun. An article whose title has the text goes before all. By words alone, so that it needs no model."""
    text = _clean(text)
    index = postgres if connection.vendor == "postgresql" else sqlite
    words = search_words(text, language)
    begun = words[-1] if words and len(words[-1]) >= BEGUN else ""
    ranking = index.by_words(workspace, text, language, AUDIENCES["public"], WIDE, begun)
    shown = Passage.objects.in_workspace(workspace).filter(article__in=Article.objects.public(), id__in=ranking)
    titles = {id_: (article, title) for id_, article, title in shown.values_list("id", "article", "article__title")}
    best = {titles[id_][0]: id_ for id_ in reversed(ranking) if id_ in titles}
    asked = text.strip().lower()
    ordered = sorted(reversed(best.values()), key=lambda id_: asked not in titles[id_][1].lower())[:limit]
    passages = shown.select_related("article__workspace").defer("embedding", "article__body").in_bulk(ordered)
    return [passages[id_] for id_ in ordered if id_ in passages]


def fuse(*rankings: tuple[float, Iterable[int]]) -> dict[int, float]:
    """Each id's score over several rankings with their weights, best first."""
    scores: Counter[int] = Counter()
    for weight, ranking in rankings:
        for rank, found in enumerate(ranking, start=1):
            scores[found] += weight / (K + rank)  # type: ignore[assignment]
    return dict(scores.most_common())


def _clean(text: str) -> str:
    return text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()


def _search(
    workspace: Workspace, text: str, vector: NDArray[np.float32], language: str, audience: str, limit: int
) -> list[Hit]:
    index = postgres if connection.vendor == "postgresql" else sqlite
    audiences = AUDIENCES[audience]
    scores = fuse(
        (1.0, index.by_words(workspace, text, language, audiences, CANDIDATES)),
        (MEANING, index.by_meaning(workspace, vector, language, audiences, CANDIDATES)),
    )
    readable = Passage.objects.in_workspace(workspace).filter(
        article__status=Article.Status.PUBLISHED, article__audience__in=audiences
    )
    passages = (
        readable.select_related("article")
        .defer("article__body")
        .order_by()
        .in_bulk([*scores][: limit + CANDIDATES // 4])
    )
    for passage in passages.values():
        passage.article.workspace = workspace
    found = [(passages[id_], score) for id_, score in scores.items() if id_ in passages]
    return [Hit(passage, score, float(passage.embedding @ vector)) for passage, score in found[:limit]]
