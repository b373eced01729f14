"""The few-shot benchmark: draws, batches as the engine reads them, and what is printed."""

from __future__ import annotations

import numpy as np

from benchmarks import few_shot
from benchmarks.few_shot import Messages
from benchmarks.questions import MODEL
from inference.encoder import WIDTH
from inference.engine import Engine, Turn
from inference.triage import ROUTING

TEXTS = [
    "where is order 10023",
    "hi",
    "the lamp that I bought last week flickers and I would like to send it back please",
]


def test_batches_see_what_the_engine_sees() -> None:
    found = few_shot.look(TEXTS)
    with Engine.load(MODEL) as engine:
        for i, text in enumerate(TEXTS):
            features = engine.features([Turn("customer", text)])
            np.testing.assert_allclose(found["tuned"][i], features[:WIDTH], atol=1e-4)
            np.testing.assert_allclose(ROUTING * found["routing"][i], features[WIDTH:], atol=2e-2)


def test_every_reader_learns_and_every_figure_is_printed() -> None:
    rng = np.random.default_rng(0)
    labels = np.asarray(["lamp", "rug", "kettle"] * 20)
    texts = [f"my {label} number {i} is late" for i, label in enumerate(labels)]
    rows = np.eye(3, 8)[[("lamp", "rug", "kettle").index(label) for label in labels]]
    vectors = {
        name: (rows + rng.normal(0, 0.1, rows.shape)).astype(np.float32) for name in ("published", "tuned", "routing")
    }
    messages = Messages(texts, labels, vectors)
    found = few_shot.curve(messages.some(range(30)), messages.some(range(30, 60)))
    assert set(found) == set(few_shot.READERS)
    assert all(len(row) == len(few_shot.SHOTS) and np.mean(row[-1]) > 0.9 for row in found.values())
    stored = {"date": "2026-01-01", "machine": "one", "categories": 3, "messages": 30, "accuracy": found}
    shown = "\n".join(few_shot.tables({"hwu64": stored}))
    assert all(label in shown for label in few_shot.READERS.values())
    assert shown.count("100.0 ± 0.0") > len(few_shot.SHOTS)


def test_a_larger_draw_holds_the_smaller_one() -> None:
    labels = np.asarray(["a", "b"] * 10)
    small, large = few_shot._draw(labels, 2, seed=3), few_shot._draw(labels, 5, seed=3)
    assert set(small) < set(large)
    assert sorted(labels[small]) == ["a", "a", "b", "b"]


def test_the_corpus_set_draws_from_training_messages_only() -> None:
    found = few_shot.load("corpus")
    assert found is not None
    train, test = found
    assert not {text for text, _ in train} & {text for text, _ in test}
    assert {label for _, label in train} == {label for _, label in test}
