"""A question in words to a query over the fixed measures and dimensions. Rules and a lexicon; no model, no SQL.

What was understood is shown and can be changed; words that nothing knows are said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from supportbot.analytics import lexicon
from supportbot.analytics.measures import DIMENSIONS, MEASURES
from supportbot.analytics.models import Preferences
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope

LONGEST = 300  # characters of a question
CLEAN = re.compile(r"[^\w\s'’-]+")
SPAN = re.compile(r"\b(?:last|past|previous) (\d{1,3}) (day|week|month)s?\b")
NAMED = re.compile(r"\b(today|yesterday|(?:this|last|previous) (?:week|month|year))\b")
MONTH = re.compile(rf"\b(?:in |of |during )?({'|'.join(lexicon.MONTHS)})(?: (\d{{4}}))?\b")
BY = r"\b(?:by|per|each|every|for each|for every|across|split by|which|what|over)(?: the)? {}\b"


@dataclass
class Understood:
    """What a question asks for; `unknown` are its words that nothing knows."""

    measure: str = ""
    by: str = ""
    why: bool = False
    period: Period | None = None
    filters: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    @property
    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        own = {"measure": self.measure, "by": self.by, **self.filters}
        return {**own, **(self.period.query if self.period else {}), **({"why": "1"} if self.why else {})}


def understand(question: str, scope: Scope, today: date, shows_agents: bool) -> Understood:
    """Read a question about the scope's workspace; without a measure in the result it was not understood."""
    left = Left(question[:LONGEST])
    found = Understood(why=left.take(r"\bwhy\b") is not None, period=period_of(left, today))
    found.by = _dimension(left, shows_agents)
    found.filters = _filters(left, replace(scope, period=found.period or scope.period), shows_agents)
    said, counted = first(left, lexicon.MEASURES), first(left, lexicon.CONVERSATIONS)
    found.measure = said or counted
    found.by = found.by or ("" if found.why else _dimension_alone(left, shows_agents, found.measure))
    if not found.measure and (found.filters or found.by or found.why):
        found.measure = "conversations"
    found.unknown = left.words()
    return found


class Left:
    """The part of a question that nothing has read yet."""

    def __init__(self, question: str) -> None:
        self.text = " ".join(CLEAN.sub(" ", question.lower().replace("’", "'")).split())

    def take(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        """The first match, which is read now."""
        match = re.search(pattern, self.text)
        if match:
            self.text = f"{self.text[: match.start()]} | {self.text[match.end() :]}"
        return match

    def words(self) -> list[str]:
        """What is left but for words that mean nothing by themselves."""
        words = [word.removesuffix("'s").strip("'-") for word in self.text.replace("|", " ").split()]
        return [word for word in dict.fromkeys(words) if word and word not in lexicon.FILLERS and not word.isdigit()]


def first(left: Left, table: Mapping[str, str]) -> str:
    """The key of the longest of the table's phrases that stands in it."""
    for phrase, key in lexicon.phrases(dict(table)):
        if left.take(rf"\b{re.escape(phrase)}\b"):
            return key
    return ""


def _dimension(left: Left, shows_agents: bool) -> str:
    """That of `by category` and the like."""
    for phrase, key in lexicon.phrases(lexicon.DIMENSIONS):
        if (key != "agent" or shows_agents) and left.take(BY.format(re.escape(phrase))):
            return key
    return ""


def _dimension_alone(left: Left, shows_agents: bool, measure: str) -> str:
    """That of `trend of`, `reasons of` and the like."""
    for phrase, key in lexicon.phrases(lexicon.DIMENSIONS):
        is_plain = key in ("reason", "time") and phrase in ("reason", "reasons", "trend", "daily", "weekly", "monthly")
        if measure and is_plain and left.take(rf"\b{re.escape(phrase)}\b"):
            return key
    return ""


def _filters(left: Left, scope: Scope, shows_agents: bool) -> dict[str, str]:
    own = {key: scope.choices(key) for key in ("category", "team", *(("agent",) if shows_agents else ()))}
    names = {key: {value: name.lower() for value, name in choices.items()} for key, choices in own.items()}
    categories = own["category"]
    names["category"] |= {
        value: f"{names['category'][value]},{words}"
        for value, words in lexicon.CATEGORIES.items()
        if value in categories
    }
    if shows_agents:
        names["agent"] = {value: f"{name},{name.split()[0]}" for value, name in names["agent"].items()}
    names["channel"], names["language"], names["handler"] = lexicon.CHANNELS, lexicon.LANGUAGES, lexicon.HANDLERS
    names["weekday"] = {str(number): f"on {day}s,on {day},{day}s,{day}" for number, day in enumerate(lexicon.WEEKDAYS)}
    return {key: value for key, table in names.items() if (value := first(left, table))}


def period_of(left: Left, today: date) -> Period | None:
    """The days that it names, if any."""
    if match := left.take(SPAN):
        days = int(match[1]) * {"day": 1, "week": 7, "month": 30}[match[2]]
        return Period(today - timedelta(days=min(max(days, 1), 1000) - 1), today, "custom")
    if match := left.take(NAMED):
        return _named(match[1].replace("previous", "last"), today)
    if match := left.take(MONTH):
        month = lexicon.MONTHS.index(match[1]) + 1
        year = int(match[2]) if match[2] else today.year - (month > today.month)
        return _month(date(min(max(year, 1990), today.year), month, 1), today)
    return None


def _named(name: str, today: date) -> Period:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    week, day = timedelta(days=7), timedelta(days=1)
    spans = {
        "today": (today, today),
        "yesterday": (today - day, today - day),
        "this week": (monday, today),
        "last week": (monday - week, monday - day),
        "this month": (first, today),
        "last month": ((first - day).replace(day=1), first - day),
        "this year": (today.replace(month=1, day=1), today),
        "last year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }
    return Period(*spans[name], "custom")


def _month(first: date, today: date) -> Period:
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return Period(first, max(first, min(last, today)), "custom")


def choices(preferences: Preferences) -> tuple[dict[str, str], dict[str, str]]:
    """The measures and the splits that a query may have, with their names."""
    has_cost = preferences.minute_cost is not None
    measures = {key: measure.name for key, measure in MEASURES.items() if key != "cost" or has_cost}
    splits = {key: one.name for key, one in DIMENSIONS.items() if key != "agent" or not preferences.teams_only}
    return measures, {"": "nothing", "time": "Day, week or month", **splits}
