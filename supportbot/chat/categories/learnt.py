"""What a worker has learnt of the categories that workspaces made themselves. Is given the model.

A message is told apart from what customers write else: messages of which triage was sure, and titles of articles.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from supportbot.chat.categories.models import Example
from supportbot.chat.models import Message
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.engine import Engine, FewShot

ELSE = ""  # what belongs to no category of the workspace's own
EXAMPLES = 300  # of all its categories together
LATEST, OF_EACH = 400, 10  # sure messages that are looked at; that are taken of one category
TITLES = 60
SURE = 0.8
LEAST_ELSE = 8  # texts without which nothing can be told apart
ENOUGH = 0.5  # probability from which a message belongs to a category
KEPT = 64  # workspaces

Learnt = tuple[tuple[tuple[str, str], ...], "FewShot | None"]
_kept: dict[int, Learnt] = {}
_learning = threading.Lock()


def learnt(workspace: Workspace, model: Engine) -> FewShot | None:
    """What recognises the workspace's own categories, learnt anew when their examples change; None if it has none."""
    rows = Example.objects.in_workspace(workspace).order_by("-id")[:EXAMPLES].values_list("category__name", "text")
    examples = tuple(rows)
    if not examples:
        return None
    with _learning:
        before = _kept.get(workspace.pk)
        if before is None or before[0] != examples:
            _kept.pop(next(iter(_kept)) if len(_kept) >= KEPT else workspace.pk, None)
            before = _kept[workspace.pk] = (examples, _learn(workspace, examples, model))
    return before[1]


def recognised(own: Mapping[str, float]) -> str:
    """The category that the probabilities speak for; empty where it is none of the workspace's own."""
    name = max(own, key=own.__getitem__, default=ELSE)
    return name if own.get(name, 0.0) >= ENOUGH else ELSE


def _learn(workspace: Workspace, examples: tuple[tuple[str, str], ...], model: Engine) -> FewShot | None:
    texts: dict[str, list[str]] = {ELSE: list(_others(workspace, {name for name, _ in examples}))}
    for name, text in examples:
        texts.setdefault(name, []).append(text)
    return model.learn(texts) if len(texts[ELSE]) >= LEAST_ELSE else None


def _others(workspace: Workspace, own: set[str]) -> Iterator[str]:
    is_example = Exists(Example.objects.filter(message=OuterRef("pk")))
    said = Message.objects.in_workspace(workspace).filter(author=Message.Author.CUSTOMER, confidence__gte=SURE)
    said = said.exclude(category__in=own).exclude(body="").exclude(is_example).order_by("-created_at")
    counts: dict[str, int] = {}
    for category, body in said.values_list("category", "body")[:LATEST]:
        counts[category] = counts.get(category, 0) + 1
        if counts[category] <= OF_EACH:
            yield body
    kinds = (Article.Kind.ARTICLE, Article.Kind.SNIPPET)
    articles = Article.objects.in_workspace(workspace).filter(kind__in=kinds, status=Article.Status.PUBLISHED)
    yield from articles.exclude(category__in=own).order_by("-id").values_list("title", flat=True)[:TITLES]
