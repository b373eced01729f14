"""What agents and reviewers made of what the assistant proposed in a period: by kind, by category, by expert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from supportbot.analytics.query import Scope
from supportbot.analytics.wording import words
from supportbot.chat import experts
from supportbot.chat.models import ArticleDraft, SuggestionUse

MOST = 20  # rows of a table
ARTICLE = "Article draft"


@dataclass(frozen=True)
class Decision:
    """What became of one proposal; `changed` is the share of its words that are others now, None while it is open."""

    kind: str
    category: str
    expert: int | None
    is_taken: bool
    is_rejected: bool
    changed: float | None


@dataclass(frozen=True)
class Counted:
    """Proposals of one kind, category or expert."""

    name: str
    made: int
    as_it_was: int
    changed: int
    share: str
    rejected: int
    left: int


@dataclass(frozen=True)
class Table:
    """Proposals split by something."""

    title: str
    rows: list[Counted]


def tables(scope: Scope) -> list[Table]:
    """The proposals of the period; filters do not hold for them."""
    decisions = list(_decisions(scope))
    names = experts.installed(scope.workspace)

    def expert(one: Decision) -> str:
        return "not traced" if one.expert is None else names.experts(one.expert + 1)[one.expert].name

    return [
        Table("kind", _counted(decisions, lambda one: one.kind)),
        Table("category", _counted(decisions, lambda one: scope.label("category", one.category))),
        Table("expert", _counted([one for one in decisions if one.kind != ARTICLE], expert)),
    ]


def _decisions(scope: Scope) -> Iterable[Decision]:
    begin, end = scope.period.moments(scope.workspace.zone)
    within = {"created_at__gte": begin, "created_at__lt": end}
    uses = SuggestionUse.objects.in_workspace(scope.workspace).filter(**within)
    for use in uses.only("kind", "category", "expert", "inserted_at", "rejected_at", "helpful", "changed"):
        is_rejected = use.rejected_at is not None or (use.helpful is False and use.inserted_at is None)
        name = str(use.get_kind_display()).capitalize()
        yield Decision(name, use.category, use.expert, use.inserted_at is not None, is_rejected, use.changed)
    drafts = ArticleDraft.objects.in_workspace(scope.workspace).filter(**within)
    written = drafts.filter(state__in=(ArticleDraft.State.WAITING, "approved", "rejected"))
    for state, category, distance in written.values_list("state", "category", "distance"):
        yield Decision(ARTICLE, category, None, state == "approved", state == "rejected", distance)


def _counted(decisions: Iterable[Decision], name_of: Callable[[Decision], str]) -> list[Counted]:
    """Those with the most proposals first."""
    groups: dict[str, list[Decision]] = defaultdict(list)
    for one in decisions:
        groups[name_of(one)].append(one)
    rows = [_row(name, own) for name, own in groups.items()]
    return sorted(rows, key=lambda row: (-row.made, row.name))[:MOST]


def _row(name: str, own: list[Decision]) -> Counted:
    changed = [one.changed for one in own if one.is_taken and one.changed]
    as_it_was = sum(one.is_taken and one.changed == 0 for one in own)
    rejected = sum(one.is_rejected for one in own)
    share = words(sum(changed) / len(changed), "share") if changed else "–"
    left = len(own) - as_it_was - len(changed) - rejected
    return Counted(name, len(own), as_it_was, len(changed), share, rejected, left)
