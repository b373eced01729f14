"""A reply on its way from a backend to its reader: pieces of text, then a Completion. Knows no model and no network."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence

import numpy as np

from inference.job import Completion, FinishReason
from inference.trace import RoutingTrace

TRACED = 256  # experts whose number fits a trace
NO_ROUTING = RoutingTrace([], 0, np.zeros((0, 0, 0), np.uint8), np.zeros((0, 0, 0), np.float32), 0)


class Reply:
    """What one reader waits for; `deadline` is in seconds from now."""

    def __init__(self, deadline: float | None) -> None:
        self.output: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self.cancelled = False
        self.text = ""
        self._start = time.monotonic()
        self._first = 0.0
        self._deadline = None if deadline is None else self._start + deadline

    def overdue(self) -> FinishReason | None:
        """Why the reply must end now, if it must."""
        if self.cancelled:
            return "cancelled"
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "deadline"
        return None

    def say(self, text: str) -> None:
        """Hand out what comes next of the text."""
        if not text:
            return
        if not self.text:
            self._first = time.monotonic() - self._start
        self.text += text
        self.output.put(text)

    def finish(
        self,
        reason: FinishReason,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        logprobs: Sequence[float],
        trace: RoutingTrace = NO_ROUTING,
    ) -> None:
        """Hand out the completion."""
        mean = sum(logprobs) / len(logprobs) if logprobs else None
        total = time.monotonic() - self._start
        self.output.put(
            Completion(self.text, reason, prompt_tokens, completion_tokens, self._first, total, mean, trace)
        )

    def fail(self, error: Exception) -> None:
        """Hand out an error in place of a completion."""
        self.output.put(error)
