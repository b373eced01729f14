"""Who the experts are, and which of them a stored trace names most.

They are known from the card that a checkpoint carries, and from what a workspace says of them. Reads the
checkpoint's files, not its weights' meaning.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from inference.trace import RoutingTrace
from supportbot.chat.models import Conversation, Generation
from supportbot.chat.versions import serving
from supportbot.chat.versions.registry import CARD, WEIGHTS, version_at
from supportbot.workspaces.models import ExpertSetting, Workspace

CONFIG = "config.json"
COLOURS = 12
HEAT = (0.02, 0.05, 0.09, 0.14, 0.20, 0.28, 0.38, 0.50)  # bounds of the shades
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
    is_off: bool = False

    @property
    def style(self) -> str:
        """The class of its colour."""
        return f"expert-{self.number % COLOURS}"


@dataclass(frozen=True)
class Cell:
    """One expert in one layer: `share` of the layer's weight, `chosen` of all its choices."""

    expert: Expert
    share: float
    chosen: int

    @property
    def percent(self) -> str:
        """The share as it stands in the cell."""
        return f"{self.share:.0%}".rstrip("%") if self.share >= 0.005 or self.share == 0 else "<1"

    @property
    def heat(self) -> int:
        """The shade, from 0 to 8."""
        return bisect_right(HEAT, self.share)


@dataclass(frozen=True)
class Checkpoint:
    """What is installed, with its cards and how many experts a token needs; a damaged card names nobody.

    `own` is what a workspace says of the experts, by their numbers.
    """

    name: str = ""
    version: str = ""
    cards: tuple[dict[str, Any], ...] = ()
    needed: int = 0
    own: Mapping[int, ExpertSetting] = field(default_factory=dict)
    directory: Path = Path()

    def experts(self, count: int) -> list[Expert]:
        """All `count` experts; one without a card has its number for a name."""
        return [self._expert(index) for index in range(count)]

    def _expert(self, index: int) -> Expert:
        card = self.cards[index] if index < len(self.cards) else {}
        rows = [Speciality(c["category"], c["share"], c["lift"]) for c in card.get("categories", [])]
        specialities = [row for row in rows if row.share >= LEAST_SHARE]
        said = self.own.get(index)
        name = (said.name if said else "") or card.get("name") or f"expert {index}"
        return Expert(index, name, specialities, said is not None and said.is_off)

    def pool(self, category: str, size: int) -> list[int]:
        """The experts with the highest share of a category's replies, by their cards; empty if no card names it."""
        shares = {
            number: row["share"]
            for number, card in enumerate(self.cards)
            for row in card.get("categories", [])
            if row["category"] == category
        }
        return sorted(sorted(shares, key=lambda number: -shares[number])[:size])

    @property
    def categories(self) -> list[str]:
        """The categories that its cards know."""
        return [row["category"] for row in self.cards[0].get("categories", [])] if self.cards else []


def installed(workspace: Workspace | None = None) -> Checkpoint:
    """The checkpoint that answers, with what a workspace says of it; read again only after its files changed."""
    checkpoint = stored_in(serving.directory())
    if workspace is None:
        return checkpoint
    said = ExpertSetting.objects.in_workspace(workspace).filter(version=checkpoint.version).select_related("owner")
    return replace(checkpoint, own={setting.number: setting for setting in said})


def stored_in(directory: Path) -> Checkpoint:
    """A checkpoint by its directory."""
    return _read(directory, *(_stamp(directory / name) for name in (CARD, WEIGHTS, CONFIG)))


def stored_trace(data: bytes | memoryview) -> RoutingTrace:
    """A trace from the database; ValueError when it is damaged."""
    trace = RoutingTrace.from_bytes(bytes(data))
    fits = len(trace.tokens) == trace.ids.shape[1] >= trace.prompt_tokens >= 0
    if not fits or (trace.ids.size and trace.ids.max() >= trace.n_experts):
        raise ValueError("not a routing trace: its parts don't fit together")
    return trace


def of(conversation: Conversation) -> int | None:
    """The expert to which most of the customer's last words went, as far as they were traced."""
    traced = Generation.objects.filter(message__conversation=conversation).exclude(reading=b"")
    data = traced.order_by("-id").values_list("reading", flat=True).first()
    try:
        share = stored_trace(data).share.mean(axis=0) if data else np.empty(0)
    except ValueError:
        return None
    return int(share.argmax()) if share.size else None


def leaders(trace: RoutingTrace, experts: Sequence[Expert], count: int = 3) -> list[Cell]:
    """The experts with the most weight over all layers."""
    share, counts = trace.share.mean(axis=0), trace.counts.sum(axis=0)
    best = np.argsort(-share, kind="stable")[:count]
    return [Cell(experts[index], float(share[index]), int(counts[index])) for index in best]


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=64)
def _read(directory: Path, *stamps: int) -> Checkpoint:
    try:
        card = json.loads((directory / CARD).read_text("utf-8"))
        version, needed = version_at(directory), _needed(directory)
        checkpoint = Checkpoint(str(card["name"]), version, tuple(card["experts"]), needed, directory=directory)
        checkpoint.experts(len(checkpoint.cards))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Checkpoint()
    return checkpoint if version else Checkpoint()


def _needed(directory: Path) -> int:
    """How many experts a token chooses; all that one could name where the directory does not say."""
    try:
        return int(json.loads((directory / CONFIG).read_text("utf-8"))["moe_k"])
    except (OSError, ValueError, KeyError, TypeError):
        return 256
