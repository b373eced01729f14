"""The versions of the model as a person reads them: card, size, where one came from, what was measured of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from supportbot.analytics.evaluated import Cell, Evaluated, evaluated
from supportbot.analytics.models import VersionEvaluation
from supportbot.chat.experts import Checkpoint, Expert, stored_in
from supportbot.chat.models import ExpertTraining
from supportbot.chat.versions import registry

ADDED = "added_expert.json"  # as `training.add_expert` leaves it beside the weights


@dataclass(frozen=True)
class Added:
    """What one more expert brought: losses in nats a token, shares from 0 to 1."""

    category: str
    came_from: str
    learned_from: int
    held_out: int
    steps: int
    seeds: int
    before: float
    after: float
    before_elsewhere: float
    after_elsewhere: float
    read: float
    read_elsewhere_before: float
    read_elsewhere: float

    @classmethod
    def of(cls, directory: Path) -> Self | None:
        """None where no expert was added, or where its figures can't be read."""
        try:
            data: dict[str, Any] = json.loads((directory / ADDED).read_text("utf-8"))
            run = data["runs"][0]
            told = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
            return cls(**told, seeds=len(data["runs"]), after=run["added"], after_elsewhere=run["added_elsewhere"])
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    @property
    def rise(self) -> float:
        """By how much the other categories' loss rose, in percent."""
        return 100 * (self.after_elsewhere / self.before_elsewhere - 1) if self.before_elsewhere else 0.0


@dataclass(frozen=True)
class Version:
    """One checkpoint on this machine."""

    checkpoint: Checkpoint
    is_shipped: bool
    is_whole: bool
    size: int
    added: Added | None
    evaluated: Evaluated | None
    training: ExpertTraining | None
    evaluation: VersionEvaluation | None  # the latest that was asked for

    @property
    def name(self) -> str:
        """Its own, and what it learnt besides."""
        return f"{self.checkpoint.name} + {self.added.category}" if self.added else self.checkpoint.name

    @property
    def experts(self) -> list[Expert]:
        """Those of its card."""
        return self.checkpoint.experts(len(self.checkpoint.cards))

    @property
    def version(self) -> str:
        """The first digits of its weights' hash."""
        return self.checkpoint.version


def versions() -> list[Version]:
    """All that are on this machine and have a card, the shipped one first."""
    trainings = ExpertTraining.objects.exclude(version="").select_related("started_by", "workspace", "label")
    by_version = {training.version: training for training in trainings}
    asked = {row.version: row for row in VersionEvaluation.objects.order_by("id")}
    found = [_version(path, by_version.get(version), asked.get(version)) for version, path in registry.directories()]
    return [one for one in found if one.checkpoint.version]


def evaluation_rows(shown: Sequence[Version]) -> list[tuple[str, list[Cell | None]]]:
    """Each figure of all companies together, with a cell for each version; empty where none was measured."""
    tables = [_together(version.evaluated) for version in shown]
    labels = list(dict.fromkeys(label for table in tables for label in table))
    return [(label, [table.get(label) for table in tables]) for label in labels]


def _together(found: Evaluated | None) -> Mapping[str, Cell]:
    last = found.companies[-1] if found and found.companies else None  # of all companies together
    return {label: cells[0] for label, cells in last.rows if cells} if last else {}


def _version(path: Path, training: ExpertTraining | None, evaluation: VersionEvaluation | None) -> Version:
    checkpoint = stored_in(path)
    return Version(
        checkpoint,
        path == registry.shipped(),
        registry.is_whole(path),
        registry.size(path),
        Added.of(path),
        evaluated(checkpoint),
        training,
        evaluation,
    )
