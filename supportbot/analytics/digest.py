"""The weekly digest: what changed, by how much, since when, and conversations that show it.

Each sentence is a text with the figures that it states. Before it is told, the figures are read out of its words again
and compared with a count of their own, from the rows of the database; a sentence that does not hold is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import median

import structlog
from django.urls import reverse

from supportbot.analytics import anomalies
from supportbot.analytics.figures import rested
from supportbot.analytics.measures import MEASURES, Measure
from supportbot.analytics.models import Case
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope
from supportbot.analytics.recount import Stated, holds, recounted
from supportbot.analytics.wording import words
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import Workspace

log = structlog.get_logger(__name__)
WATCHED = ("conversations", "resolution", "handover", "first", "people", "csat", "left", "reopened")
FAR = 2.0  # usual distances from the middle of the weeks before, from which a change is told
AWAY = 1.0  # and from which a week counts as changed already
MOST = 4  # changes
SHOWN = 5  # conversations of each
WEEK = timedelta(weeks=1)
NOTHING = "No figure is far from what it was in the weeks before."
BY = ("category", "channel", "language")


@dataclass(frozen=True)
class Shows:
    """A conversation that shows a change."""

    conversation: Conversation
    case: Case
    category: str

    @property
    def words(self) -> str:
        """Who, when and about what."""
        began = self.case.began_at.astimezone(self.conversation.workspace.zone)
        outcome = self.case.get_outcome_display()
        return f"{self.conversation.contact}, {began.day} {began:%B}, {self.category}, {outcome}"

    @property
    def url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:chat_conversation_change", args=[self.conversation.pk])


@dataclass(frozen=True)
class Changed:
    """A figure that is far from the weeks before: in sentences that hold, with conversations behind it."""

    measure: Measure
    scope: Scope
    distance: float
    sentences: list[str] = field(default_factory=list)
    shown: list[Shows] = field(default_factory=list)


def changes(workspace: Workspace, today: date) -> list[Changed]:
    """What changed in the last seven settled days, the farthest from usual first."""
    day = Period(today, today, "custom")
    found = [_changed(Scope(workspace, day), MEASURES[key], today) for key in WATCHED]
    told = sorted((one for one in found if one and one.sentences), key=lambda one: -one.distance)
    return told[:MOST]


def _changed(scope: Scope, measure: Measure, today: date) -> Changed | None:
    found = anomalies.look(scope, measure, 7, today)
    if found is None or found.distance < FAR:
        return None
    week = replace(scope, period=found.period)
    main = _how_much(week, measure, found)
    parts = [main, _since(week, measure, found)] if holds(*main) else []
    value = _leading(week, measure)
    if value and parts:
        parts.append(_where(week, measure, *value))
    kept = [text for text, stated in parts if _holds(text, stated)]
    own = week.of(measure.which)
    shown = _conversations(own, value)
    return Changed(measure, own, found.distance, kept, shown)


def _holds(text: str, stated: Sequence[Stated]) -> bool:
    is_true = holds(text, stated)
    if not is_true:
        log.warning("a sentence of the digest does not hold and was dropped", sentence=text)
    return is_true


def _how_much(week: Scope, measure: Measure, found: anomalies.Found) -> tuple[str, list[Stated]]:
    """What it is, and what it was."""
    unit = measure.unit
    did = "rose to" if found.value > found.middle else "fell to"
    kind = " (median)" if measure.column else ""
    text = (
        f"{measure.name}{kind} {did} {words(found.value, unit)} from {week.period}, "
        f"against {words(found.middle, unit)} in the middle of the weeks before."
    )
    history = [replace(week, period=_earlier(week.period, back)) for back in range(1, anomalies.WEEKS + 1)]
    return text, [
        Stated(unit, lambda: recounted(week, measure)),
        Stated("date", lambda: week.period.start),
        Stated("date", lambda: week.period.end),
        Stated(unit, lambda: _middle(history, measure)),
    ]


def _since(week: Scope, measure: Measure, found: anomalies.Found) -> tuple[str, list[Stated]]:
    """The first of the weeks, up to this one, that were all away on the same side."""
    side = 1 if found.value > found.middle else -1
    first = week.period.start
    for back in range(1, anomalies.WEEKS + 1):
        value, _ = rested(replace(week, period=_earlier(week.period, back)), measure)
        if value is None or side * (value - found.middle) < AWAY * found.usual:
            break
        first = week.period.start - back * WEEK
    text = f"It has been so since the seven days that began on {first.day} {first:%B %Y}."
    return text, [Stated("date", lambda: first)]


def _where(week: Scope, measure: Measure, key: str, value: object) -> tuple[str, list[Stated]]:
    """The part that changed most, in conversations of this kind."""
    part = week.of(measure.which).narrowed(key, value)
    before = replace(part, period=_earlier(week.period, 1))
    counted = MEASURES["conversations"]
    now, then = (int(rested(one, counted)[0] or 0) for one in (part, before))
    what = f"“{measure.name}”" if measure.which else "all conversations"
    noun = "conversation" if now == 1 else "conversations"
    text = f"Of {what}, {key} {week.label(key, value)} changed most: {now:,} {noun}, {then:,} the week before."
    return text, [
        Stated("count", lambda: recounted(part, counted)),
        Stated("count", lambda: recounted(before, counted)),
    ]


def _leading(week: Scope, measure: Measure) -> tuple[str, object] | None:
    """The value of a dimension whose number of conversations changed most against the week before."""
    now, before = week.of(measure.which), replace(week.of(measure.which), period=_earlier(week.period, 1))
    found: list[tuple[int, str, object]] = []
    for key in BY:
        counts, then = (
            {value: sums["conversations"] for (value,), sums in one.by(key).items()} for one in (now, before)
        )
        if len(counts | then) > 1:
            found += [
                (abs(counts.get(value, 0) - then.get(value, 0)), key, value)
                for value in counts
                if value not in ("", None)
            ]
    most = max(found, key=lambda one: (one[0], one[1], str(one[2])), default=None)
    return (most[1], most[2]) if most and most[0] else None


def _conversations(scope: Scope, leading: tuple[str, object] | None) -> list[Shows]:
    """The newest few, each once; those of the part that changed most come first."""
    found: dict[object, Case] = {}
    for one in (*([scope.narrowed(*leading)] if leading else []), scope):
        for case in one.cases().order_by("-day", "-began_at", "id")[: 4 * SHOWN]:
            found.setdefault(case.conversation_id, case)
    own = Conversation.objects.in_workspace(scope.workspace).select_related("contact", "workspace")
    rows = own.in_bulk(list(found))
    there = [case for id_, case in found.items() if id_ in rows][:SHOWN]
    return [Shows(rows[case.conversation_id], case, scope.label("category", case.category)) for case in there]


def _earlier(period: Period, weeks: int) -> Period:
    return Period(period.start - weeks * WEEK, period.end - weeks * WEEK, "custom")


def _middle(history: Sequence[Scope], measure: Measure) -> float | None:
    """As `anomalies` has it: of the weeks that rest on enough."""
    counted = [(recounted(one, measure), recounted(one, measure, rests_on=True)) for one in history]
    values = [value for value, on in counted if value is not None and (on or 0) >= anomalies.FEWEST]
    return median(values) if values else None
