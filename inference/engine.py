"""The door to the model: triage, streamed replies and embeddings, for many threads at once.

Knows turns, briefs and slots; nothing of the product, the web or a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from inference import checkpoint, triage
from inference.checkpoint import CheckpointError, CheckpointInfo
from inference.encoder import Encoder
from inference.job import Completion, Job, Params
from inference.model import Decoder
from inference.prompt import BRIEF_ROOM, Brief, Turn, build
from inference.scheduler import EngineBusy, EngineStopped, Scheduler
from inference.scope import Scope
from inference.tokenizer import Tokenizer
from inference.trace import RoutingTrace
from inference.triage import Triage

__all__ = [
    "Brief",
    "CheckpointError",
    "CheckpointInfo",
    "Completion",
    "Engine",
    "EngineBusy",
    "EngineStopped",
    "Params",
    "Reading",
    "ReplyStream",
    "RoutingTrace",
    "Turn",
]

REPLY_ROOM = 160
LEAST_ROOM = 2 * BRIEF_ROOM


@dataclass(frozen=True)
class Reading:
    """What the last customer turn is about; `confidence` is the calibrated probability of `intent`.

    The trace covers the words of that turn. `out_of_scope` is the probability that it has nothing to do with what the
    checkpoint can answer; None when the checkpoint cannot tell.
    """

    category: str
    intent: str
    categories: Mapping[str, float]
    intents: Mapping[str, float]
    confidence: float
    trace: RoutingTrace
    out_of_scope: float | None


class Pending(Protocol):
    """A reply that is being written: what comes out of it, and whether it was given up."""

    output: SimpleQueue[str | Completion | Exception]
    cancelled: bool


class ReplyStream(Iterator[str | Completion]):
    """Pieces of a reply's text, then its Completion; closing or dropping it cancels the reply."""

    def __init__(self, job: Pending) -> None:
        self._job = job
        self._over = False

    def __next__(self) -> str | Completion:
        if self._over:
            raise StopIteration
        item = self._job.output.get()
        self._over = not isinstance(item, str)
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """Give the reply up; its slot is free by the engine's next step."""
        self._over = self._job.cancelled = True

    def __del__(self) -> None:
        self.close()


class Engine:
    """A loaded checkpoint and the thread that runs it. Use `Engine.load`; every method is thread-safe."""

    def __init__(
        self, path: Path, model: Decoder, tokenizer: Tokenizer, info: CheckpointInfo, *, slots: int, waiting: int
    ) -> None:
        self.info = info
        self._config = model.config
        self._tokenizer = tokenizer
        self._triage = Triage.load(path)
        self._scope = Scope.load(path)
        self._encoder = Encoder()
        self._upper = self._encoder.upper(path)
        self._scheduler = Scheduler(model, slots=slots, waiting=waiting)  # last: its thread outlives what fails here

    @classmethod
    def load(cls, path: Path, *, slots: int = 32, waiting: int = 128) -> Self:
        """Load a checkpoint directory and start; CheckpointError when it cannot be read. Sets torch to one thread."""
        # Operations this small gain nothing from a second thread, and lose tenfold where it must wait for a busy core.
        torch.set_num_threads(1)
        model, tokenizer, info = checkpoint.load(path)
        return cls(path, model, tokenizer, info, slots=slots, waiting=waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop; requests that are not finished fail with EngineStopped."""
        self._scheduler.close()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentence vectors [n, 384] of unit length."""
        return self._encoder.embed(texts)

    def read(self, turns: Sequence[Turn]) -> Reading:
        """Triage of the last turn, which is the customer's; generates nothing."""
        if self._triage is None:
            raise CheckpointError("this checkpoint has no triage head")
        vector, trace = self._look(turns)
        logits = self._triage.logits(vector, turns[-1].text)
        categories, intents = self._triage.probabilities(logits)
        category, intent = self._triage.best(categories, intents)
        out_of_scope = self._scope.score(vector, logits) if self._scope else None
        return Reading(category, intent, categories, intents, intents[intent], trace, out_of_scope)

    def features(self, turns: Sequence[Turn]) -> NDArray[np.float32]:
        """What triage sees of the last turn: the rows that `triage.fit` learns from."""
        return self._look(turns)[0]

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """Queue a reply to the last turn. EngineBusy when too many wait, ValueError for parameters out of range."""
        room = self._config.max_position_embeddings - max(REPLY_ROOM, params.max_tokens)
        if room < LEAST_ROOM:
            raise ValueError(f"max_tokens leaves {room} tokens of the context to the prompt, {LEAST_ROOM} are needed")
        prompt = build(self._tokenizer, turns, params.brief, room=room)
        return ReplyStream(self._submit(prompt.ids, params))

    @torch.inference_mode()
    def _look(self, turns: Sequence[Turn]) -> tuple[NDArray[np.float32], RoutingTrace]:
        if not turns or turns[-1].role != "customer":
            raise ValueError("the last turn must be the customer's")
        prompt = build(self._tokenizer, turns, None, room=self._config.max_position_embeddings - REPLY_ROOM)
        job = self._submit(prompt.ids, None)
        states = self._encoder.states([triage.masked(turns[-1].text)])  # while the engine's thread routes
        vector = self._upper(*states)[0].numpy()
        trace = self._completion(job).trace.part(prompt.words)
        return triage.features(vector, trace), trace

    def _submit(self, prompt: list[int], params: Params | None) -> Job:
        job = Job(prompt, self._tokenizer, self._config, params)
        self._scheduler.submit(job)
        return job

    def _completion(self, job: Job) -> Completion:
        *_, completion = ReplyStream(job)
        assert isinstance(completion, Completion)
        return completion
