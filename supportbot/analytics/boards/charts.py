"""What a saved chart shows today: the answer to its query, over a dataset or over conversations."""

from __future__ import annotations

from datetime import date
from typing import Protocol
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from supportbot.analytics.answer import Answer
from supportbot.analytics.boards.models import Chart
from supportbot.analytics.datasets.answer import DatasetAnswer
from supportbot.analytics.datasets.declared import Declared
from supportbot.analytics.datasets.engine import Refused
from supportbot.analytics.datasets.models import Dataset
from supportbot.analytics.datasets.query import Query
from supportbot.analytics.measures import MEASURES, Unit
from supportbot.analytics.models import Preferences
from supportbot.analytics.performance import Chart as Drawn
from supportbot.analytics.query import Scope
from supportbot.workspaces.models import Workspace

SHOWN_AS = {"share": 100, "time": 1 / 60}  # per cent, minutes, as alerts have them


class Shown(Protocol):
    """What answers of both kinds have."""

    @property
    def value(self) -> float | None:
        """The figure in all."""

    @property
    def unit(self) -> Unit:
        """What it is measured in."""

    @property
    def headline(self) -> str:
        """It in words."""

    def sentence(self) -> str:
        """The answer in words."""

    def chart(self) -> Drawn | None:
        """It drawn, if there is anything to compare."""


def answer_of(chart: Chart) -> Shown:
    """As of now; Refused, in words, if it can't be answered any more."""
    today = timezone.now().astimezone(chart.workspace.zone).date()
    if chart.dataset:
        return DatasetAnswer(Query.read(Declared.of(chart.dataset), chart.query, today))
    return _of_conversations(chart, today)


def value_of(chart: Chart) -> float | None:
    """The figure in all, shares in per cent and times in minutes; None where there is none."""
    try:
        shown = answer_of(chart)
    except Refused:
        return None
    return None if shown.value is None else shown.value * SHOWN_AS.get(shown.unit, 1)


def settled(workspace: Workspace, dataset: Dataset | None, asked: dict[str, str]) -> dict[str, str]:
    """The part of an address that a chart keeps; Refused if it names no figure."""
    today = timezone.now().astimezone(workspace.zone).date()
    if dataset:
        return Query.read(Declared.of(dataset), asked, today).asked
    if asked.get("measure") not in MEASURES:
        raise Refused("The query names no figure.")
    scope = Scope.read(workspace, asked, today)
    return {"measure": asked["measure"], "by": asked.get("by", ""), **scope.period.query, **scope.filters}


def page_of(chart: Chart) -> str:
    """The address on which its query can be changed."""
    if chart.dataset_id:
        return f"{reverse('admin:dataset', args=[chart.dataset_id])}?{urlencode(chart.query)}"
    own = {"workspace": chart.workspace.slug, **chart.query}
    return f"{reverse('admin:analytics-ask')}?{urlencode(own)}"


def _of_conversations(chart: Chart, today: date) -> Answer:
    preferences = Preferences.of(chart.workspace)
    measure, by = MEASURES.get(chart.query.get("measure", "")), chart.query.get("by", "")
    query = dict(chart.query)
    if preferences.teams_only:
        query.pop("agent", None)
        by = "" if by == "agent" else by
    if measure is None:
        raise Refused("This figure is not measured any more.")
    return Answer(Scope.read(chart.workspace, query, today), measure, by, preferences)
