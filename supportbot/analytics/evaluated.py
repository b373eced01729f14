"""How well the assistant does with a checkpoint, as `make eval` left it beside the weights or a click had it done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from supportbot.analytics.models import VersionEvaluation
from supportbot.chat.experts import Checkpoint

FILE = "evaluation.json"


@dataclass(frozen=True)
class Cell:
    """A share in percent with its 95 % interval; `count` 0 is nothing measured."""

    value: float
    low: float
    high: float
    hits: float
    count: int


@dataclass(frozen=True)
class Company:
    """One company's table: for each figure a cell of every system."""

    name: str
    systems: list[str]
    rows: list[tuple[str, list[Cell]]]


@dataclass(frozen=True)
class Evaluated:
    """When and on what it was measured, and the tables."""

    date: str
    machine: str
    companies: list[Company]


def evaluated(checkpoint: Checkpoint) -> Evaluated | None:
    """The latest figures of these very weights, from the page of the models or from the file; None without any."""
    done = VersionEvaluation.objects.filter(version=checkpoint.version, state=VersionEvaluation.State.DONE).first()
    read = [_read(done.figures, checkpoint) if done else None, _stored(checkpoint)]
    return max((one for one in read if one), key=lambda one: one.date, default=None)


def _stored(checkpoint: Checkpoint) -> Evaluated | None:
    try:
        return _read(json.loads((checkpoint.directory / FILE).read_text("utf-8")), checkpoint)
    except (OSError, ValueError):
        return None


def _read(data: Any, checkpoint: Checkpoint) -> Evaluated | None:
    try:
        if data["version"] != checkpoint.version:
            return None
        companies = [_company(name, systems, data["labels"]) for name, systems in data["companies"].items()]
        return Evaluated(str(data["date"]), str(data["machine"]), companies)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _company(name: str, systems: dict[str, dict[str, Any]], labels: dict[str, str]) -> Company:
    rows = [(label, [_cell(figures[key]) for figures in systems.values()]) for key, label in labels.items()]
    return Company(name.capitalize(), list(systems), rows)


def _cell(figure: dict[str, Any]) -> Cell:
    value, low, high = (100 * float(figure[part]) for part in ("value", "low", "high"))
    return Cell(value, low, high, float(figure["hits"]), int(figure["count"]))
