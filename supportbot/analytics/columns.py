"""Cases as columns of numbers: packed by the day for the database, and all that is reckoned from them.

Letters: n cases, D dimensions, F fields.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Self

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from supportbot.analytics.models import Case

Sums = dict[str, int]
Key = tuple[Any, ...]
Pack = tuple[date, list[list[Any]], bytes | memoryview]  # a day, each dimension's values, numbers [F, n] deflated
# Days are kept in this order: whoever changes it has them all packed anew, as migration 0007 does.
FIELDS = (*Case.DIMENSIONS, *Case.SUMS, *Case.TIMES)
D = len(Case.DIMENSIONS)
NOTHING = -1  # a time that there is not
MOST = 32  # bits of a time


@dataclass(frozen=True)
class Times:
    """How long cases took, in seconds to the digit; None without cases."""

    total: int = 0
    median: int | None = None
    ninth: int | None = None  # at or below which 9 of 10 are


def packed(cases: QuerySet[Case]) -> Iterator[Pack]:
    """Each day on which one of these cases lies."""
    rows = cases.order_by("day", "id").values_list("day", *FIELDS)
    for day, own in groupby(rows.iterator(), key=lambda row: row[0]):
        _, *columns = zip(*own, strict=True)
        coded = [encoded(column) for column in columns[:D]]
        numbers = [[NOTHING if value is None else value for value in column] for column in columns[D:]]
        matrix = np.array([*(codes for _, codes in coded), *numbers], "<i4")
        yield day, [values for values, _ in coded], zlib.compress(matrix.tobytes(), 1)


def encoded(column: Iterable[Any]) -> tuple[list[Any], NDArray[np.int32]]:
    """The values that there are, and the place of each row's among them [n]."""
    known: dict[Any, int] = {}
    codes = [known.setdefault(value, len(known)) for value in column]
    return list(known), np.array(codes, np.int32)


@dataclass(frozen=True)
class Columns:
    """The values of each dimension, also those that no case has any more, and for each field a column of numbers [n].

    A dimension's column has places among its values. `day` is a dimension here.
    """

    values: dict[str, list[Any]]
    numbers: dict[str, NDArray[np.int32]]

    @classmethod
    def of(cls, packs: Iterable[Pack]) -> Self:
        """Of several days together."""
        known: list[dict[Any, int]] = [{} for _ in range(D)]
        days, parts = [], [np.empty((len(FIELDS), 0), np.int32)]
        for day, values, packed in packs:
            part = np.frombuffer(zlib.decompress(packed), "<i4").reshape(len(FIELDS), -1)
            places = [
                there.setdefault(value, len(there)) for there, own in zip(known, values, strict=True) for value in own
            ]
            begins = np.cumsum([0, *map(len, values[:-1])])
            parts.append(np.concatenate([np.array(places, np.int32)[part[:D] + begins[:, None]], part[D:]]))
            days.append(day)
        matrix = np.concatenate(parts, axis=1)
        of_day = np.repeat(np.arange(len(days), dtype=np.int32), [part.shape[1] for part in parts[1:]])
        values_of = dict(zip(Case.DIMENSIONS, map(list, known), strict=True))
        return cls({**values_of, "day": days}, {**dict(zip(FIELDS, matrix, strict=True)), "day": of_day})

    def where(self, condition: Q) -> Self:
        """Those for which it holds, as the database would say; knows equality, `in`, `gt` and `isnull`, AND and OR."""
        if not condition:
            return self
        kept = np.flatnonzero(self._holds(condition))
        return type(self)(self.values, {name: column[kept] for name, column in self.numbers.items()})

    def with_coarser(self, name: str, of: str, change: Callable[[Any], Any]) -> Self:
        """With one more dimension, made from the values of another."""
        values, codes = encoded(map(change, self.values[of]))
        return type(self)({**self.values, name: values}, {**self.numbers, name: codes[self.numbers[of]]})

    def sums(self, *names: str) -> dict[Key, Sums]:
        """All sums for each combination of values of these dimensions; without any, in all."""
        group, keys = self._groups(names)
        columns = [np.bincount(group, self.numbers[name], len(keys)).astype(int).tolist() for name in Case.SUMS]
        return {key: dict(zip(Case.SUMS, sums, strict=True)) for key, *sums in zip(keys, *columns, strict=True)}

    def times(self, column: str, *names: str) -> dict[Key, Times]:
        """How long it took by this column: the same."""
        group, keys = self._groups(names)
        known = self.numbers[column] != NOTHING
        group = group[known]
        ordered = np.sort(group << MOST | self.numbers[column][known]) & ((1 << MOST) - 1)
        ends = np.cumsum(np.bincount(group, minlength=len(keys))).tolist()
        return {key: _times_of(ordered[begin:end]) for key, begin, end in zip(keys, [0, *ends], ends, strict=False)}

    def _groups(self, names: Sequence[str]) -> tuple[NDArray[np.int64], list[Key]]:
        """The place of each case among the combinations that there are [n], and these."""
        group = np.zeros(len(self.numbers["day"]), np.int64)
        keys: list[Key] = [()]
        for name in names:
            values = self.values[name]
            joined = group * len(values) + self.numbers[name]
            there = np.flatnonzero(np.bincount(joined))
            places = np.zeros(len(keys) * len(values), np.int64)
            places[there] = np.arange(len(there))
            group = places[joined]
            keys = [(*keys[one // len(values)], values[one % len(values)]) for one in there.tolist()]
        return group, keys

    def _holds(self, condition: Q) -> NDArray[np.bool_]:
        children: list[Any] = condition.children
        parts = [self._holds(part) if isinstance(part, Q) else self._fits(*part) for part in children]
        join = np.logical_or if condition.connector == Q.OR else np.logical_and
        held: NDArray[np.bool_] = join.reduce(parts)
        return held

    def _fits(self, lookup: str, wanted: Any) -> NDArray[np.bool_]:
        name, _, kind = lookup.partition("__")
        column = self.numbers[name]
        if name in self.values:
            among = wanted if kind == "in" else [wanted]
            return np.array([value in among for value in self.values[name]], bool)[column]
        tests: dict[str, NDArray[np.bool_]] = {
            "": column == wanted,
            "gt": column > wanted,
            "isnull": (column == NOTHING) == wanted,
        }
        return tests[kind]


def _times_of(ordered: NDArray[np.int64]) -> Times:
    """The smallest time at or below which that share of all is; nothing is interpolated."""
    total = len(ordered)
    if not total:
        return Times()
    return Times(total, *(int(ordered[math.ceil(share * total) - 1]) for share in (0.5, 0.9)))
