"""The figures of analytics: what is measured, its values, the conversations behind, and questions in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Self

from django.utils import timezone
from ninja import Query, Router
from pydantic import Field, model_validator

from supportbot.analytics import figures
from supportbot.analytics.asking import LONGEST as LONGEST_QUESTION
from supportbot.analytics.asking import choices, understand
from supportbot.analytics.measures import DIMENSIONS, MEASURES, WHICH
from supportbot.analytics.models import Preferences
from supportbot.analytics.period import LONGEST, Period
from supportbot.analytics.query import Scope, is_value
from supportbot.api.access import Call, needs
from supportbot.api.models import Scope as KeyScope
from supportbot.api.pages import At, Page, Paging, cursor_of, no_such_page, page, text_of
from supportbot.api.problems import Problem
from supportbot.api.schemas import Day, In
from supportbot.api.schemas_of_figures import CaseOut, DimensionOut, FiguresOut, MeasureOut, UnderstoodOut

router = Router(tags=["Analytics"])
READ = needs(KeyScope.ANALYTICS_READ)
USUAL = timedelta(days=27)  # before today
GRAINS = ("day", "week", "month")
ANY = Field(None, max_length=40, description="Only with this value; empty is none")


class Wanted(In):
    """Of which conversations."""

    first_day: Day | None = Field(None, description="Of the workspace's time zone")
    last_day: Day | None = Field(None, description="With it; both left out are the last 28 days")
    channel: str | None = ANY
    category: str | None = ANY
    language: str | None = ANY
    handler: str | None = ANY
    team: str | None = ANY
    reason: str | None = ANY
    agent: str | None = ANY
    outcome: str | None = ANY
    weekday: str | None = ANY
    hour: str | None = ANY
    which: str = Field("", max_length=40, description="Only those of a kind, as /analytics/measures names it")

    @model_validator(mode="after")
    def _days(self) -> Self:
        """Both or none, in order, and no longer than the pages have it."""
        if (self.first_day is None) != (self.last_day is None):
            raise ValueError("name both days, or none")
        if self.first_day and self.last_day and not 0 <= (self.last_day - self.first_day).days < LONGEST:
            raise ValueError(f"the last day is 0 to {LONGEST - 1} days after the first")
        return self

    def scope(self, call: Call, preferences: Preferences) -> Scope:
        """The same in the workspace of the key; Problem where a dimension has no such value."""
        workspace = call.auth.workspace
        today = timezone.now().astimezone(workspace.zone).date()
        period = Period(self.first_day or today - USUAL, self.last_day or today, "custom")
        filters = {key: value for key in DIMENSIONS if (value := getattr(self, key)) is not None}
        for key, value in filters.items():
            _demand(is_value(key, value), f"{key} has no value {value!r}.")
        _demand(self.which in WHICH, f"There is no kind {self.which!r} of conversations.")
        _demand("agent" not in filters or not preferences.teams_only, TEAMS_ONLY)
        return Scope(workspace, period, filters, self.which)


class FiguresWanted(Wanted):
    """Which figures, and by what they are split."""

    measures: str = Field("conversations", max_length=200, description="Keys of measures, with commas between")
    by: str = Field("", max_length=20, description="A dimension, `day`, `week` or `month`; empty is no split")


TEAMS_ONLY = "This workspace shows teams only."


@router.get("/analytics/measures", response=Page[MeasureOut], operation_id="list_measures", **READ)
def list_measures(request: Call) -> dict[str, Any]:
    """What can be asked for, with its definition."""
    known, _ = choices(Preferences.of(request.auth.workspace))
    return {"data": [MEASURES[key] for key in known]}


@router.get("/analytics/dimensions", response=Page[DimensionOut], operation_id="list_dimensions", **READ)
def list_dimensions(request: Call) -> dict[str, Any]:
    """By what figures are split and filtered."""
    _, known = choices(Preferences.of(request.auth.workspace))
    return {"data": [DIMENSIONS[key] for key in known if key in DIMENSIONS]}


@router.get("/analytics/figures", response=FiguresOut, operation_id="get_figures", **READ)
def get_figures(request: Call, at: At, wanted: Query[FiguresWanted]) -> dict[str, Any]:
    """Figures of a period: in all, or for each value of a dimension, each day, week or month."""
    preferences = Preferences.of(request.auth.workspace)
    known, splits = choices(preferences)
    names, by = list(dict.fromkeys(wanted.measures.split(","))), wanted.by
    for name in names:
        _demand(name in known, f"There is no measure {name!r}. /analytics/measures lists them.")
    _demand(by in (*GRAINS, "") or by in splits and by in DIMENSIONS, f"There is no dimension {by!r}.")
    scope = wanted.scope(request, preferences)
    rows = _rows(scope, names, by, preferences.minute)
    shown, end = _part(rows, at)
    period = scope.period
    return {
        "first_day": period.start,
        "last_day": period.end,
        "time_zone": str(scope.workspace.zone),
        "data": shown,
        "next": end,
    }


@router.get("/analytics/conversations", response=Page[CaseOut], operation_id="list_counted_conversations", **READ)
def list_counted(request: Call, at: At, wanted: Query[Wanted]) -> dict[str, Any]:
    """The conversations behind a figure, the newest first."""
    preferences = Preferences.of(request.auth.workspace)
    found = page(wanted.scope(request, preferences).cases(), "-began_at", at)
    if preferences.teams_only:
        for case in found["data"]:
            case.agent_id = None
    return found


@router.get("/analytics/questions", response=UnderstoodOut, operation_id="ask_in_words", **READ)
def ask_in_words(request: Call, q: Annotated[str, Field(max_length=LONGEST_QUESTION)] = "") -> dict[str, Any]:
    """What a question in words asks for, to be sent to /analytics/figures; no model takes part."""
    workspace, preferences = request.auth.workspace, Preferences.of(request.auth.workspace)
    today = timezone.now().astimezone(workspace.zone).date()
    usual = Period(today - USUAL, today)
    found = understand(q, Scope(workspace, usual), today, not preferences.teams_only)
    period = found.period or usual
    by = period.step if found.by == "time" else found.by
    measures = found.measure if found.measure in choices(preferences)[0] else ""
    return {
        "measures": measures,
        "by": by,
        "first_day": period.start,
        "last_day": period.end,
        "filters": found.filters,
        "unknown": found.unknown,
    }


def _rows(scope: Scope, names: Iterable[str], by: str, minute: float) -> dict[str, dict[str, Any]]:
    """By the value of the split, in its order."""
    found: dict[str, dict[str, Any]] = {}
    stepped = replace(scope, period=replace(scope.period, grain=by)) if by in GRAINS else None
    for name in names:
        measure = MEASURES[name]
        values: Iterable[tuple[Any, float | None]]
        if stepped:
            values = figures.by_step(stepped, measure, minute).items()
        else:
            split = figures.values(scope, measure, [by] if by else [], minute)
            values = ((one[0] if one else "", value) for one, value in split.items())
        for value, figure in values:
            key = "" if value is None else str(value)
            label = key if isinstance(value, date) or not by else scope.label(by, value)
            found.setdefault(key, {"value": key, "name": label, "figures": {}})["figures"][name] = figure
    for row in found.values():
        row["figures"] = {name: row["figures"].get(name) for name in names}
    return dict(sorted(found.items()))


def _part(rows: dict[str, dict[str, Any]], at: Paging) -> tuple[list[dict[str, Any]], str | None]:
    """A page of them, behind the value that the cursor names."""
    last = _last(at.cursor) if at.cursor else None
    behind = [row for key, row in rows.items() if last is None or key > last]
    shown = behind[: at.limit]
    has_more = len(behind) > at.limit
    return shown, cursor_of(f"~{shown[-1]['value']}") if has_more else None


def _last(cursor: str) -> str:
    told = text_of(cursor)
    if not told.startswith("~"):
        raise no_such_page()
    return told[1:]


def _demand(is_right: bool, words: str) -> None:
    if not is_right:
        raise Problem(422, "invalid", words)
