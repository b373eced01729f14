"""What a server that speaks OpenAI's chat protocol sends, read chunk by chunk. Knows no network."""

from __future__ import annotations

import base64
import io
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends.reply import NO_ROUTING, TRACED, Reply
from inference.job import FinishReason
from inference.trace import RoutingTrace

log = logging.getLogger(__name__)

REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class BackendError(Exception):
    """The server could not write the reply; the message says why."""


class Answer:
    """A reply as its chunks tell it; `experts` is how many the model routes among, 0 if no routing is expected."""

    def __init__(self, reply: Reply, experts: int) -> None:
        self._reply, self._experts = reply, experts
        self._reason: str | None = None
        self._usage: dict[str, int] = {}
        self._tokens: list[str] = []
        self._logprobs: list[float] = []
        self._pieces = 0
        self._routed: list[Any] = []  # of the prompt, of the reply

    @property
    def begun(self) -> bool:
        """Whether the reader has got something of it."""
        return bool(self._reply.text)

    def take(self, chunk: Any) -> None:
        """Read a chunk of a stream, or a whole reply; BackendError when it is an error or nothing of the protocol."""
        if not isinstance(chunk, dict) or "error" in chunk:
            raise BackendError(f"the server sent an error: {str(chunk)[:200]}")
        self._usage = chunk.get("usage") or self._usage
        self._keep_routed(chunk.get("prompt_routed_experts"))
        for choice in chunk.get("choices", []):
            self._take_choice(choice)

    def finish(self, reason: FinishReason | None = None) -> None:
        """Hand out the completion; BackendError when the reply is not whole and no reason is given."""
        if reason is None and self._reason not in REASONS:
            ended = f"ended with {self._reason}" if self._reason else "broke off"
            raise BackendError(f"the server's reply {ended}")
        prompt_tokens = self._usage.get("prompt_tokens", 0)
        self._reply.finish(
            reason or REASONS[self._reason or ""],
            prompt_tokens=prompt_tokens,
            completion_tokens=self._usage.get("completion_tokens", self._pieces),
            logprobs=self._logprobs,
            trace=self._trace(prompt_tokens),
        )

    def _take_choice(self, choice: dict[str, Any]) -> None:
        told = choice.get("delta") or choice.get("message") or {}
        for token in (choice.get("logprobs") or {}).get("content") or []:
            self._tokens.append(token["token"])
            self._logprobs.append(token["logprob"])
        self._keep_routed(choice.get("routed_experts"))
        self._reason = choice.get("finish_reason") or self._reason
        if text := told.get("content"):
            self._pieces += 1
            self._reply.say(text)

    def _keep_routed(self, routed: Any) -> None:
        if routed is not None:
            self._routed.append(routed)

    def _trace(self, prompt_tokens: int) -> RoutingTrace:
        """Which experts served prompt and reply; nothing when that is not told. Never a reason to lose a reply."""
        if not self._routed or not 0 < self._experts <= TRACED:
            return NO_ROUTING
        try:
            ids = np.concatenate([_decode(routed) for routed in self._routed]).transpose(1, 0, 2)
            if ids.min() < 0 or ids.max() >= self._experts:
                raise ValueError(f"expert {ids.max()} of {self._experts}")
        except (ValueError, TypeError, EOFError) as error:
            log.warning("routed experts not read: %s", error)
            return NO_ROUTING
        shown = ([""] * prompt_tokens + self._tokens + [""] * ids.shape[1])[: ids.shape[1]]
        # Servers tell who was chosen and not with what weight: each counts alike.
        weights = np.full(ids.shape, 1 / ids.shape[2], np.float32)
        return RoutingTrace(shown, min(prompt_tokens, len(shown)), ids.astype(np.uint8), weights, self._experts)


def _decode(routed: Any) -> NDArray[np.int64]:
    """Expert ids [token, layer, k], which vLLM sends as a base64 text of a .npy file and once sent as nested lists."""
    if isinstance(routed, str):
        routed = np.load(io.BytesIO(base64.b64decode(routed)), allow_pickle=False)
    return np.asarray(routed, np.int64)
