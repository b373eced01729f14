"""Banned, seeded, top-p."""

from __future__ import annotations

import numpy as np

from inference.sampling import Sampler

LOGITS = np.array([1.0, 3.0, 2.0, 0.0], np.float32)


def drawn(*banned: int, temperature: float = 1.0, top_p: float = 1.0, seed: int = 0) -> list[int]:
    sampler = Sampler(temperature, top_p, np.random.default_rng(seed))
    logits = LOGITS.copy()
    logits[list(banned)] = -np.inf
    return [sampler.draw(logits) for _ in range(300)]


def test_a_banned_token_is_never_drawn() -> None:
    assert set(drawn(1, temperature=2.0)) == {0, 2, 3}


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(seed=5) == drawn(seed=5) != drawn(seed=6)


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    assert set(drawn(top_p=0.5)) == {1}
    assert set(drawn(top_p=0.8)) == {1, 2}


def test_each_is_drawn_as_often_as_it_is_likely() -> None:
    shares = np.bincount(drawn(temperature=2.0), minlength=4) / 300
    likely = np.exp(LOGITS / 2)
    np.testing.assert_allclose(shares, likely / likely.sum(), atol=0.1)


def test_next_to_no_temperature_is_greedy() -> None:
    assert set(drawn(temperature=1e-3)) == {1}
