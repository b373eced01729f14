"""Who the experts are: the card that the installed checkpoint carries. Reads its files, not its weights' meaning."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

CARD, WEIGHTS = "experts.json", "model.safetensors"
COLOURS = 12
LEAST_SHARE = 0.01  # of a category's replies; less is no speciality


@dataclass(frozen=True)
class Speciality:
    """A category and an expert: `share` of its replies from 0 to 1, `lift` times the expert's average over all."""

    category: str
    share: float
    lift: float

    @property
    def percent(self) -> str:
        """The share as it is shown."""
        return f"{self.share:.0%}"

    @property
    def words(self) -> str:
        """What the two numbers mean."""
        return f"{self.share:.0%} of its replies; {self.lift:.1f} times as much as if all were alike to the expert"


@dataclass(frozen=True)
class Expert:
    """One of the experts of every layer; `number` counts from 0, as the checkpoint's card does."""

    number: int
    name: str
    specialities: list[Speciality] = field(default_factory=list)

    @property
    def style(self) -> str:
        """The class of its colour."""
        return f"expert-{self.number % COLOURS}"


@dataclass(frozen=True)
class Checkpoint:
    """What is installed; a card that is missing or damaged names nobody."""

    name: str = ""
    version: str = ""
    cards: tuple[dict[str, Any], ...] = ()

    def experts(self, count: int) -> list[Expert]:
        """All `count` experts; one without a card has its number for a name."""
        return [self._expert(index) for index in range(count)]

    def _expert(self, index: int) -> Expert:
        card = self.cards[index] if index < len(self.cards) else {}
        rows = [Speciality(c["category"], c["share"], c["lift"]) for c in card.get("categories", [])]
        specialities = [row for row in rows if row.share >= LEAST_SHARE]
        return Expert(index, card.get("name") or f"expert {index}", specialities)


def installed() -> Checkpoint:
    """The checkpoint of the settings; read again only after its files changed."""
    return _read(settings.MODEL_DIR, _stamp(settings.MODEL_DIR / CARD), _stamp(settings.MODEL_DIR / WEIGHTS))


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=2)
def _read(directory: Path, *stamps: int) -> Checkpoint:
    try:
        card = json.loads((directory / CARD).read_text("utf-8"))
        checkpoint = Checkpoint(str(card["name"]), _version(directory / WEIGHTS), tuple(card["experts"]))
        checkpoint.experts(len(checkpoint.cards))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Checkpoint()
    return checkpoint


def _version(weights: Path) -> str:
    """As the engine names it: the first 12 hex digits of the weights' SHA-256."""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
