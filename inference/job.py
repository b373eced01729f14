"""One request on its way through the engine: what is asked, how far it is, what comes out of it."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.prompt import Brief
from inference.sampling import Recited, Sampler, sampler
from inference.tokenizer import Detokenizer, Tokenizer
from inference.trace import RoutingTrace

FinishReason = Literal["stop", "length", "cancelled", "deadline"]


@dataclass(frozen=True)
class Params:
    """How to write a reply; `deadline` is in seconds from now, `slots` maps a slot's name to its value.

    `passages`, each a heading and a text, `voice`, how the shop wants a reply worded, and a `task`, what to write
    instead of one, are for an engine that reads them (`Engine.reads_passages`). No token of the prompt or the reply
    goes to an expert that is `off`. A reply in the `background` waits while any other is written.
    """

    brief: Brief
    slots: Mapping[str, str] = field(default_factory=dict)
    passages: Sequence[tuple[str, str]] = ()
    voice: str = ""
    max_tokens: int = 160
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    deadline: float | None = None
    off: frozenset[int] = frozenset()
    background: bool = False
    task: str = ""

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("max_tokens is at least 1, temperature at least 0, top_p above 0 and at most 1")


@dataclass(frozen=True)
class Completion:
    """A finished reply; times in seconds since the request, `mean_logprob` at temperature 1, None if it is not known.

    The trace covers every token that the model read: the prompt and the reply but for its last token.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float
    mean_logprob: float | None
    trace: RoutingTrace


class Job:
    """A prompt, the reply so far, and the queue that its caller reads. Without params it is read and not answered.

    A reply that is `recited` is not chosen: its tokens are given, to learn how likely they are.
    """

    def __init__(
        self,
        prompt: list[int],
        tokenizer: Tokenizer,
        experts: int,
        params: Params | None,
        recited: Sequence[int] = (),
    ) -> None:
        self.prompt = prompt
        self.answered = params is not None
        self.pool = params.brief.category if params else None
        self.passed_over = 0  # how often another was let in before it
        self.output: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self.cancelled = False
        self.slot = -1
        self.fed = 0  # how many tokens of prompt and reply the slot holds
        self.last = 0  # the newest token of the reply
        self.sampler = Recited(iter(recited)) if recited else _sampler(params)
        self.off = np.isin(np.arange(experts), list(params.off if params else ()))
        self.background = params is not None and params.background
        self.reply: list[int] = []
        self._tokenizer, self._experts = tokenizer, experts
        self._slots = params.slots if params else {}
        self._limit = params.max_tokens if params else 0
        self._text = Detokenizer(tokenizer, self._slots)
        self._pieces: list[str] = []
        self._logprob = 0.0
        self._start = time.monotonic()
        self._first = 0.0
        self._deadline = self._start + params.deadline if params and params.deadline is not None else math.inf

    @property
    def prefilled(self) -> bool:
        """Whether the whole prompt is in the cache."""
        return self.fed >= len(self.prompt)

    @property
    def banned(self) -> NDArray[np.bool_]:
        """Which tokens [vocabulary] the reply must not hold: specials, but for its end and the slots with a value."""
        known = self._tokenizer.slots
        allowed = {self._tokenizer.end, *(known[name] for name in self._slots if name in known)}
        banned = np.zeros(self._tokenizer.vocab_size, np.bool_)
        banned[[index for index in self._tokenizer.special if index not in allowed]] = True
        return banned

    def overdue(self, now: float) -> FinishReason | None:
        """Why the job must end at this time, if it must."""
        if self.cancelled:
            return "cancelled"
        return "deadline" if now >= self._deadline else None

    def accept(self, token: int, logprob: float) -> FinishReason | None:
        """Take the next token of the reply, hand its text out; says why the reply is over, if it is."""
        if not self.reply:
            self._first = time.monotonic() - self._start
        self.reply.append(token)
        self.last = token
        self._logprob += logprob
        if token == self._tokenizer.end:
            return "stop"
        self._emit(self._text.push(token))
        return "length" if len(self.reply) >= self._limit else None

    def finish(self, reason: FinishReason, ids: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
        """Hand out the rest of the text and the completion; ids and weights [layer, fed, k] are its routing."""
        self._emit(self._text.finish())
        shown = self._tokenizer.shown([*self.prompt, *self.reply][: self.fed], self._slots)
        self.output.put(
            Completion(
                text="".join(self._pieces),
                finish_reason=reason,
                prompt_tokens=len(self.prompt),
                completion_tokens=len(self.reply),
                first_token_s=self._first,
                total_s=time.monotonic() - self._start,
                mean_logprob=self._logprob / max(1, len(self.reply)),
                trace=RoutingTrace(shown, min(self.fed, len(self.prompt)), ids, weights, self._experts),
            )
        )

    def fail(self, error: Exception) -> None:
        """Hand out an error in place of a completion."""
        self.output.put(error)

    def _emit(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self.output.put(text)


def _sampler(params: Params | None) -> Sampler | None:
    return sampler(params.temperature, params.top_p, params.seed) if params else None
