"""One request on its way through the engine: what is asked, how far it is, what comes out of it."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from inference.config import ModelConfig
from inference.prompt import Brief
from inference.sampling import Choice
from inference.tokenizer import Detokenizer, Tokenizer
from inference.trace import RoutingTrace

FinishReason = Literal["stop", "length", "cancelled", "deadline"]
Chosen = tuple[NDArray[np.uint8], NDArray[np.float32]]  # ids and weights [layer, token, k]


@dataclass(frozen=True)
class Params:
    """How to write a reply; `deadline` is in seconds from now, `slots` maps a slot's name to its value."""

    brief: Brief
    slots: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int = 160
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    deadline: float | None = None

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
    """A prompt, the reply so far, and the queue that its caller reads. Without params it is read and not answered."""

    def __init__(self, prompt: list[int], tokenizer: Tokenizer, config: ModelConfig, params: Params | None) -> None:
        self.prompt = prompt
        self.output: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self.cancelled = False
        self.reply: list[int] = []
        self.fed = 0  # how many tokens of prompt and reply the cache holds
        self.chosen: list[Chosen] = []
        self._tokenizer, self._config = tokenizer, config
        self._slots = params.slots if params else {}
        self.limit = params.max_tokens if params else 0
        self.choice = _choice(params, tokenizer) if params else None
        self._text = Detokenizer(tokenizer, self._slots)
        self._pieces: list[str] = []
        self._logprobs: list[float] = []
        self._start = time.monotonic()
        self._first = 0.0
        self._deadline = self._start + params.deadline if params and params.deadline is not None else None

    @property
    def prefilled(self) -> bool:
        """Whether the whole prompt is in the cache."""
        return self.fed >= len(self.prompt)

    def overdue(self) -> FinishReason | None:
        """Why the job must end now, if it must."""
        if self.cancelled:
            return "cancelled"
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "deadline"
        return None

    def accept(self, token: int, logprob: float) -> FinishReason | None:
        """Take the next token of the reply, hand its text out; says why the reply is over, if it is."""
        if not self.reply:
            self._first = time.monotonic() - self._start
        self.reply.append(token)
        self._logprobs.append(logprob)
        if token == self._tokenizer.end:
            return "stop"
        self._emit(self._text.push(token))
        return "length" if len(self.reply) >= self.limit else None

    def finish(self, reason: FinishReason) -> None:
        """Hand out the rest of the text and the completion."""
        self._emit(self._text.finish())
        self.output.put(
            Completion(
                text="".join(self._pieces),
                finish_reason=reason,
                prompt_tokens=len(self.prompt),
                completion_tokens=len(self.reply),
                first_token_s=self._first,
                total_s=time.monotonic() - self._start,
                mean_logprob=sum(self._logprobs) / max(1, len(self._logprobs)),
                trace=self._trace(),
            )
        )

    def fail(self, error: Exception) -> None:
        """Hand out an error in place of a completion."""
        self.output.put(error)

    def _emit(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self.output.put(text)

    def _trace(self) -> RoutingTrace:
        nothing = (self._config.moe_layers, 0, self._config.moe_k)
        ids = np.concatenate([np.zeros(nothing, np.uint8), *(ids for ids, _ in self.chosen)], axis=1)
        weights = np.concatenate([np.zeros(nothing, np.float32), *(weights for _, weights in self.chosen)], axis=1)
        shown = self._tokenizer.shown([*self.prompt, *self.reply][: self.fed], self._slots)
        return RoutingTrace(shown, min(self.fed, len(self.prompt)), ids, weights, self._config.moe_num_experts)


def _choice(params: Params, tokenizer: Tokenizer) -> Choice:
    """Bans every special token but the end and the slots that have a value."""
    allowed = {tokenizer.end, *(tokenizer.slots[name] for name in params.slots if name in tokenizer.slots)}
    banned = torch.zeros(tokenizer.vocab_size, dtype=torch.bool)
    banned[[index for index in tokenizer.special if index not in allowed]] = True
    return Choice(params.temperature, params.top_p, banned, torch.Generator().manual_seed(params.seed))
