"""How good the bot's answers are: verdicts, what was stopped, articles that resolve and that fail, content gaps."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Sum

from supportbot.analytics import gaps, proposals
from supportbot.analytics.gaps import Shown
from supportbot.analytics.models import Citation, Preferences
from supportbot.analytics.performance import Performance, Split, split_by
from supportbot.analytics.proposals import Table
from supportbot.analytics.query import Scope
from supportbot.analytics.wording import words
from supportbot.chat.models import Correction

FIGURES = ("helped", "stopped", "reopened", "left")
COLUMNS = ("conversations", "helped", "stopped", "reopened", "left", "csat")
ARTICLES, GAPS = 25, 20


@dataclass(frozen=True)
class Cited:
    """An article that the bot used: in how many conversations, and what became of them."""

    title: str
    url: str
    used: int
    resolved: str
    handed_off: str
    helped: int
    did_not_help: int


class Quality(Performance):
    """The parts of the page."""

    shown = FIGURES

    def __init__(self, scope: Scope, preferences: Preferences, *, costly_first: bool = False) -> None:
        super().__init__(scope, preferences)
        self.is_costly_first = costly_first

    def by_category(self) -> Split:
        """The same by category."""
        return split_by(self.scope, "category", "By category", COLUMNS)

    def corrections(self) -> list[tuple[str, int]]:
        """What colleagues said in the period that the bot should have done: how many, by how they were reviewed."""
        begin, end = self.scope.period.moments(self.scope.workspace.zone)
        made = Correction.objects.in_workspace(self.scope.workspace).filter(created_at__gte=begin, created_at__lt=end)
        counts = dict(made.order_by().values_list("state").annotate(Count("id")))
        return [(str(state.label), counts[state]) for state in Correction.State if state in counts]

    def articles(self) -> list[Cited]:
        """Those that are used most; filters by team and the like do not hold here."""
        scope = self.scope
        days = (scope.period.start, scope.period.end)
        rows = Citation.objects.in_workspace(scope.workspace).filter(day__range=days).values("url").order_by()
        counted = rows.annotate(
            title=Max("title"),
            used=Count("id"),
            ended_well=Sum("resolved"),
            with_people=Sum("handed_off"),
            good=Sum("helped"),
            bad=Sum("did_not_help"),
        )
        return [
            Cited(
                row["title"],
                row["url"],
                row["used"],
                words(row["ended_well"] / row["used"], "share"),
                words(row["with_people"] / row["used"], "share"),
                row["good"],
                row["bad"],
            )
            for row in counted.order_by("-used", "url")[:ARTICLES]
        ]

    def proposals(self) -> list[Table]:
        """What was made of what the assistant proposed to agents and reviewers."""
        return proposals.tables(self.scope)

    def gaps(self) -> list[tuple[Shown, str]]:
        """Of the last 90 days, those asked most first, or those that cost most; with what they took, in words."""
        found = gaps.shown(self.scope.workspace, GAPS, costly_first=self.is_costly_first)
        return [(one, self._took(one.agent_seconds)) for one in found]

    def _took(self, seconds: int) -> str:
        time = f"{words(seconds, 'time')} of agents’ time"
        if not seconds or self.minute_cost is None:
            return time if seconds else ""
        return f"{time}, {words(seconds / 60 * self.minute, 'money', self.currency)}"
