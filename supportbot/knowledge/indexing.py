"""Keeps the passages true to the articles: what is due is claimed, cut, embedded and written. Knows no model.

`Article.index_due` says all: empty is indexed, a time that has passed is due, a time to come is claimed until then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.knowledge.models import Article, IndexedSettings, Passage
from supportbot.knowledge.pages import fill
from supportbot.knowledge.passages import Piece, cut
from supportbot.knowledge.retrieval import Embed
from supportbot.workspaces.models import Workspace

TOGETHER = 8  # articles of one batch: a second of work, so that what is saved meanwhile soon has its turn
CLAIM = timedelta(seconds=60)


def index_due(embed: Embed) -> int:
    """Index what is due, newest first, one batch; how many articles that were."""
    articles = _claim()
    pieces = [_pieces(article) for article in articles]
    known = [_vectors(article) for article in articles]
    vectors = _embed_new(pieces, known, embed)
    for article, own in zip(articles, pieces, strict=True):
        _write(article, [(piece, vectors[piece]) for piece in own])
    return len(articles)


def begin_anew() -> int:
    """Forget all passages and make every published article due, for another encoder; how many articles that are."""
    with transaction.atomic():
        Passage.objects.all().delete()
        return Article.objects.filter(status=Article.Status.PUBLISHED).update(index_due=timezone.now())


def is_due() -> bool:
    """Whether an article waits."""
    return Article.objects.filter(index_due__lte=timezone.now()).exists()


def notice_settings() -> None:
    """Make due what stands on settings that have changed since."""
    for workspace in Workspace.objects.select_related("indexed_settings"):
        known = getattr(workspace, "indexed_settings", None)
        if known is None or known.settings != workspace.settings:
            with transaction.atomic():
                slotted = Article.objects.in_workspace(workspace).filter(body__contains="{{")
                slotted.update(index_due=timezone.now())
                IndexedSettings.objects.update_or_create(workspace=workspace, defaults={"settings": workspace.settings})


def _claim() -> list[Article]:
    """Articles that no other worker takes meanwhile."""
    now = timezone.now()
    until = now + CLAIM
    waiting = Article.objects.filter(index_due__lte=now).select_related("workspace").order_by("-index_due")
    return [article for article in waiting[:TOGETHER] if _move_due(article, until)]


def _move_due(article: Article, to: datetime | None) -> bool:
    """Change when it is due, unless somebody else has."""
    moved = Article.objects.filter(id=article.id, index_due=article.index_due).update(index_due=to)
    article.index_due = to if moved else article.index_due
    return bool(moved)


def _pieces(article: Article) -> list[Piece]:
    if article.status != Article.Status.PUBLISHED or article.kind == Article.Kind.REPLY:
        return []
    return cut(article.title, fill(article.body, article.workspace.settings))


def _vectors(article: Article) -> dict[Piece, NDArray[np.float32]]:
    return {Piece(passage.heading, passage.text): passage.embedding for passage in article.passages.all()}


def _embed_new(
    pieces: Sequence[Sequence[Piece]], known: Sequence[Mapping[Piece, NDArray[np.float32]]], embed: Embed
) -> dict[Piece, NDArray[np.float32]]:
    vectors = {piece: vector for own in known for piece, vector in own.items()}
    new = list(dict.fromkeys(piece for own in pieces for piece in own if piece not in vectors))
    if new:
        made = embed([f"{piece.heading}\n{piece.text}" for piece in new])
        vectors |= dict(zip(new, made, strict=True))
    return vectors


def _write(article: Article, wanted: Sequence[tuple[Piece, NDArray[np.float32]]]) -> None:
    """Replace the passages that differ, unless the article has changed meanwhile: then it is due again."""
    with transaction.atomic():
        if not _move_due(article, None):
            return
        there = {passage.position: passage for passage in article.passages.all()}
        same = {
            position
            for position, (piece, _) in enumerate(wanted)
            if position in there and Piece(there[position].heading, there[position].text) == piece
        }
        article.passages.exclude(position__in=same).delete()
        Passage.objects.bulk_create(
            _passage(article, position, piece, vector)
            for position, (piece, vector) in enumerate(wanted)
            if position not in same
        )


def _passage(article: Article, position: int, piece: Piece, vector: NDArray[np.float32]) -> Passage:
    return Passage(
        workspace=article.workspace,
        article=article,
        position=position,
        language=article.language,
        audience=article.audience,
        heading=piece.heading,
        text=piece.text,
        embedding=vector,
    )
