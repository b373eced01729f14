"""How agents and teams fare: what they have now, how soon they answer, what customers say."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Count

from supportbot.analytics.measures import Measure
from supportbot.analytics.performance import Row, Split, cases, split_by
from supportbot.analytics.query import Scope

COLUMNS = ("conversations", "people", "duration", "csat", "sla", "reopened", "minutes")
OPEN = Measure("open", "Open now", "Conversations that they have at this moment, whenever those began.")
MOST = 100


def by_team(scope: Scope) -> Split:
    """Teams, of the conversations that people got."""
    return _with_load(scope, "team", "Teams")


def by_agent(scope: Scope) -> Split:
    """Agents, of the conversations in which they wrote last, or that they have."""
    return _with_load(scope, "agent", "Agents")


def _with_load(scope: Scope, key: str, title: str) -> Split:
    """The figures with one more column: how many are open."""
    split = split_by(scope.of("with_people"), key, title, COLUMNS, MOST)
    column = f"{key}_id"
    waiting = scope.of("backlog")
    counts = dict(waiting.cases().order_by().values_list(column).annotate(Count("id")))
    loads = {
        scope.label(key, value): (str(count), cases(waiting.narrowed(key, value))) for value, count in counts.items()
    }
    rows = [Row(row.name, row.share, [loads.get(row.name, ("0", "")), *row.cells]) for row in split.rows]
    return replace(split, heads=[OPEN, *split.heads], rows=rows)
