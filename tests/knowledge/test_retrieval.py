"""Which articles a reply stands on; a hash of words stands for the encoder, as nothing else is asked of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Workspace


class Words:
    """Texts to unit vectors by their words; counts what it was given."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.seen = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += len(texts)
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[self.places.setdefault(word, len(self.places))] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A shop with three articles."""
    shop = Workspace.objects.create(name="Fennmoor", slug="fennmoor", settings={"return_days": "thirty"})
    for slug, category, body in (
        ("return", "returns", "send parcel back within {{return_days}}"),
        ("refund", "returns", "money comes later"),
        ("track", "delivery", "send parcel"),
    ):
        Article.objects.create(workspace=shop, slug=slug, title=slug, category=category, body=body)
    return shop


def test_nearest_article_of_the_category_comes_first(workspace: Workspace) -> None:
    found = retrieval.find(workspace, "send parcel back", "returns", 2, embed=Words())
    assert [source.article.slug for source in found] == ["return"]


def test_slots_count_as_what_they_stand_for(workspace: Workspace) -> None:
    assert retrieval.find(workspace, "thirty", "returns", 2, embed=Words())[0].article.slug == "return"


def test_article_is_embedded_once(workspace: Workspace) -> None:
    words = Words()
    for _ in range(3):
        retrieval.find(workspace, "money", "returns", 1, embed=words)
    assert words.seen == 2 + 3


def test_far_articles_and_other_workspaces_give_nothing(workspace: Workspace) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    assert retrieval.find(workspace, "weather today", "returns", 2, embed=Words()) == []
    assert retrieval.find(other, "send parcel back", "returns", 2, embed=Words()) == []
