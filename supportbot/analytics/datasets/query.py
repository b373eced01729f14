"""A query over a dataset as an address has it, and its figures. Identifiers are those declared; values are bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import duckdb
from django.utils import timezone

from supportbot.analytics.datasets import links, store
from supportbot.analytics.datasets.declared import CONTACTED, TIME, Declared, Figure
from supportbot.analytics.datasets.engine import Refused, opened, quoted
from supportbot.analytics.measures import MEASURES
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope

ALL = "all"
MOST = 24  # values of a split that are shown
Values = dict[Any, float | None]


@dataclass(frozen=True)
class Query:
    """Which figure, split by what, of which days, of which rows; `period` is None for all rows."""

    declared: Declared
    figure: Figure
    by: str = ""
    period: Period | None = None
    filters: dict[str, str] = field(default_factory=dict)  # a split's key, and its value
    ranges: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    top: int = MOST
    lowest: bool = False

    @classmethod
    def read(cls, declared: Declared, asked: Mapping[str, str], today: date) -> Query:
        """As an address has it; what is not declared is left out."""
        figure = declared.figures.get(asked.get("figure", ""), declared.figures["count"])
        by = asked.get("by", "")
        is_by = by in declared.splits or (by == TIME and (declared.has_time or figure.of_conversations))
        filters = {key: asked[f"is-{key}"] for key in declared.splits if asked.get(f"is-{key}", "*") != "*"}
        ranges = {
            key: bounds
            for key in declared.numbers
            if (bounds := (_number(asked.get(f"min-{key}")), _number(asked.get(f"max-{key}")))) != (None, None)
        }
        top = asked.get("top", "")
        count = min(max(int(top), 1), MOST) if top.isascii() and top.isdigit() and len(top) < 4 else MOST
        period = None if asked.get("period", ALL) == ALL else Period.read(asked, today)
        return cls(declared, figure, by if is_by else "", period, filters, ranges, count, "lowest" in asked)

    @property
    def asked(self) -> dict[str, str]:
        """As it stands in an address."""
        own = {"figure": self.figure.key, "by": self.by}
        own |= self.period.query if self.period else {"period": ALL}
        own |= {f"is-{key}": value for key, value in self.filters.items()}
        for key, (low, high) in self.ranges.items():
            own |= {f"min-{key}": f"{low:g}"} if low is not None else {}
            own |= {f"max-{key}": f"{high:g}"} if high is not None else {}
        return own | ({"top": str(self.top)} if self.top != MOST else {}) | ({"lowest": "1"} if self.lowest else {})

    @property
    def address(self) -> str:
        """The part of an address after `?`."""
        return urlencode(self.asked)

    @property
    def span(self) -> Period | None:
        """Its days: the chosen ones, else all that the dataset has; None where it has none."""
        column = self.declared.dataset.time_column
        if self.period or column is None or not column.low or self.figure.of_conversations:
            return self.period
        return Period(date.fromisoformat(column.low), date.fromisoformat(column.high), "custom")

    @cached_property
    def scope(self) -> Scope:
        """The conversations of its days, or of the last year."""
        today = timezone.now().date()
        return Scope(self.declared.dataset.workspace, self.period or Period(today - timedelta(days=365), today))

    @property
    def before(self) -> Query | None:
        """The same of as many days before."""
        return replace(self, period=self.period.before) if self.period else None

    def figures(self) -> tuple[float | None, Values]:
        """In all, and for each value of the split, or for each step of time; Refused past a limit."""
        dataset = self.declared.dataset
        if not dataset.parts:
            raise Refused("The dataset has no rows yet.")
        files = store.parts(dataset)
        joined = links.files(dataset.workspace) if dataset.is_joined else ()
        try:
            with opened(store.folder_of(dataset.workspace_id), [*files, *joined]) as engine:
                listed = ", ".join(quoted(str(path)) for path in files)
                engine.execute(f"CREATE VIEW r AS SELECT * FROM read_parquet([{listed}])")
                if joined:
                    engine.execute(f"CREATE VIEW linked AS {links.linked(dataset.key, *joined)}")
                total = dict(self._run(engine, "")).get(None)
                return total, dict(self._run(engine, self.by)) if self.by else {}
        except duckdb.IOException as error:
            raise Refused("The dataset was changed at this moment. Ask again.") from error

    def _run(self, engine: duckdb.DuckDBPyConnection, by: str) -> Iterator[tuple[Any, float | None]]:
        statement, bound = self._of_conversations(by) if self.figure.of_conversations else self._of_rows(by)
        for key, value in engine.execute(statement, bound).fetchall():
            yield key, None if value is None else float(value)

    def _of_rows(self, by: str) -> tuple[str, list[Any]]:
        """Each row counts once for each value of the split."""
        split, key = self.declared.splits.get(by), "NULL"
        conditions, values = self._conditions(of_conversations=True)
        own, own_values = self._conditions(of_conversations=False)
        own_values = [*own_values, *self._days()]
        source, where, bound, figure = "r", own, own_values, self.figure.sql
        if split and split.of_conversations:
            pairs = f"SELECT DISTINCT join_key, {split.sql} AS value FROM linked l WHERE {conditions}"
            source, key, bound = f"r JOIN ({pairs}) l USING (join_key)", "l.value", [*values, *own_values]
            if self.figure.key == CONTACTED:
                figure = f"count(*) / (SELECT count(*) FROM r WHERE {own})"
                bound = [*own_values, *bound]
        else:
            key = self._step("r") if by == TIME else split.sql if split else key
            named = f"SELECT DISTINCT join_key FROM linked l WHERE {conditions}"
            if self.figure.key == CONTACTED:
                source, bound = f"r LEFT JOIN ({named}) k ON k.join_key = r.join_key", [*values, *own_values]
            elif values:
                where, bound = f"r.join_key IN ({named}) AND {own}", [*values, *own_values]
        group = " GROUP BY 1" if by else ""
        return f"SELECT {key} AS value, {figure} FROM {source} WHERE {where}{group}", bound

    def _of_conversations(self, by: str) -> tuple[str, list[Any]]:
        """Each conversation counts once for each value of the split."""
        split, measure = self.declared.splits.get(by), MEASURES[self.figure.of_conversations]
        of_row = split.sql if split and not split.of_conversations else "NULL"
        own, values = self._conditions(of_conversations=False)
        keys = f"SELECT DISTINCT join_key, {of_row} AS of_row FROM r WHERE join_key IS NOT NULL AND {own}"
        conditions, bound = self._conditions(of_conversations=True)
        value = self._step("l") if by == TIME else split.sql if split and split.of_conversations else "keys.of_row"
        columns = sorted({*measure.over, *measure.of, *([measure.column] if measure.column else [])})
        shown = ", ".join(f"l.{name}" for name in columns)
        rows = (
            f"SELECT DISTINCT l.case_id, {value} AS value, {shown} FROM linked l JOIN ({keys}) keys USING (join_key) "
            f"WHERE {conditions}"
        )
        if measure.column:
            figure = f"quantile_disc({measure.column}, 0.5)"
        else:
            over, of = (" + ".join(f"sum({name})" for name in names) for names in (measure.over, measure.of))
            figure = f"({over}) / nullif({of}, 0)" if of else f"coalesce({over}, 0)"
        shown, group = ("value", " GROUP BY 1") if by else ("NULL", "")
        return f"SELECT {shown}, {figure} FROM ({rows}){group}", [*values, *bound, *self._days()]

    def _conditions(self, *, of_conversations: bool) -> tuple[str, list[Any]]:
        """What is asked of rows `r`, or of linked conversations `l`; the days last, where they are of these."""
        tests: list[str] = []
        bound: list[Any] = []
        for key, value in self.filters.items():
            split = self.declared.splits[key]
            if bool(split.of_conversations) == of_conversations:
                tests.append(f"{split.sql} = ?" if value else f"coalesce({split.sql}, '') = ?")
                bound.append(value)
        if not of_conversations:
            for key, bounds in self.ranges.items():
                for sign, limit in zip((">=", "<="), bounds, strict=True):
                    tests += [f"r.{key} {sign} ?"] if limit is not None else []
                    bound += [limit] if limit is not None else []
        if self.period and of_conversations == bool(self.figure.of_conversations):
            tests.append(f"{self._day('l' if of_conversations else 'r')} BETWEEN ? AND ?" if self._has_days else "TRUE")
        return " AND ".join(tests) or "TRUE", bound

    def _days(self) -> list[Any]:
        return [self.period.start, self.period.end] if self.period and self._has_days else []

    @property
    def _has_days(self) -> bool:
        return self.declared.has_time or bool(self.figure.of_conversations)

    def _day(self, of: str) -> str:
        column = self.declared.dataset.time_column
        return "l.day" if of == "l" or column is None else f"CAST(r.{column.key} AS DATE)"

    def _step(self, of: str) -> str:
        step = self.span.step if self.span else "month"
        return f"CAST(date_trunc({quoted(step)}, {self._day(of)}) AS DATE)"


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None
