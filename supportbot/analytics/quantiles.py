"""Exact quantiles that the database reckons: a page fetches one number, not every time that lies behind it."""

from __future__ import annotations

import math
from typing import Any

from django.db.models import Aggregate, IntegerField


class Quantile(Aggregate):
    """The smallest value at or below which a share of all values is; nothing is interpolated. None without values."""

    arity = 1
    function = "PERCENTILE_DISC"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()

    def __init__(self, column: str, share: float, **extra: Any) -> None:
        super().__init__(column, share=float(share), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By a function of our own, which `install_on_sqlite` adds."""
        own = {"function": "QUANTILE", "template": "%(function)s(%(expressions)s, %(share)s)"}
        return self.as_sql(compiler, connection, **own, **context)


class _OfSqlite:
    """What SQLite calls for each row of a group."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self.share = 0.0

    def step(self, value: int | None, share: float) -> None:
        """Another row."""
        self.share = share
        if value is not None:
            self.values.append(value)

    def finalize(self) -> int | None:
        """The group's quantile."""
        return sorted(self.values)[max(0, math.ceil(self.share * len(self.values)) - 1)] if self.values else None


def install_on_sqlite(connection: Any, **_: Any) -> None:
    """Add the function to a new connection."""
    if connection.vendor == "sqlite":
        connection.connection.create_aggregate("QUANTILE", 2, _OfSqlite)
