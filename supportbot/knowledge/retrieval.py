"""Finds the passages that a reply stands on. Is given what embeds a text; knows no model and no conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.models import Passage
from supportbot.workspaces.models import Workspace

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Hit:
    """A passage, its fused score, and how near its meaning is to the question, 1 being the same."""

    passage: Passage
    score: float
    cosine: float


def find(
    workspace: Workspace, text: str, *, embed: Embed, limit: int = 3, language: str = "en", audience: str = "public"
) -> list[Hit]:
    """The passages of what an audience may read that answer a text best, best first."""
    rows = list(Passage.objects.in_workspace(workspace).filter(audience=audience).select_related("article__workspace"))
    vector = embed([text])[0]
    hits = [Hit(row, float(row.embedding @ vector), float(row.embedding @ vector)) for row in rows]
    return sorted(hits, key=lambda hit: -hit.score)[:limit]
