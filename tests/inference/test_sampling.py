"""Greedy, banned, seeded, top-p."""

from __future__ import annotations

import torch

from inference.sampling import Choice, choose

LOGITS = torch.tensor([[1.0, 3.0, 2.0, 0.0]])


def choice(*banned: int, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0) -> Choice:
    mask = torch.zeros(4, dtype=torch.bool)
    mask[list(banned)] = True
    return Choice(temperature, top_p, mask, torch.Generator().manual_seed(seed))


def drawn(chosen: Choice, times: int = 200) -> list[int]:
    return [choose(LOGITS, [chosen])[0][0] for _ in range(times)]


def test_greedy_takes_the_likeliest_that_is_not_banned() -> None:
    assert choose(LOGITS, [choice()])[0] == [1]
    ids, logprobs = choose(LOGITS, [choice(1)])
    assert ids == [2]
    assert logprobs[0] == torch.tensor([1.0, 2.0, 0.0]).log_softmax(0)[1]


def test_a_banned_token_is_never_drawn() -> None:
    assert set(drawn(choice(1, temperature=2.0))) == {0, 2, 3}


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(choice(temperature=1.0, seed=5)) == drawn(choice(temperature=1.0, seed=5))
    assert drawn(choice(temperature=1.0, seed=5)) != drawn(choice(temperature=1.0, seed=6))


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    assert set(drawn(choice(temperature=1.0, top_p=0.5))) == {1}
    assert set(drawn(choice(temperature=1.0, top_p=0.8))) == {1, 2}


def test_each_row_chooses_its_own_way() -> None:
    assert choose(LOGITS.repeat(2, 1), [choice(), choice(1, 2)])[0] == [1, 0]
