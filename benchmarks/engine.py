"""The engine alone against a peer on the same checkpoint: transformers' `generate`, greedy, with its KV cache.

Both read the same prompts and may write the same number of tokens. Knows no product.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from benchmarks.questions import CONCURRENT, MAX_TOKENS, MODEL, SLOTS, Question, questions
from benchmarks.table import ratio, spread, table
from inference.engine import Completion, Engine, Params
from inference.prompt import build
from inference.tokenizer import FILE, Tokenizer

SAMPLES = 32
ROUNDS = 3
ROOM = 256  # tokens of a prompt; no question needs more


@dataclass(frozen=True)
class Reply:
    """One reply and its times in seconds from the request."""

    text: str
    tokens: int
    first_s: float
    total_s: float

    @property
    def per_token_s(self) -> float:
        """Time of a token after the first."""
        return (self.total_s - self.first_s) / max(1, self.tokens - 1)


@dataclass(frozen=True)
class Speed:
    """Replies written one at a time, seconds of triage, and tokens per second by number of conversations."""

    single: list[Reply]
    reads: list[float]
    aggregate: dict[int, float]

    @property
    def per_token_s(self) -> float:
        """Median time of a token after the first, one stream."""
        return float(np.median([reply.per_token_s for reply in self.single]))


@cache
def ours() -> Speed:
    """The engine's speed, measured once in a run."""
    with Engine.load(MODEL, slots=max(CONCURRENT)) as engine:
        asked = questions(SAMPLES)
        _stream(engine, asked[0])
        engine.read(asked[0].turns)
        single = [_stream(engine, question) for question in asked]
        reads = [_seconds(partial(engine.read, question.turns)) for question in asked]
        aggregate = {count: _rate(partial(_together, engine, count)) for count in CONCURRENT[1:]}
    return Speed(single, reads, {1: _single_rate(single), **aggregate})


def _stream(engine: Engine, question: Question) -> Reply:
    begun = time.perf_counter()
    params = Params(brief=question.brief, slots=SLOTS, max_tokens=MAX_TOKENS)
    first = 0.0
    for item in engine.stream(question.turns, params):
        first = first or time.perf_counter() - begun
        if isinstance(item, Completion):
            return Reply(item.text, item.completion_tokens, first, time.perf_counter() - begun)
    raise RuntimeError("the engine's stream ended without a completion")


def _together(engine: Engine, count: int) -> int:
    """Tokens that `count` conversations get at once."""
    with ThreadPoolExecutor(count) as pool:
        return sum(reply.tokens for reply in pool.map(lambda question: _stream(engine, question), questions(count)))


class Watch:
    """A streamer for `generate` that notes when its first token came."""

    def __init__(self) -> None:
        self._puts = 0
        self.first = 0.0

    def put(self, value: torch.Tensor) -> None:
        """Called with the prompt, then with each token."""
        self._puts += 1
        if self._puts == 2:
            self.first = time.perf_counter()

    def end(self) -> None:
        """Called at the end."""


class Peer:
    """The checkpoint in transformers."""

    def __init__(self) -> None:
        from transformers import Ernie4_5_MoeForCausalLM  # noqa: PLC0415  (seconds that the other parts need not wait)

        self._model: Any = Ernie4_5_MoeForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
        self._tokenizer = Tokenizer(MODEL / FILE)

    def answer(self, question: Question) -> Reply:
        """One reply."""
        watch, ids = Watch(), self._padded([question])
        begun = time.perf_counter()
        out = self._generate(ids, streamer=watch)
        total = time.perf_counter() - begun
        written = self._written(out[0])
        return Reply(self._tokenizer.decode(written), len(written), watch.first - begun, total)

    def together(self, count: int) -> int:
        """Tokens of `count` replies written as one padded batch; what follows a reply's end does not count."""
        out = self._generate(self._padded(questions(count)))
        return sum(len(self._written(row)) for row in out)

    def _generate(self, ids: torch.Tensor, **options: Any) -> list[list[int]]:
        mask = (ids != self._tokenizer.pad).long()
        with torch.inference_mode():
            out = self._model.generate(
                ids, attention_mask=mask, do_sample=False, use_cache=True, max_new_tokens=MAX_TOKENS, **options
            )
        written: list[list[int]] = out[:, ids.shape[1] :].tolist()
        return written

    def _padded(self, asked: Sequence[Question]) -> torch.Tensor:
        """Prompts [count, longest], padded on the left."""
        prompts = [build(self._tokenizer, question.turns, question.brief, room=ROOM).ids for question in asked]
        longest = max(map(len, prompts))
        return torch.tensor([[self._tokenizer.pad] * (longest - len(ids)) + ids for ids in prompts])

    def _written(self, row: list[int]) -> list[int]:
        end = self._tokenizer.end
        return row[: row.index(end) + 1] if end in row else row


@cache
def peer() -> Speed:
    """The peer's speed on as many threads as suit it best, for each figure."""
    model = Peer()
    speeds = [_peer_on(model, threads) for threads in sorted({1, os.cpu_count() or 1})]
    torch.set_num_threads(1)
    fastest = min(speeds, key=lambda speed: speed.per_token_s)
    aggregate = {count: max(speed.aggregate[count] for speed in speeds) for count in CONCURRENT}
    return Speed(fastest.single, [], aggregate)


def _peer_on(model: Peer, threads: int) -> Speed:
    torch.set_num_threads(threads)
    asked = questions(SAMPLES)
    model.answer(asked[0])
    single = [model.answer(question) for question in asked]
    aggregate = {count: _rate(partial(model.together, count)) for count in CONCURRENT[1:]}
    return Speed(single, [], {1: _single_rate(single), **aggregate})


def _rate(work: Callable[[], int]) -> float:
    """Tokens per second of `work`, which returns how many tokens it made: the median of some rounds."""
    rates = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        tokens = work()
        rates.append(tokens / (time.perf_counter() - begun))
    return float(np.median(rates))


def _single_rate(replies: Sequence[Reply]) -> float:
    return sum(reply.tokens for reply in replies) / sum(reply.total_s for reply in replies)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report() -> str:
    """The tables of this part."""
    own, other = ours(), peer()
    same = np.mean([a.text == b.text for a, b in zip(own.single, other.single, strict=True)])
    title = "The engine alone and transformers on the same checkpoint: one stream, milliseconds"
    times = table(title, ["", "p50", "p95"], _times(own, other))
    heads = ["conversations at once", "engine", "transformers", "engine / transformers"]
    rates = [
        [str(n), f"{own.aggregate[n]:.0f}", f"{other.aggregate[n]:.0f}", ratio(own.aggregate[n], other.aggregate[n])]
        for n in CONCURRENT
    ]
    note = f"Replies that read the same in both: {same:.0%} of {len(own.single)}.\n"
    return "\n".join([times, table("Tokens per second, engine and transformers", heads, rates), note])


def _times(own: Speed, other: Speed) -> list[list[str]]:
    return [
        spread("engine: triage of a message", own.reads),
        spread("engine: first token", [reply.first_s for reply in own.single]),
        spread("transformers: first token", [reply.first_s for reply in other.single]),
        spread("engine: each further token", [reply.per_token_s for reply in own.single]),
        spread("transformers: each further token", [reply.per_token_s for reply in other.single]),
    ]
