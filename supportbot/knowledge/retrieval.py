"""Finds the articles that a reply stands on. Is given what embeds a text; knows no model and no conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.models import Article
from supportbot.knowledge.pages import fill
from supportbot.workspaces.models import Workspace

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
GOOD = 0.35  # cosine from which an article is worth showing


@dataclass(frozen=True)
class Source:
    """An article and how near it is to the question, 1 being the same."""

    article: Article
    score: float


def find(workspace: Workspace, text: str, category: str, limit: int, *, embed: Embed) -> list[Source]:
    """The articles of a category that are nearest to a text, best first; none that is far from it."""
    articles = list(Article.objects.in_workspace(workspace).filter(category=category).select_related("workspace"))
    if not articles:
        return []
    _embed_new(articles, embed)
    vectors = np.stack([np.frombuffer(article.embedding, np.float32) for article in articles])
    scores = vectors @ embed([text])[0]
    ranked = [Source(articles[index], float(scores[index])) for index in np.argsort(-scores)[:limit]]
    return [source for source in ranked if source.score >= GOOD]


def _embed_new(articles: Sequence[Article], embed: Embed) -> None:
    new = [article for article in articles if not article.embedding]
    texts = [f"{article.title}\n{fill(article.body, article.workspace.settings)}" for article in new]
    for article, vector in zip(new, embed(texts) if new else (), strict=True):
        article.embedding = vector.tobytes()
        Article.objects.filter(id=article.id).update(embedding=article.embedding)
