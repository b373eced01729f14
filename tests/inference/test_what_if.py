"""Replies of the shipped checkpoint with some of its experts switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.engine import Brief, Completion, Engine, EngineBusy, Params, Turn

ROOT = Path(__file__).resolve().parents[2]
ASKED = [Turn("customer", "how do I send something back?")]
BRIEF = Brief("returns", "start_return", "answer")
RETURNS, PRODUCT = 3, 7


@pytest.fixture(scope="module")
def shipped() -> Iterator[Engine]:
    with Engine.load(ROOT / "models" / "fennmoor", slots=4) as engine:
        yield engine


def written(engine: Engine, params: Params) -> Completion:
    *_, completion = engine.stream(ASKED, params)
    assert isinstance(completion, Completion)
    return completion


def test_a_category_loses_its_words_without_its_expert_and_nothing_without_another(shipped: Engine) -> None:
    params = Params(BRIEF)
    usual = written(shipped, params)
    own, other = (shipped.what_if(ASKED, params, {expert}) for expert in (RETURNS, PRODUCT))
    assert own.usual.text == other.usual.text == other.changed.text == usual.text
    assert own.changed.text != usual.text
    assert usual.mean_logprob is not None and usual.mean_logprob - own.recited > 1  # nats a token
    assert other.recited == pytest.approx(usual.mean_logprob, abs=0.01)


def test_no_token_of_prompt_or_reply_goes_to_an_expert_that_is_off(shipped: Engine) -> None:
    assert shipped.read(ASKED).category == "returns"  # a prompt that was read with all experts is not gone on with
    trace = written(shipped, Params(BRIEF, off=frozenset({RETURNS, 1}))).trace
    assert not {RETURNS, 1} & set(trace.ids.flatten().tolist())
    np.testing.assert_allclose(trace.weights.sum(axis=-1), 1, atol=1e-5)
    assert RETURNS in written(shipped, Params(BRIEF)).trace.ids


def test_a_forced_pool_writes_with_its_experts_alone(shipped: Engine) -> None:
    pool = {PRODUCT, 8}
    found = shipped.what_if(ASKED, Params(BRIEF), set(range(12)) - pool)
    assert set(found.changed.trace.ids.flatten().tolist()) == pool
    assert RETURNS in found.usual.trace.ids


def test_what_leaves_a_token_too_few_experts_or_names_none_is_refused(shipped: Engine) -> None:
    for off, words in ((range(11), "needs 2"), ([12], "0 to 11")):
        with pytest.raises(ValueError, match=words):
            shipped.what_if(ASKED, Params(BRIEF), set(off))


def test_without_a_quiet_moment_the_engine_says_that_it_is_busy(shipped: Engine) -> None:
    with pytest.raises(EngineBusy):
        shipped.what_if(ASKED, Params(BRIEF, deadline=0.0), {RETURNS})
