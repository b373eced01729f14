"""A workspace's own categories from a few examples."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.engine import Engine, Turn
from inference.fewshot import FewShot

NAMES = ["bikes", "boats", "trains"]
EXAMPLES = {
    "bikes": ["my bicycle has a flat tyre", "the chain of my bike squeaks", "which helmet fits a child"],
    "boats": ["our sailing boat leaks", "where can I moor the yacht", "the anchor is stuck in the harbour"],
}


def draw(count: int, seed: int, width: int = 24) -> tuple[NDArray[np.float32], list[str]]:
    """`count` noisy vectors of each category."""
    rng = np.random.default_rng(seed)
    labels = [name for name in NAMES for _ in range(count)]
    centres = np.random.default_rng(99).normal(size=(len(NAMES), width))
    return (centres[[NAMES.index(n) for n in labels]] + rng.normal(0, 1.0, (len(labels), width))).astype(
        np.float32
    ), labels


def score(few: FewShot) -> tuple[float, float]:
    """Accuracy and mean confidence on vectors that it has not seen."""
    vectors, labels = draw(200, seed=1)
    found = [few.predict(vector) for vector in vectors]
    right = [max(row, key=row.__getitem__) == label for row, label in zip(found, labels, strict=True)]
    return float(np.mean(right)), float(np.mean([max(row.values()) for row in found]))


def test_more_examples_read_better_and_ten_are_plenty() -> None:
    one, ten = (score(FewShot.fit(*draw(count, seed=0)))[0] for count in (1, 10))
    assert one < ten
    assert ten > 0.9


def test_probabilities_sum_to_one_and_are_about_right() -> None:
    few = FewShot.fit(*draw(10, seed=0))
    assert few.categories == tuple(NAMES)
    assert sum(few.predict(draw(1, seed=2)[0][0]).values()) == pytest.approx(1)
    accuracy, confidence = score(few)
    assert abs(accuracy - confidence) < 0.08


def test_one_example_of_each_is_enough_to_answer() -> None:
    vectors, labels = draw(1, seed=0)
    few = FewShot.fit(vectors, labels)
    assert [max(found := few.predict(v), key=found.__getitem__) for v in vectors] == labels
    assert np.isfinite(few.weights).all()


def test_a_category_may_have_more_examples_than_another() -> None:
    vectors, labels = draw(10, seed=0)
    few = FewShot.fit(vectors[4:], labels[4:])
    assert score(few)[0] > 0.9


def test_examples_that_are_all_the_same_tell_nothing_and_break_nothing() -> None:
    few = FewShot.fit(np.ones((4, 8), np.float32), ["a", "a", "b", "b"])
    assert few.predict(np.ones(8, np.float32)) == pytest.approx({"a": 0.5, "b": 0.5})


def test_the_engine_learns_categories_and_reads_them(engine: Engine) -> None:
    few = engine.learn(EXAMPLES)
    reading = engine.read([Turn("customer", "a puncture in the back wheel of my bike")], own=few)
    assert max(reading.own, key=reading.own.__getitem__) == "bikes"
    assert not engine.read([Turn("customer", "hello")]).own


def test_threads_learn_the_same_at_once(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        learnt = list(pool.map(engine.learn, [EXAMPLES] * 4))
    for few in learnt[1:]:
        np.testing.assert_allclose(few.weights, learnt[0].weights, rtol=1e-4, atol=1e-5)


def test_too_little_to_learn_from_is_said_so(engine: Engine) -> None:
    with pytest.raises(ValueError, match="at least two"):
        engine.learn({"bikes": EXAMPLES["bikes"]})
    with pytest.raises(ValueError, match="no example of: boats"):
        engine.learn(EXAMPLES | {"boats": []})
