"""Where a run stands by its steps, and by the time that it has had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from training.config import Config
from training.plan import WARM, Minutes, Place, Steps


def test_steps_go_through_the_stages_in_turn(tiny: Config) -> None:
    plan = Steps(tiny)
    assert plan.at(0, 0) == Place(0, 0, 0, 0)
    assert plan.at(9, 0) == Place(1, 1, 1 / 8, 9 / 16)
    assert plan.at(16, 0) is None


def test_a_stage_has_the_share_of_the_time_that_it_has_of_the_tokens(tiny: Config) -> None:
    first, second = tiny.stages
    plan = Minutes(replace(tiny, stages=(replace(first, tokens=3000), replace(second, tokens=1000))), minutes=4)
    assert plan.at(0, 0) == Place(0, 0, 0, 0)
    assert plan.at(100, 90) == Place(0, 100, 0.5, 90 / 240)
    assert plan.at(200, 180) == Place(1, 0, 0, 0.75)
    assert plan.at(210, 210) == Place(1, 10, 0.5, 0.875)
    assert plan.at(211, 240) is None
    assert plan.firsts == [0, 200]


def test_a_step_so_long_that_a_stage_has_no_time_left_ends_it(tiny: Config) -> None:
    plan = Minutes(tiny, minutes=1)
    assert plan.at(0, 0) == Place(0, 0, 0, 0)
    assert plan.at(1, 45) == Place(1, 0, 0.5, 0.75)


@pytest.mark.parametrize("plan", ["steps", "minutes"])
def test_the_learning_rate_rises_and_falls_to_a_twentieth(tiny: Config, plan: str) -> None:
    one = replace(tiny, stages=(replace(tiny.stages[0], tokens=512 * 1000),))
    where = Steps(one) if plan == "steps" else Minutes(one, minutes=10)
    rates = [place.rate for step in range(1000) if (place := where.at(step, 0.6 * step))]
    assert len(rates) == 1000
    assert rates[:WARM] == sorted(rates[:WARM])
    assert rates[WARM:] == sorted(rates[WARM:], reverse=True)
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[-1] == pytest.approx(0.05, abs=0.001)
