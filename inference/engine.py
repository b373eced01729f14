"""The door to the model: triage, streamed replies and embeddings, for many threads at once.

Knows turns, briefs and slots; nothing of the product, the web or a database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference import checkpoint, fewshot, triage
from inference.checkpoint import CheckpointError, CheckpointInfo
from inference.encoder import READING, WIDTH, shared_encoder
from inference.fewshot import FewShot
from inference.fused import FusedDecoder
from inference.job import Completion, Job, Params
from inference.kernels import Storage
from inference.language import Languages
from inference.lexical import masked
from inference.prompt import BRIEF_ROOM, Brief, Turn, build
from inference.reader import Page, Reader
from inference.scheduler import EngineBusy, EngineStopped, Pass, Scheduler
from inference.scope import Scope
from inference.sentiment import Sentiment
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
    "FewShot",
    "Params",
    "Reading",
    "ReplyStream",
    "RoutingTrace",
    "Turn",
    "WhatIf",
]

REPLY_ROOM = 160
LEAST_ROOM = 2 * BRIEF_ROOM


@dataclass(frozen=True)
class Reading:
    """What the last customer turn is about; `confidence` is the calibrated probability of `intent`.

    The trace covers the words of that turn. `sentiments` is empty, and `sentiment` None, when the checkpoint has no
    head for it. `language` is an ISO 639-1 code, `und` for words that are too few to tell. `own` has the probabilities
    of the categories that were learnt from examples, if any were given. `out_of_scope` is the probability that the turn
    has nothing to do with what the checkpoint can answer; None when it cannot tell.
    """

    category: str
    intent: str
    categories: Mapping[str, float]
    intents: Mapping[str, float]
    confidence: float
    trace: RoutingTrace
    sentiments: Mapping[str, float]
    language: str
    own: Mapping[str, float]
    out_of_scope: float | None

    @property
    def sentiment(self) -> str | None:
        """The likeliest of calm, unhappy and angry."""
        return max(self.sentiments, key=self.sentiments.__getitem__, default=None)

    @property
    def fingerprint(self) -> NDArray[np.float32]:
        """The routing vector [layers * experts] that triage sees: each layer's shares, one layer after the other."""
        return self.trace.share.ravel()


