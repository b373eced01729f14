"""What a rule would have touched in the last days: its events found again in what is stored, and judged.

Nothing is changed. Conditions that only today's rows can answer are left out and told: the real number may be smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from supportbot.chat.models import Conversation, Message, Milestone, Rule
from supportbot.chat.rules import conditions
from supportbot.chat.rules.conditions import FIELDS, Condition
from supportbot.chat.rules.moments import Moment, hours_of
from supportbot.workspaces.hours import Hours

DAYS = 30
MOST = 2000  # conversations that are looked at, the newest
SHOWN = 50
Author, Outcome, Kind, When = Message.Author, Message.Outcome, Milestone.Kind, Rule.Event
UNTOLD = ("taken", "no_spam")  # given to people by an agent's own hand, which hands nothing over
READ = ("conversation", "seq", "author", "body", "created_at", "outcome", "language", "category", "sentiment")
Step = Message | Milestone


@dataclass
class Trial:
    """What was found, the newest first."""

    found: list[tuple[Conversation, datetime, int]] = field(default_factory=list)  # when first, how often
    looked_at: int = 0
    is_cut: bool = False
    unjudged: list[str] = field(default_factory=list)

    @property
    def times(self) -> int:
        """How often it would have run."""
        return sum(count for _, _, count in self.found)

    @property
    def shown(self) -> list[tuple[Conversation, datetime, int]]:
        """As many as fit on a page."""
        return self.found[:SHOWN]


def attempt(rule: Rule) -> Trial:
    """Look at the conversations of the last 30 days."""
    since = timezone.now() - timedelta(days=DAYS)
    judged = [one for one in rule.conditions if FIELDS[one[0]].is_kept]
    trial = Trial(unjudged=[conditions.in_words(one, rule.workspace) for one in rule.conditions if one not in judged])
    rows = Conversation.objects.in_workspace(rule.workspace).filter(active_at__gte=since, is_spam=False)
    stored: list[Any] = [Prefetch("messages", Message.objects.only(*READ).order_by("seq"))]
    stored.append(Prefetch("milestones", Milestone.objects.order_by("id")))
    rows = rows.select_related("contact", "workspace", "team").prefetch_related(*stored)
    trial.is_cut = rows.count() > MOST
    hours = _remembered()
    for conversation in rows.order_by("-active_at")[:MOST].iterator(chunk_size=200):
        trial.looked_at += 1
        times = [at for at in _times(rule, judged, conversation, hours) if at >= since]
        if times:
            trial.found.append((conversation, times[0], len(times)))
    return trial


def _remembered() -> Callable[[Conversation], Hours | None]:
    """The business hours of each team, looked up once."""
    found: dict[int | None, Hours | None] = {}

    def hours(conversation: Conversation) -> Hours | None:
        if conversation.team_id not in found:
            found[conversation.team_id] = hours_of(conversation)
        return found[conversation.team_id]

    return hours


def _times(
    rule: Rule, judged: list[Condition], conversation: Conversation, hours: Callable[[Conversation], Hours | None]
) -> Iterator[datetime]:
    """When it would have run in a conversation."""
    customers = [message for message in conversation.messages.all() if message.author == Author.CUSTOMER]
    for at, seq in _moments(rule, conversation, timezone.now()):
        said = [message for message in customers if message.seq <= seq]
        moment = Moment.of(conversation, at, said, hours)
        if all(conditions.holds(one, moment) for one in judged):
            yield at


def _moments(rule: Rule, conversation: Conversation, now: datetime) -> Iterator[tuple[datetime, int]]:
    """When the rule's event happened, and the number of the message that was last by then."""
    steps = _steps(conversation)
    if rule.event == When.WAITING:
        yield from _waits(steps, rule.span, now)
    elif rule.event == When.SILENT:
        yield from _silences(steps, rule.span, now)
    else:
        is_new, is_over = True, False
        for step in steps:
            if rule.event in _events(step, is_new=is_new, is_over=is_over):
                yield _at(step), _seq(step)
            is_new = is_new and not _is_by(step, Author.CUSTOMER)
            is_over = _is_end(step) or (is_over and not _is_by(step, Author.CUSTOMER))


def _events(step: Step, *, is_new: bool, is_over: bool) -> list[str]:
    if isinstance(step, Milestone):
        is_told = step.kind == Kind.HANDED_OFF and step.detail not in UNTOLD
        return [When.HANDED_OVER] if is_told else [When.RESOLVED] if _is_end(step) else []
    if step.author != Author.CUSTOMER:
        return []
    return [When.MESSAGE, *([When.CREATED] if is_new else []), *([When.REOPENED] if is_over else [])]


def _waits(steps: list[Step], span: timedelta, now: datetime) -> Iterator[tuple[datetime, int]]:
    """From what first waits for a person until one answers."""
    since: tuple[datetime, int] | None = None
    for step in steps:
        ends = _is_by(step, Author.AGENT) or _is_end(step) or _is_kind(step, Kind.RELEASED)
        begins = _is_kind(step, Kind.HANDED_OFF) or (isinstance(step, Message) and step.outcome == Outcome.BY_AGENT)
        if ends:
            yield from _passed(since, span, _at(step))
            since = None
        elif begins:
            since = since or (_at(step), _seq(step))
    yield from _passed(since, span, now)


def _silences(steps: list[Step], span: timedelta, now: datetime) -> Iterator[tuple[datetime, int]]:
    """From the last thing that we said until the customer writes; not while people owe an answer, once for each."""
    since: tuple[datetime, int] | None = None
    is_waiting, is_told = False, True
    for step in steps:
        found = list(_passed(since, span, _at(step))) if not is_waiting and not is_told else []
        yield from found
        is_told = is_told or bool(found)
        if _is_by(step, Author.CUSTOMER):
            since, is_told = None, False
            is_waiting = is_waiting or (isinstance(step, Message) and step.outcome == Outcome.BY_AGENT)
        elif _is_by(step, Author.BOT) or _is_by(step, Author.AGENT):
            since = (_at(step), _seq(step))
            is_waiting = is_waiting and not _is_by(step, Author.AGENT)
        elif _is_kind(step, Kind.HANDED_OFF):
            is_waiting = True
        elif _is_end(step):
            since, is_waiting = None, False
        elif _is_kind(step, Kind.RELEASED):
            is_waiting = False
    if not is_waiting and not is_told:
        yield from _passed(since, span, now)


def _passed(since: tuple[datetime, int] | None, span: timedelta, until: datetime) -> Iterator[tuple[datetime, int]]:
    if since and since[0] + span <= until:
        yield since[0] + span, since[1]


def _steps(conversation: Conversation) -> list[Step]:
    """Messages and milestones in the order in which they were written."""
    found: list[Step] = [*conversation.messages.all(), *conversation.milestones.all()]
    return sorted(found, key=lambda step: (_seq(step), isinstance(step, Milestone)))


def _at(step: Step) -> datetime:
    return step.at if isinstance(step, Milestone) else step.created_at


def _seq(step: Step) -> int:
    return step.after if isinstance(step, Milestone) else step.seq


def _is_by(step: Step, author: Message.Author) -> bool:
    return isinstance(step, Message) and step.author == author


def _is_kind(step: Step, kind: Milestone.Kind) -> bool:
    return isinstance(step, Milestone) and step.kind == kind


def _is_end(step: Step) -> bool:
    return _is_kind(step, Kind.RESOLVED) or _is_kind(step, Kind.CONFIRMED)
