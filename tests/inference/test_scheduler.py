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


def job(tokenizer: Tokenizer, model: Decoder, brief: Brief, tokens: int, *, background: bool = False) -> Job:
    """A reply of so many random words."""
    prompt = build(tokenizer, [Turn("customer", ASKED[brief])], brief, room=128).ids
    params = Params(brief, SLOTS, max_tokens=tokens, temperature=20.0, seed=2, background=background)
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


def test_a_reply_in_the_background_waits_for_all_others(model: Decoder, tokenizer: Tokenizer) -> None:
    scheduler = Scheduler(EagerDecoder(model), slots=3, waiting=9)
    live = [job(tokenizer, model, WHERE, 100), job(tokenizer, model, REFUND, 60)]
    scheduler.submit(live[0])
    live[0].output.get()  # now it has its place
    background = job(tokenizer, model, WHERE, 2, background=True)
    scheduler.submit(background)
    scheduler.submit(live[1])
    ends = [one._start + completion(one).total_s for one in (*live, background)]
    assert ends[2] == max(ends)
    scheduler.close()
