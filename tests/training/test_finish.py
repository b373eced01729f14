"""The measure of specialisation, and the experts' cards."""

from __future__ import annotations

import numpy as np
import pytest

from training import corpus, finish

NAMES = list(corpus.CATEGORIES) * 5


def shares(experts: list[int]) -> np.ndarray:
    """One layer; each message goes to one of twelve experts."""
    return np.eye(12, dtype=np.float32)[experts][:, None, :]


def test_information_is_all_when_each_category_has_its_expert() -> None:
    own = shares([corpus.CATEGORIES.index(name) for name in NAMES])
    assert finish.information(own, NAMES) == pytest.approx([1.0])


def test_information_is_nothing_when_every_category_uses_the_same() -> None:
    assert finish.information(shares([3] * len(NAMES)), NAMES) == pytest.approx([0.0])


def test_a_card_names_an_expert_after_the_category_it_serves() -> None:
    own = shares([corpus.CATEGORIES.index(name) for name in NAMES])
    cards = finish.expert_cards(own, NAMES)
    assert [card["name"] for card in cards] == list(corpus.CATEGORIES)
    assert cards[0]["categories"][0] == {"category": "account", "share": 1.0, "lift": 12.0}
