"""What decides a run, read from TOML: sizes, router, data, stages. Knows nothing of files but its own."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inference.config import ModelConfig

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "var" / "training"  # data, state and logs of a run


@dataclass(frozen=True)
class Source:
    """Texts of one kind (`training.sources.KINDS`); `sets` names the published sets to take, none means all.

    `rows` is how many to keep of them at most, 0 for all; `words` how many a reply may have, 0 for any number.
    """

    kind: str
    sets: tuple[str, ...] = ()
    rows: int = 0
    words: int = 0


@dataclass(frozen=True)
class Data:
    """How texts become packed tokens: overlaps are Jaccard's of their shingles (`training.dedup`).

    Of two texts that overlap by `duplicate` the later is dropped; templates that overlap by `twin` stay on one side of
    the split, which puts `validation` of them aside. `tokenizer` gives the rows of each public file to learn pieces of.
    """

    seed: int = 0
    duplicate: float = 0.8
    twin: float = 0.7
    validation: float = 0.02
    tokenizer: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One part of the training: how many tokens, in which batches, at which peak learning rate, from which sources.

    `window` cuts the stream into equal windows; without, whole examples come. `rounds` is how many replies each
    message of the corpus gets. `category` weighs the term that raises the mutual information of expert and category,
    `prior` the one that draws a category's tokens to the expert of its number; the latter falls to 0 over the stage.
    """

    name: str
    tokens: int
    batch_tokens: int
    learning_rate: float
    sources: tuple[str, ...]
    window: int = 0
    rounds: int = 1
    category: float = 0.0
    prior: float = 0.0

    @property
    def steps(self) -> int:
        """Optimiser steps of this stage."""
        return max(1, self.tokens // self.batch_tokens)


@dataclass(frozen=True)
class Router:
    """Weights of the terms that shape the routing; 0 switches one off."""

    noise: float = 0.0
    balance: float = 0.0
    z: float = 0.0
    bias_rate: float = 0.0
    hardening: float = 0.0


PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Config:
    """All that decides a run; every `validate_every` steps the loss of the validation part is logged, 0 for never.

    `precision` is float32, bfloat16, or auto: the faster one on the machine at hand.
    """

    name: str
    seed: int
    model: ModelConfig
    router: Router
    sources: Mapping[str, Source]
    stages: tuple[Stage, ...]
    data: Data = field(default_factory=Data)
    validate_every: int = 200
    variant: str = "moe"
    precision: str = "auto"

    @classmethod
    def read(cls, path: Path, *, without_category: bool = False) -> Config:
        """Read a TOML file; without the category term it is the configuration of the twin."""
        raw = tomllib.loads(path.read_text("utf-8"))
        changed = {"category": 0.0, "prior": 0.0} if without_category else {}
        parts: dict[str, Any] = {
            "model": ModelConfig(**raw.pop("model")),
            "router": Router(**raw.pop("router")),
            "data": Data(**raw.pop("data", {})),
            "sources": {name: Source(**_tuples(row)) for name, row in raw.pop("sources").items()},
            "stages": tuple(Stage(**_tuples(row) | changed) for row in raw.pop("stages")),
        }
        return cls(**raw | parts)

    def __post_init__(self) -> None:
        unknown = {name for stage in self.stages for name in stage.sources} - set(self.sources)
        if unknown:
            raise ValueError(f"a stage reads {', '.join(sorted(unknown))}, which [sources] does not have")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}, not {self.precision}")
        if wide := [stage.name for stage in self.stages if stage.window >= self.model.max_position_embeddings]:
            raise ValueError(f"the windows of {', '.join(wide)} with a token more do not fit the model's context")

    @property
    def steps(self) -> int:
        """Optimiser steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def described(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        described: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return described

    def of_data(self) -> dict[str, Any]:
        """What the packed data depends on."""
        stages = [(stage.name, stage.sources, stage.rounds) for stage in self.stages]
        used = {name: asdict(self.sources[name]) for stage in self.stages for name in stage.sources}
        sizes = (self.model.vocab_size, self.model.max_position_embeddings)
        return {"data": asdict(self.data), "sources": used, "stages": stages, "sizes": sizes}

    def of_pretraining(self) -> dict[str, Any]:
        """What the weights at the end of the first stage depend on; the noise falls over a part of all steps."""
        kept = {key: value for key, value in self.described().items() if key not in ("name", "stages")}
        return kept | {"stage": asdict(self.stages[0]), "steps": self.steps, "data_of": self.of_data()}


def fingerprint(content: Mapping[str, Any]) -> str:
    """The first 12 hex digits of the SHA-256 of its JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