@dataclass(frozen=True)
class WhatIf:
    """A reply as the model writes it, and as it does without some of its experts.

    `recited` is the mean log-probability that the usual reply's own tokens have without them: how far they were needed.
    """

    usual: Completion
    changed: Completion
    recited: float


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
        self, path: Path, decoder: Pass, tokenizer: Tokenizer, info: CheckpointInfo, *, slots: int, waiting: int
    ) -> None:
        self.info = info
        self._config = decoder.config
        self._tokenizer = tokenizer
        self._triage = Triage.load(path)
        self._sentiment = Sentiment.load(path)
        self._languages = Languages()
        self._scope = Scope.load(path)
        self._encoder = shared_encoder()
        self._upper = self._encoder.upper(path)
        self._reader = Reader.load(READING)
        self._scheduler = Scheduler(decoder, slots=slots, waiting=waiting)  # last: its thread outlives what fails here

    @classmethod
    def load(cls, path: Path, *, slots: int = 32, waiting: int = 128, storage: Storage = "int8") -> Self:
        """Load a checkpoint directory and start; CheckpointError when it cannot be read. Sets torch to one thread.

        `storage` of the weights: int8, or bfloat16, which holds a checkpoint exactly and takes more time and memory.
        """
        # Operations this small gain nothing from a second thread, and lose tenfold where it must wait for a busy core.
        torch.set_num_threads(1)
        config, state, tokenizer, info = checkpoint.read(path)
        return cls(path, FusedDecoder(config, state, storage), tokenizer, info, slots=slots, waiting=waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop; requests that are not finished fail with EngineStopped."""
        self._scheduler.close()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for it at this moment."""
        return self._scheduler.is_idle

    @property
    def reads_passages(self) -> bool:
        """Whether what writes the replies reads `Params.passages`; our own model has learnt its answers."""
        return False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [n, 384] of unit length: questions lie near the passages that answer them."""
        return self._encoder.embed(texts)

    def likeness(self, text: str, others: Sequence[str]) -> NDArray[np.float32]:
        """How alike others are to a text [n], 1 being the same in meaning."""
        vectors = self._encoder.embed([text, *others], self._encoder.published)
        likeness: NDArray[np.float32] = vectors[1:] @ vectors[0]
        return likeness

    def find_answers(self, question: str, pages: Sequence[tuple[str, Sequence[str]]]) -> list[list[float]]:
        """How likely each sentence of each page answers a question; what is left to 1: that none does.

        A page is what stands above it and its sentences.
        """
        return self._reader.read(self._encoder, question, [Page(head, tuple(own)) for head, own in pages])

    def learn(self, examples: Mapping[str, Sequence[str]]) -> FewShot:
        """Categories of a workspace's own from some messages of each, ten say, for `read`; trains nothing.

        ValueError for fewer than two categories, and for one without an example.
        """
        fewshot.check(examples)
        rows = [(name, masked(text)) for name, texts in examples.items() for text in texts]
        vectors = [self._senses(self._encoder.states([text])) for _, text in rows]
        return FewShot.fit(np.stack(vectors), [name for name, _ in rows])

    def read(self, turns: Sequence[Turn], *, home: str = "en", own: FewShot | None = None) -> Reading:
        """Triage of the last turn, which is the customer's; generates nothing.

        `home` is the language that the workspace's customers write if nothing speaks against it, `own` what `learn`
        made of its own categories.
        """
        if self._triage is None:
            raise CheckpointError("this checkpoint has no triage head")
        vector, trace, states = self._look(turns)
        logits = self._triage.logits(vector, turns[-1].text)
        categories, intents = self._triage.probabilities(logits)
        category, intent = self._triage.best(categories, intents)
        out_of_scope = self._scope.score(vector, logits) if self._scope else None
        sentiments = self._sentiment.read(vector[:WIDTH], turns[-1].text) if self._sentiment else {}
        language = self._languages.read(turns[-1].text, home=home)
        known = own.predict(self._senses(states)) if own else {}
        sure = intents[intent]
        return Reading(category, intent, categories, intents, sure, trace, sentiments, language, known, out_of_scope)

    def features(self, turns: Sequence[Turn]) -> NDArray[np.float32]:
        """What triage sees of the last turn: the rows that `triage.fit` learns from."""
        return self._look(turns)[0]

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """Queue a reply to the last turn. EngineBusy when too many wait, ValueError for parameters out of range."""
        return ReplyStream(self._write(turns, params))

    def what_if(self, turns: Sequence[Turn], params: Params, off: Collection[int]) -> WhatIf:
        """Write a reply twice, with all experts that `params` leaves on and without those in `off`, in the background.

        Raises as `stream` does, and EngineBusy when the deadline of `params` finds no quiet time for one of them.
        """
        without = replace(params, background=True, off=params.off | frozenset(off))
        usual, changed = self._write(turns, replace(params, background=True)), self._write(turns, without)
        first, second = self._in_time(usual), self._in_time(changed)
        recited = self._in_time(self._write(turns, without, usual.reply))
        return WhatIf(first, second, recited.mean_logprob or 0.0)

    def _write(self, turns: Sequence[Turn], params: Params, recited: Sequence[int] = ()) -> Job:
        config = self._config
        if not params.off <= set(range(config.moe_num_experts)):
            raise ValueError(f"experts are numbered 0 to {config.moe_num_experts - 1}")
        if len(params.off) > config.moe_num_experts - config.moe_k:
            raise ValueError(f"a token needs {config.moe_k} experts")
        room = config.max_position_embeddings - max(REPLY_ROOM, params.max_tokens)
        if room < LEAST_ROOM:
            raise ValueError(f"max_tokens leaves {room} tokens of the context to the prompt, {LEAST_ROOM} are needed")
        prompt = build(self._tokenizer, turns, params.brief, room=room)
        return self._submit(prompt.ids, params, recited)

    @torch.inference_mode()
    def _senses(self, states: tuple[Tensor, Tensor]) -> NDArray[np.float32]:
        """The published and the tuned sentence vector of a text, by its `Encoder.states` [2 * 384]."""
        return np.concatenate([upper(*states)[0].numpy() for upper in (self._encoder.published, self._upper)])

    @torch.inference_mode()
    def _look(self, turns: Sequence[Turn]) -> tuple[NDArray[np.float32], RoutingTrace, tuple[Tensor, Tensor]]:
        """Features of the last turn, its trace, and what the encoder's lower layers make of it."""
        if not turns or turns[-1].role != "customer":
            raise ValueError("the last turn must be the customer's")
        prompt = build(self._tokenizer, turns, None, room=self._config.max_position_embeddings - REPLY_ROOM)
        job = self._submit(prompt.ids, None)
        states = self._encoder.states([masked(turns[-1].text)])  # while the engine's thread routes
        vector = self._upper(*states)[0].numpy()
        trace = self._completion(job).trace.part(prompt.words)
        return triage.features(vector, trace), trace, states

    def _submit(self, prompt: list[int], params: Params | None, recited: Sequence[int] = ()) -> Job:
        job = Job(prompt, self._tokenizer, self._config.moe_num_experts, params, recited)
        self._scheduler.submit(job)
        return job

    def _completion(self, job: Job) -> Completion:
        *_, completion = ReplyStream(job)
        assert isinstance(completion, Completion)
        return completion

    def _in_time(self, job: Job) -> Completion:
        completion = self._completion(job)
        if completion.finish_reason == "deadline":
            raise EngineBusy("other replies left no time for this one")
        return completion
