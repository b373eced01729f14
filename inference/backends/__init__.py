"""The same door on other engines: our checkpoint reads, another engine writes.

Triage, embeddings and thresholds belong to a checkpoint of ours; of another engine only the replies are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from inference.backends.openai import OpenAIWriter
from inference.backends.transformers import TransformersWriter
from inference.engine import Engine, ReplyStream
from inference.job import Params
from inference.prompt import Turn

VERSION_LENGTH = 40  # characters


class Writer(Protocol):
    """What writes replies; raises and ends as `Engine.stream` and `Engine.close` do."""

    name: str

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """Queue a reply to the last turn."""

    def close(self) -> None:
        """Stop; replies that are not finished fail with EngineStopped."""


class BackedEngine(Engine):
    """An engine that reads by itself and has its replies written by another."""

    _writer: Writer | None = None

    @property
    def reads_passages(self) -> bool:
        """A general model does."""
        return self._writer is not None

    def hand_to(self, writer: Writer) -> None:
        """Let `writer` write from now on, and say so in the version: `<ours>+<its name>`."""
        self._writer = writer
        self.info = replace(self.info, version=f"{self.info.version}+{writer.name}"[:VERSION_LENGTH])

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """As `Engine.stream`, by the writer."""
        return self._writer.stream(turns, params) if self._writer else super().stream(turns, params)

    def close(self) -> None:
        """Stop both."""
        if self._writer:
            self._writer.close()
        super().close()


def load(path: Path, spec: str, *, key: str = "", experts: int = 0, slots: int = 32) -> Engine:
    """An engine that reads with the checkpoint in `path` and writes with `transformers:DIR` or `openai:URL#MODEL`.

    `key` and `experts` are for a server: see OpenAIWriter. CheckpointError when something cannot be loaded.
    """
    engine = BackedEngine.load(path, slots=slots)
    try:
        engine.hand_to(writer(spec, key=key, experts=experts, slots=slots))
    except BaseException:
        engine.close()
        raise
    return engine


def writer(spec: str, *, key: str = "", experts: int = 0, slots: int = 32) -> Writer:
    """What `spec` names; ValueError when it is not of one of the two forms."""
    kind, _, where = spec.partition(":")
    address, _, model = where.rpartition("#")
    if kind == "transformers" and where:
        return TransformersWriter(Path(where), slots=slots)
    if kind == "openai" and address and model:
        return OpenAIWriter(address, model, key=key, experts=experts, slots=slots)
    raise ValueError(f"{spec!r} is neither transformers:DIRECTORY nor openai:URL#MODEL")
