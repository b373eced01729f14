"""What a packed folder was made of, as JSON beside it and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "manifest.json"


@dataclass(frozen=True)
class Tally:
    """A set within a source: rows read and kept, and those dropped by reason."""

    source: str
    set: str
    licence: str
    file: str
    read: int
    kept: int
    dropped: dict[str, int]


@dataclass(frozen=True)
class Portion:
    """One side of a stage: documents, and tokens by set."""

    stage: str
    side: str
    documents: int
    tokens: dict[str, int]


@dataclass(frozen=True)
class Manifest:
    """`made_of` is the fingerprint of configuration and inputs, `inputs` their SHA-256, `context` a token's id."""

    name: str
    made_of: str
    date: str
    seed: int
    context: int
    inputs: dict[str, str]
    sets: list[Tally]
    stages: list[Portion]

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """The manifest of a packed folder; OSError when there is none."""
        raw = json.loads((folder / FILE).read_text("utf-8"))
        parts = {"sets": [Tally(**row) for row in raw["sets"]], "stages": [Portion(**row) for row in raw["stages"]]}
        return cls(**raw | parts)

    def json(self) -> bytes:
        """The content of the file."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode()

    def __str__(self) -> str:
        """Tables: inputs, what became of the rows of each set, and what each stage reads."""
        sets = [
            (t.source, t.set, t.licence, t.file, f"{t.read:,}", f"{t.kept:,}", _reasons(t.dropped)) for t in self.sets
        ]
        stages = [
            (p.stage, p.side, name, f"{tokens:,}", f"{tokens / max(1, sum(p.tokens.values())):.1%}")
            for p in self.stages
            for name, tokens in p.tokens.items()
        ]
        totals = [(p.stage, p.side, f"{p.documents:,}", f"{sum(p.tokens.values()):,}") for p in self.stages]
        return "\n\n".join(
            [
                f"{self.name}, {self.date}, seed {self.seed}, made of {self.made_of}",
                _table(("input", "SHA-256"), self.inputs.items()),
                _table(("source", "set", "licence", "file", "rows", "kept", "dropped"), sets),
                _table(("stage", "side", "documents", "tokens"), totals),
                _table(("stage", "side", "set", "tokens", "share"), stages),
            ]
        )


def _reasons(dropped: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {reason}" for reason, n in sorted(dropped.items(), key=lambda pair: -pair[1]))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
