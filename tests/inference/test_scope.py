"""The out-of-scope score learns, is calibrated, tells what it has never seen, and survives storage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference import scope
from inference.scope import Scope

OUTSIDE = np.asarray([False, False, False, True])
COUNT = 1200
TARGET = np.arange(COUNT) % 4


def messages(seed: int, target: NDArray[np.int64] = TARGET) -> tuple[NDArray[np.float32], Tensor]:
    """Vectors about the axis of their intent, and logits as a head would give them."""
    rng = np.random.default_rng(seed)
    vectors = (np.eye(8)[target] + rng.normal(0, 0.35, (len(target), 8))).astype(np.float32)
    return vectors, torch.from_numpy(4 * vectors[:, :4])


@pytest.fixture(scope="module")
def told() -> Scope:
    return scope.fit(*messages(0), TARGET, OUTSIDE)


def test_what_is_out_of_scope_scores_high_and_the_score_is_a_probability(told: Scope) -> None:
    scores, out = told.scores(*messages(1)), OUTSIDE[TARGET]
    assert scores.min() >= 0 and scores.max() <= 1
    assert ((scores > 0.5) == out).mean() > 0.9
    assert abs(scores.mean() - out.mean()) < 0.05


def test_a_message_far_from_every_intent_scores_higher_than_one_in_scope(told: Scope) -> None:
    """Direction 6 was never seen; the logits say nothing."""
    usual = told.scores(*messages(2, TARGET % 3))
    strange = told.scores(*messages(2, np.full(COUNT, 6)))
    assert np.median(strange) > np.quantile(usual, 0.9)


def test_one_message_scores_as_it_does_among_many(told: Scope) -> None:
    vectors, logits = messages(3)
    assert told.score(vectors[5], logits[5]) == pytest.approx(float(told.scores(vectors, logits)[5]), abs=1e-5)


def test_it_is_the_same_after_storage(told: Scope, tmp_path: Path) -> None:
    assert Scope.load(tmp_path) is None
    told.save(tmp_path)
    loaded = Scope.load(tmp_path)
    assert loaded is not None
    np.testing.assert_allclose(loaded.scores(*messages(4)), told.scores(*messages(4)), atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == [scope.FILE]


def test_without_both_kinds_there_is_nothing_to_fit() -> None:
    inside = TARGET % 3
    with pytest.raises(ValueError, match="out of scope"):
        scope.fit(*messages(5, inside), inside, OUTSIDE)
