"""What a worker has learnt of the categories that workspaces made themselves. Is given what learns.

A message is told apart from what customers write else: messages of which triage was sure, and titles of articles.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from supportbot.chat.categories.models import Example
from supportbot.chat.models import Message
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.fewshot import FewShot

ELSE = ""  # what belongs to no category of the workspace's own
EXAMPLES = 100  # of all its categories together, the newest; each takes some 25 ms to learn
LATEST, OF_EACH = 400, 6  # sure messages that are looked at; that are taken of one category
TITLES = 40
SURE = 0.8
LEAST_ELSE = 8  # texts without which nothing can be told apart
ENOUGH = 0.5  # probability from which a message belongs to a category
KEPT = 64  # workspaces

Learn = Callable[[Mapping[str, Sequence[str]]], "FewShot"]
Learnt = tuple[tuple[tuple[str, str], ...], "FewShot | None"]
_kept: dict[int, Learnt] = {}
_keeping = threading.Lock()


def learnt(workspace: Workspace, learn: Learn) -> FewShot | None:
    """What recognises the workspace's own categories, learnt anew when their examples change; None if it has none."""
    rows = Example.objects.in_workspace(workspace).order_by("-id").values_list("category__name", "text")
    examples = tuple(rows[:EXAMPLES])
    if not examples:
        return None
    known = _kept.get(workspace.pk)
    if known is None or known[0] != examples:
        known = examples, _learn(workspace, examples, learn)  # without the lock: other workspaces go on meanwhile
        with _keeping:
            _kept.pop(next(iter(_kept)) if len(_kept) >= KEPT else workspace.pk, None)
            _kept[workspace.pk] = known
    return known[1]


def recognised(own: Mapping[str, float]) -> str:
    """The category that the probabilities speak for; empty where it is none of the workspace's own."""
    name = max(own, key=own.__getitem__, default=ELSE)
    return name if own.get(name, 0.0) >= ENOUGH else ELSE


def _learn(workspace: Workspace, examples: tuple[tuple[str, str], ...], learn: Learn) -> FewShot | None:
    texts: dict[str, list[str]] = {ELSE: list(_others(workspace, {name for name, _ in examples}))}
    for name, text in examples:
        texts.setdefault(name, []).append(text)
    return learn(texts) if len(texts[ELSE]) >= LEAST_ELSE else None


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
