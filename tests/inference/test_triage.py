"""The triage head learns, sums to one, and survives storage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import triage
from inference.triage import Triage

INTENTS = [("delivery", "track_order"), ("delivery", "delay"), ("returns", "refund")]
LABELS = [INTENTS[i % 3] for i in range(600)]
TEXTS = ["where is it", "when does it come", "money back please"] * 200


def vectors(seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return np.stack([np.eye(8)[i % 3] * 2 + rng.normal(0, 0.7, 8) for i in range(600)]).astype(np.float32)


@pytest.fixture(scope="module")
def head() -> Triage:
    return triage.fit(vectors(0), [""] * len(LABELS), LABELS)


def test_it_learns_from_the_features_and_says_how_sure_it_is(head: Triage) -> None:
    sure, right = [], []
    for vector, (_, intent) in zip(vectors(1), LABELS, strict=True):
        _, intents = head.posterior(vector, "")
        best = max(intents, key=intents.__getitem__)
        sure.append(intents[best])
        right.append(best == intent)
    assert np.mean(right) > 0.85
    assert abs(np.mean(sure) - np.mean(right)) < 0.08


def test_a_category_is_the_sum_of_its_intents(head: Triage) -> None:
    categories, intents = head.posterior(vectors(2)[0], "")
    assert sum(categories.values()) == pytest.approx(1)
    assert categories["delivery"] == pytest.approx(intents["track_order"] + intents["delay"])


def test_the_best_intent_is_one_of_the_best_category(head: Triage) -> None:
    intents = {"track_order": 0.3, "delay": 0.3, "refund": 0.4}
    assert head.best({"delivery": 0.6, "returns": 0.4}, intents)[0] == "delivery"
    assert head.best({"delivery": 0.6, "returns": 0.4}, intents)[1] != "refund"


def test_it_is_the_same_after_storage(head: Triage, tmp_path: Path) -> None:
    assert Triage.load(tmp_path) is None
    head.save(tmp_path)
    loaded = Triage.load(tmp_path)
    assert loaded is not None
    assert loaded.posterior(vectors(3)[0], "") == head.posterior(vectors(3)[0], "")


def test_the_same_seed_fits_the_same(head: Triage) -> None:
    again = triage.fit(vectors(0), [""] * len(LABELS), LABELS)
    np.testing.assert_array_equal(again.dense.numpy(), head.dense.numpy())


def test_words_alone_tell_intents_apart() -> None:
    nothing = np.zeros((len(LABELS), 8), np.float32)
    categories, intents = triage.fit(nothing, TEXTS, LABELS).posterior(nothing[0], "my mony back plese")
    assert max(intents, key=intents.__getitem__) == "refund"
    assert categories["returns"] > 0.5


def test_digits_count_as_digits_only(head: Triage) -> None:
    assert head.posterior(vectors(4)[0], "where is 10023?") == head.posterior(vectors(4)[0], "where is 48710?")
