"""What may be asked of a dataset: figures of its columns and of the conversations joined to it, and what splits them.

A query names these keys only; each knows its piece of SQL, made of our own names of columns (`c0`, `c1`, …).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from supportbot.analytics.datasets.columns import Column
from supportbot.analytics.datasets.models import Dataset
from supportbot.analytics.measures import DIMENSIONS, MEASURES, Unit
from supportbot.analytics.models import Preferences
from supportbot.analytics.wording import words

AGGREGATES = {"sum": "Total", "avg": "Average", "median": "Median", "min": "Smallest", "max": "Largest"}
OF_CONVERSATIONS = (
    "conversations",
    "handover",
    "resolution",
    "csat",
    "score",
    "reopened",
    "first",
    "people",
    "duration",
)
ROWS, CONTACTED = "count", "contacted"
TIME = "time"


class Named:
    """What has a key in an address: of rows, or `conv:` and what it is of conversations."""

    key: str

    @property
    def of_conversations(self) -> str:
        """The measure or dimension of conversations that it is; empty for one of rows."""
        kind, _, key = self.key.partition(":")
        return key if kind == "conv" else ""


@dataclass(frozen=True)
class Figure(Named):
    """A figure: its key in an address, its name, and what it is made of."""

    key: str
    name: str
    about: str
    column: Column | None = None

    @property
    def sql(self) -> str:
        """The aggregate over rows `r`; `k` is there where a row's key is named by a conversation."""
        if self.column is None:
            return "count(*)" if self.key == ROWS else "avg((k.join_key IS NOT NULL)::INT)"
        kind = self.key.partition(":")[0]
        return f"count(DISTINCT r.{self.column.key})" if kind == "distinct" else f"{kind}(r.{self.column.key})"

    @property
    def unit(self) -> Unit:
        """What it is measured in; a column's own unit stands in words only."""
        measure = MEASURES.get(self.of_conversations)
        return measure.unit if measure else "share" if self.key == CONTACTED else "count"

    def in_words(self, value: float | None) -> str:
        """A value as it is read."""
        if value is None or self.column is None:
            return words(value, self.unit)
        text = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        unit = self.column.unit if not self.key.startswith("distinct") else ""
        return f"{unit}{text}" if unit in ("£", "$", "€") else f"{text} {unit}".strip()


@dataclass(frozen=True)
class Split(Named):
    """By what a figure is split or filtered: a column, or a dimension of the joined conversations."""

    key: str
    name: str
    column: Column | None = None

    @property
    def sql(self) -> str:
        """The column, of rows `r` or of linked conversations `l`."""
        if self.column:
            return f"CAST(r.{self.column.key} AS VARCHAR)"
        return f"CAST(l.{DIMENSIONS[self.of_conversations].column} AS VARCHAR)"


class Declared:
    """All of a dataset."""

    def __init__(self, dataset: Dataset, shows_agents: bool = False) -> None:
        self.dataset, self.shows_agents = dataset, shows_agents

    @classmethod
    def of(cls, dataset: Dataset) -> Declared:
        """With agents only if its workspace wants them shown."""
        return cls(dataset, not Preferences.of(dataset.workspace).teams_only)

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """By their keys."""
        noun = self.dataset.name.lower()
        found = [Figure(ROWS, f"Number of {noun}", "Each row counts once.")]
        if self.dataset.is_joined:
            about = f"Of all {noun}, those with a conversation that names their key."
            found.append(Figure(CONTACTED, f"Share of {noun} with a conversation", about))
        for column in self.dataset.described:
            found += _of_column(column)
        if self.dataset.is_joined:
            about = (
                f"Of the conversations that name one of these {noun}; each counts once for each value of the split. "
            )
            found += [
                Figure(f"conv:{key}", f"{MEASURES[key].name} ({noun})", about + MEASURES[key].about)
                for key in OF_CONVERSATIONS
            ]
        return {figure.key: figure for figure in found}

    @cached_property
    def splits(self) -> dict[str, Split]:
        """By their keys."""
        found = [Split(column.key, column.label, column) for column in self.dataset.described if column.is_split]
        if self.dataset.is_joined:
            found += [
                Split(f"conv:{key}", f"{dimension.name} (conversation)")
                for key, dimension in DIMENSIONS.items()
                if key != "agent" or self.shows_agents
            ]
        return {split.key: split for split in found}

    @property
    def numbers(self) -> dict[str, Column]:
        """Columns that may be bound to a range."""
        return {column.key: column for column in self.dataset.described if column.is_measured}

    @property
    def has_time(self) -> bool:
        """Whether there are days: of the rows, or of the conversations."""
        return self.dataset.time_column is not None


def _of_column(column: Column) -> list[Figure]:
    if column.is_measured:
        kinds = ("avg", "median", "min", "max", "sum") if column.use == "average" else AGGREGATES
        rows = "Over the rows that have a value."
        return [Figure(f"{kind}:{column.key}", f"{AGGREGATES[kind]} of {column.label}", rows, column) for kind in kinds]
    if column.is_split:
        return [Figure(f"distinct:{column.key}", f"Different values of {column.label}", "Each once.", column)]
    return []
