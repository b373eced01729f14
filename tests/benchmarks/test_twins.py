"""What the comparison of the twins says of its stored runs; no test asserts a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import twins
from training import compare, corpus
from training.compare import Result
from training.train import Config

PEER = Result(
    arm=twins.PEER,
    seed=1,
    parameters=2_000_000,
    active=2_000_000,
    tokens=1000,
    seconds=10.0,
    curve=[(5.0, 3.0), (10.0, 2.0)],
    loss=2.1,
    categories=dict.fromkeys(corpus.CATEGORIES, 2.1),
    load=None,
    dead=None,
    experts=None,
)
EXPERTS = dict.fromkeys(twins.EXPERTS, 0.5)
OURS = replace(
    PEER,
    arm="ours",
    parameters=4_000_000,
    curve=[(4.0, 2.5), (6.0, 1.9), (12.0, 1.0)],
    loss=1.2,
    categories=dict.fromkeys(corpus.CATEGORIES, 1.2),
    load=(0.5, 1.5),
    dead=0,
    experts=EXPERTS,
)


def test_time_to_the_peers_loss_is_a_part_of_the_peers_whole_time() -> None:
    shown = twins.tables([OURS, PEER], rounds=1)
    row = next(line for line in shown.splitlines() if line.startswith("| ours | 4.00 M"))
    assert row == "| ours | 4.00 M | 2.00 M | 1.200 | 60 % | 100 |"
    assert "| account | 1.200 | 2.100 |" in shown


def test_seeds_are_shown_with_their_lowest_and_highest_and_those_that_fail_are_counted() -> None:
    slow = replace(OURS, seed=2, curve=[(20.0, 2.4)], loss=1.4)
    shown = twins.tables([OURS, slow, PEER, replace(PEER, seed=2)], rounds=1)
    row = next(line for line in shown.splitlines() if line.startswith("| ours | 4.00 M"))
    assert "| 1.300 (1.200 to 1.400) | 1 of 2 runs reach it |" in row


@pytest.mark.parametrize("arm", compare.ARMS)
def test_an_arm_differs_from_ours_and_has_the_same_tokens(arm: str) -> None:
    ours = Config.read(compare.CONFIG)
    changed = compare.ARMS[arm](ours)
    assert (changed == ours) == (arm == "ours")
    assert [stage.tokens for stage in changed.stages] == [stage.tokens for stage in ours.stages]
    assert changed.model == ours.model


def test_a_stored_run_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "compare.json"
    compare.store(OURS, path)
    compare.store(PEER, path)
    assert [one.arm for one in compare.stored(path)] == ["ours", twins.PEER]
    assert compare.stored(path)[0].categories == OURS.categories
