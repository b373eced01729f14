"""The engine alone against a peer on the same checkpoint: transformers' `generate`, greedy, with its KV cache.

Both read the same prompts and may write the same number of tokens, by turns: one reply each, one round each. Knows no
product.
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
from benchmarks.table import milliseconds, ratio, table
from inference.engine import Completion, Engine, Params
from inference.prompt import build
from inference.tokenizer import FILE, Tokenizer

SAMPLES = 32
ROUNDS = 5
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
    """The engine's speed, measured once in a run, beside its peer's."""
    return compare()[0]


@cache
def compare() -> tuple[Speed, Speed]:
    """The engine's speed and the peer's on as many threads as suit it best, for each figure."""
    threads = sorted({1, os.cpu_count() or 1})
    with Engine.load(MODEL, slots=max(CONCURRENT)) as engine:
        peer, asked = Peer(), questions(SAMPLES)
        engine.read(asked[0].turns)
        answer: list[Callable[[Question], Reply]] = [partial(stream, engine)]
        answer += [partial(peer.answer, threads=count) for count in threads]
        for one in answer:
            one(asked[0])
        single = list(zip(*([one(question) for one in answer] for question in asked), strict=True))
        reads = [_seconds(partial(engine.read, question.turns)) for question in asked]
        together: list[Callable[[int], int]] = [partial(_together, engine)]
        together += [partial(peer.together, threads=count) for count in threads]
        rates = {count: _rates([partial(one, count) for one in together]) for count in CONCURRENT[1:]}
    torch.set_num_threads(1)
    rates[1] = [_single_rate(replies) for replies in single]
    own = Speed(list(single[0]), reads, {count: found[0] for count, found in rates.items()})
    fastest = min((Speed(list(replies), [], {}) for replies in single[1:]), key=lambda speed: speed.per_token_s)
    return own, Speed(fastest.single, [], {count: max(found[1:]) for count, found in rates.items()})


def stream(engine: Engine, question: Question) -> Reply:
    """One reply of the engine."""
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
        return sum(reply.tokens for reply in pool.map(lambda question: stream(engine, question), questions(count)))


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

    def answer(self, question: Question, threads: int) -> Reply:
        """One reply."""
        torch.set_num_threads(threads)
        watch, ids = Watch(), self._padded([question])
        begun = time.perf_counter()
        out = self._generate(ids, streamer=watch)
        total = time.perf_counter() - begun
        written = self._written(out[0])
        return Reply(self._tokenizer.decode(written), len(written), watch.first - begun, total)

    def together(self, count: int, threads: int) -> int:
        """Tokens of `count` replies written as one padded batch; what follows a reply's end does not count."""
        torch.set_num_threads(threads)
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


def _rate(work: Callable[[], int]) -> float:
    """Tokens per second of `work`, which returns how many tokens it made: the median of some rounds."""
    return _rates([work])[0]


def _rates(works: Sequence[Callable[[], int]]) -> list[float]:
    """The same of several, by turns."""
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for own, work in zip(rates, works, strict=True):
            begun = time.perf_counter()
            tokens = work()
            own.append(tokens / (time.perf_counter() - begun))
    return [float(np.median(own)) for own in rates]


def _single_rate(replies: Sequence[Reply]) -> float:
    return sum(reply.tokens for reply in replies) / sum(reply.total_s for reply in replies)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report() -> str:
    """The tables of this part."""
    own, other = compare()
    same = np.mean([a.text == b.text for a, b in zip(own.single, other.single, strict=True)])
    title = "The engine alone and transformers on the same checkpoint: one stream, milliseconds"
    heads = ["", *(f"{name} {part}" for part in ("p50", "p95") for name in ("engine", "transformers", "ratio"))]
    first = _compared("first token", [[r.first_s for r in side.single] for side in (own, other)])
    further = _compared("each further token", [[r.per_token_s for r in side.single] for side in (own, other)])
    triage = ["triage of a message", milliseconds(own.reads, 0.5), "", "", milliseconds(own.reads, 0.95), "", ""]
    times = table(title, heads, [triage, first, further])
    heads = ["conversations at once", "engine", "transformers", "engine / transformers"]
    rates = [
        [str(n), f"{own.aggregate[n]:.0f}", f"{other.aggregate[n]:.0f}", ratio(own.aggregate[n], other.aggregate[n])]
        for n in CONCURRENT
    ]
    note = f"Replies that read the same in both: {same:.0%} of {len(own.single)}.\n"
    return "\n".join([times, table("Tokens per second, engine and transformers", heads, rates), note])


def _compared(label: str, sides: list[list[float]]) -> list[str]:
    """A row: both times and how many times faster the first is, at p50 and at p95."""
    row = [label]
    for share in (0.5, 0.95):
        own, other = (float(np.quantile(side, share)) for side in sides)
        row += [f"{own * 1000:.2f}", f"{other * 1000:.2f}", ratio(other, own)]
    return row
