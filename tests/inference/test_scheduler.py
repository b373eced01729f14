"""Who is let in when places are few."""

from __future__ import annotations

import pytest

from inference.eager import EagerDecoder
from inference.job import Completion, Job, Params
from inference.model import Decoder
from inference.prompt import Brief, Turn, build
from inference.scheduler import Scheduler
from inference.tokenizer import Tokenizer
from tests.inference.conftest import ASKED, REFUND, SLOTS, WHERE


def job(tokenizer: Tokenizer, model: Decoder, brief: Brief, tokens: int) -> Job:
    """A reply of so many random words."""
    prompt = build(tokenizer, [Turn("customer", ASKED[brief])], brief, room=128).ids
    params = Params(brief, SLOTS, max_tokens=tokens, temperature=20.0, seed=2)
    return Job(prompt, tokenizer, model.config.moe_num_experts, params)


def completion(job: Job) -> Completion:
    while not isinstance(item := job.output.get(), Completion):
        assert isinstance(item, str)
    return item


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        (0, ["other", "own", "other", "own"]),
        (1, ["own", "other", "own", "other"]),
        (9, ["own", "own", "other", "other"]),
    ],
)
def test_tickets_of_the_running_pool_go_first_within_bounds(
    model: Decoder, tokenizer: Tokenizer, patience: int, expected: list[str]
) -> None:
    scheduler = Scheduler(EagerDecoder(model), slots=2, waiting=9, patience=patience)
    running = [job(tokenizer, model, WHERE, 200), job(tokenizer, model, REFUND, 100)]
    waiting = [job(tokenizer, model, brief, 3) for brief in (REFUND, WHERE, REFUND, WHERE)]
    for one in running:
        scheduler.submit(one)
        one.output.get()  # now it has its place
    for one in waiting:
        scheduler.submit(one)
    ends = {one._start + completion(one).total_s: one for one in waiting}
    running[0].cancelled = True
    assert [("own" if ends[end].pool == WHERE.category else "other") for end in sorted(ends)] == expected
    scheduler.close()
