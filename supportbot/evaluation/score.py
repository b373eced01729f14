"""Figures of what was played, each with a 95 % interval. Knows no database and no model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from supportbot.evaluation.material import WantedAction
from supportbot.evaluation.play import Played, Reply, Visit

Z = 1.96
DRAWS = 2000
LABELS = {
    "recall_1": "retrieval, recall@1",
    "recall_3": "retrieval, recall@3",
    "right": "questions with an answer: right answers",
    "right_sent": "answers sent: right",
    "right_or_handed_over": "all questions: right or rightly handed over",
    "unsupported": "sentences sent: unsupported",
    "off_topic": "off-topic questions: refused",
    "handover_precision": "hand-overs: right ones (precision)",
    "handover_recall": "questions for people: handed over (recall)",
    "actions_right": "actions wanted: done rightly",
    "actions_wrong": "customers: a wrong action done",
    "resolved": "resolvable customers: resolved",
}


@dataclass(frozen=True)
class Figure:
    """A mean from 0 to 1 of `count` cases, with its interval; `hits` is their sum."""

    value: float
    low: float
    high: float
    count: int
    hits: float

    @property
    def text(self) -> str:
        """As a table shows it; how few cases there are is part of the figure."""
        if not self.count:
            return "–"
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%}), {self.hits:g} of {self.count}"


def figure(values: Iterable[float]) -> Figure:
    """A share gets Wilson's interval, a mean of shares one by bootstrap."""
    numbers = np.array(list(values), np.float64)
    count, hits = len(numbers), float(numbers.sum())
    if not count:
        return Figure(0.0, 0.0, 1.0, 0, 0.0)
    is_share = bool(np.isin(numbers, (0.0, 1.0)).all())
    low, high = wilson(hits, count) if is_share else _bootstrap(numbers)
    return Figure(hits / count, low, high, count, round(hits, 1))


def wilson(hits: float, count: int) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson 1927)."""
    share, square = hits / count, Z * Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = Z * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _bootstrap(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    draws = np.random.default_rng(0).choice(numbers, (DRAWS, len(numbers))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def figures(played: Sequence[Played], visits: Sequence[Visit] = ()) -> dict[str, Figure]:
    """All figures of `LABELS`."""
    replies = [row.reply for row in played] + [reply for visit in visits for reply in visit.replies]
    wanted = [visit for visit in visits if visit.customer.action and visit.customer.action.must_happen]
    values: Mapping[str, Iterable[float]] = {
        "recall_1": [_recall(row, 1) for row in played if row.question.articles],
        "recall_3": [_recall(row, 3) for row in played if row.question.articles],
        "right": [row.reply.right and _is_sent(row) for row in played if row.question.wish.acts[0] == "answer"],
        "right_sent": [row.reply.right for row in played if row.reply.act in ("answer", "act")],
        "right_or_handed_over": [row.reply.right for row in played],
        "unsupported": [bad for reply in replies for bad in _sentences(reply)],
        "off_topic": [row.reply.act == "refuse" for row in played if row.question.kind == "off_topic"],
        "handover_precision": ["hand_off" in row.question.wish.acts for row in played if row.reply.act == "hand_off"],
        "handover_recall": [row.reply.act == "hand_off" for row in played if row.question.wish.acts == ("hand_off",)],
        "actions_right": [did_as_wanted(visit) for visit in wanted],
        "actions_wrong": [did_wrong(visit) for visit in visits],
        "resolved": [resolved(visit) for visit in visits if visit.customer.resolvable],
    }
    return {name: figure(map(float, values[name])) for name in LABELS}


def resolved(visit: Visit) -> bool:
    """Without a person and without a wrong word: each reply is right and supported, the action is as wanted."""
    said_well = all(r.right and r.act != "hand_off" and not r.unsupported for r in visit.replies)
    return said_well and did_as_wanted(visit) and not did_wrong(visit)


def did_as_wanted(visit: Visit) -> bool:
    """Whether the action that must happen was done, with the right arguments; true where none is wanted."""
    wanted = visit.customer.action
    return not (wanted and wanted.must_happen) or any(_is(done, wanted) for done in visit.done)


def did_wrong(visit: Visit) -> bool:
    """Whether anything was changed that was not wanted, or not like this. Looking up an order changes nothing."""
    wanted = visit.customer.action
    changes = [done for done in visit.done if done[0] not in ("order_status", "order_details", "refund_status")]
    return any(not (wanted and wanted.must_happen and _is(done, wanted)) for done in changes)


def as_json(found: Mapping[str, Figure]) -> dict[str, Any]:
    """For the file that the admin's page reads."""
    return {name: asdict(one) for name, one in found.items()}


def _is(done: tuple[str, Mapping[str, Any]], wanted: WantedAction) -> bool:
    name, arguments = done
    return name == wanted.name and all(str(arguments.get(key)) == value for key, value in wanted.arguments.items())


def _recall(row: Played, first: int) -> float:
    """Whether one of its articles is among the first so many.

    Two questions in one message need all of theirs: the share found, of those that have room.
    """
    wanted = set(row.question.articles)
    found = len(wanted & set(row.found[:first]))
    return found / min(first, len(wanted)) if row.question.kind == "two" else float(found > 0)


def _is_sent(row: Played) -> bool:
    return row.reply.act != "hand_off"


def _sentences(reply: Reply) -> list[bool]:
    return [True] * len(reply.unsupported) + [False] * (reply.sentences - len(reply.unsupported))
