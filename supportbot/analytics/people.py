"""How agents and teams fare: what they have now, how soon they answer, what customers say."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Count

from supportbot.analytics.measures import Measure
from supportbot.analytics.models import Handler
from supportbot.analytics.performance import Row, Split, cases, split_by
from supportbot.analytics.query import Scope
from supportbot.chat.models import SuggestionUse

COLUMNS = ("conversations", "people", "duration", "csat", "sla", "reopened", "minutes")
OPEN = Measure("open", "Open now", "Conversations that they have at this moment, whenever those began.")
SUGGESTED = Measure(
    "suggested",
    "Suggestions sent",
    "Suggested replies that were sent, as they were or changed, of those that an agent inserted or judged.",
)
MOST = 100


def by_team(scope: Scope) -> Split:
    """Teams, of the conversations that people got."""
    return _with_more(scope, "team", "Teams", "conversation__team")


def by_agent(scope: Scope) -> Split:
    """Agents, of the conversations in which they wrote last, or that they have."""
    return _with_more(scope, "agent", "Agents", "user")


def _with_more(scope: Scope, key: str, title: str, of_use: str) -> Split:
    """The figures with two more columns: how many are open, and what was made of suggested replies."""
    split = split_by(scope.narrowed("handler", Handler.PEOPLE), key, title, COLUMNS, MOST)
    waiting = scope.of("backlog")
    loads = {
        scope.label(key, value): (str(sums["conversations"]), cases(waiting.narrowed(key, value)))
        for (value,), sums in waiting.by(key).items()
    }
    used = _used(scope, key, of_use)
    rows = [
        Row(row.name, row.share, [loads.get(row.name, ("0", "")), *row.cells, (used.get(row.name, "–"), "")])
        for row in split.rows
    ]
    return replace(split, heads=[OPEN, *split.heads, SUGGESTED], rows=rows)


def _used(scope: Scope, key: str, of_use: str) -> dict[str, str]:
    """In words, by the name of the row."""
    begin, end = scope.period.moments(scope.workspace.zone)
    uses = SuggestionUse.objects.in_workspace(scope.workspace).filter(kind=SuggestionUse.Kind.REPLY)
    uses = uses.filter(created_at__gte=begin, created_at__lt=end)
    counts = uses.order_by().values_list(of_use).annotate(Count("message"), Count("id"))
    return {scope.label(key, value): f"{sent} of {made}" for value, sent, made in counts}
