"""What the shipped checkpoint's training looked like, and which messages count as strays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference.checkpoint import read
from inference.trace import divergence
from training import baseline, corpus

ROOT = Path(__file__).resolve().parents[2]


def test_shares_are_as_unlike_as_they_overlap() -> None:
    one, other = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    half = (one + other) / 2
    assert divergence(one, np.stack([one, half, other])) == pytest.approx([0, 0.3113, 1], abs=1e-3)


def test_as_many_messages_are_strays_as_it_says() -> None:
    rng = np.random.default_rng(0)
    each = {name: rng.dirichlet(weights, 500) for name, weights in (("a", [3, 2, 1]), ("b", [2, 3, 1]))}
    means = {name: rows.mean(axis=0) for name, rows in each.items()}
    bound, others = baseline.stray_from(each, means), np.stack(list(means.values()))
    far = {name: np.stack([divergence(row, others) for row in rows]) for name, rows in each.items()}
    gaps = np.concatenate([far["a"][:, 0] - far["a"].min(axis=1), far["b"][:, 1] - far["b"].min(axis=1)])
    assert (gaps > bound).mean() == pytest.approx(baseline.STRAYS, abs=0.002)


def test_the_shipped_checkpoint_carries_its_own() -> None:
    directory = ROOT / "models" / "fennmoor"
    stored = json.loads((directory / baseline.FILE).read_text())
    config, _, _, info = read(directory)
    assert stored["version"] == info.version
    assert stored["words"].keys() == stored["messages"].keys() == {intent.category for intent in corpus.intents()}
    assert all(sum(share) == pytest.approx(1, abs=1e-3) for share in stored["words"].values())
    assert {len(share) for share in stored["words"].values()} == {config.moe_num_experts}
