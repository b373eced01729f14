"""Reads the cases of a conversation from its rows: a pure function of them and of the time. Writes nothing.

A case begins with a customer's message and goes on until it is settled. What the customer writes within seven days
after that reopens it; what comes later is a new case. docs/metrics.md has the definitions in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard
from zoneinfo import ZoneInfo

from supportbot.analytics.models import Case, Citation, Handler, Outcome
from supportbot.chat.milestones import BY_RULE
from supportbot.chat.models import Conversation, Generation, Message, Milestone, Rating

SILENCE = timedelta(hours=24)  # after which nobody challenges an answer any more
AGAIN = timedelta(days=7)  # within which the customer's return takes a resolution back
AT_WORK = timedelta(minutes=5)  # the most that an agent is taken to have worked on one message
Author, Kind = Message.Author, Milestone.Kind
Entry = tuple[Message | Milestone, Generation | None]


@dataclass(frozen=True)
class Raw:
    """All rows of one conversation that count; a message has its generation beside it, if the bot wrote it."""

    conversation: Conversation
    messages: Sequence[Entry]
    milestones: Sequence[Milestone]
    rating: Rating | None

    def timeline(self) -> list[Entry]:
        """Messages and milestones in the order in which they happened."""
        done: list[Entry] = [(row, None) for row in self.milestones]
        return sorted([*self.messages, *done], key=lambda entry: _place(entry[0]))


@dataclass
class Counted:
    """An article under replies of a case, by its title, and the verdicts on those replies."""

    title: str
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass
class Part:
    """A case while its rows are read one after the other."""

    began_at: datetime
    at: datetime  # of what was last read
    with_people: bool = False
    answered_at: datetime | None = None  # the bot's answer that nobody has challenged so far
    resolved_at: datetime | None = None
    outcome: Outcome = Outcome.GOING
    with_people_at: datetime | None = None
    first_at: datetime | None = None
    people_at: datetime | None = None
    reason: str = ""
    category: str = ""
    language: str = ""
    agent_id: int | None = None
    sums: Counter[str] = field(default_factory=Counter)
    cited: dict[str, Counted] = field(default_factory=dict)

    def settled_by(self, now: datetime) -> datetime | None:
        """When it was settled, if it is by now: resolved, or left alone with the bot for a day."""
        if self.resolved_at or self.with_people:
            return self.resolved_at
        silent_since = self.answered_at or self.at
        return silent_since if now - silent_since >= SILENCE else None

    def was_resolved_by(self, now: datetime) -> bool:
        """Whether it counts as resolved by now."""
        return bool(self.resolved_at or (self.answered_at and self.settled_by(now)))

    def hear(self, message: Message) -> None:
        """The customer wrote: whatever was settled is open again."""
        if self.was_resolved_by(message.created_at):
            self.sums["resolved"] = self.sums["reopened"] = 1
        self.answered_at = self.resolved_at = None
        self.outcome = Outcome.GOING
        self.category = message.category or self.category
        self.language = message.language or self.language
        self.sums["customer_messages"] += 1
        self.at = message.created_at

    def answer(self, message: Message, generation: Generation | None) -> None:
        """The bot wrote: an answer, a question, or that people take over."""
        self.category = message.category or self.category
        self.sums["bot_messages"] += 1
        if generation:
            self.sums["involved"] = 1
            self.sums["stopped"] += len(generation.objections)
            is_answer = generation.act == "answer" or (generation.act, generation.reason) == ("act", "done")
            self.answered_at = message.created_at if is_answer else None
            if generation.act != "hand_off":
                self.first_at = self.first_at or message.created_at
        for source in message.sources:
            counted = self.cited.setdefault(source["url"][:500], Counted(source["title"][:200]))
            counted.verdicts[message.verdict] += 1
        self.sums["helped"] += message.verdict == Message.Verdict.HELPED
        self.sums["did_not_help"] += message.verdict == Message.Verdict.DID_NOT_HELP
        self.at = message.created_at

    def serve(self, message: Message) -> None:
        """An agent wrote."""
        self.give_to_people(message.created_at, "")
        self.answered_at = None
        self.first_at = self.first_at or message.created_at
        self.people_at = self.people_at or message.created_at
        self.agent_id = message.user_id or self.agent_id
        self.sums["agent_messages"] += 1
        self.sums["agent_seconds"] += _seconds(self.at, min(message.created_at, self.at + AT_WORK))
        self.at = message.created_at

    def give_to_people(self, at: datetime, reason: str) -> None:
        """People have it from now on; the first reason is the one that counts."""
        self.with_people = True
        self.answered_at = None
        self.with_people_at = self.with_people_at or at
        self.reason = self.reason or reason

    def pass_by(self, milestone: Milestone) -> None:
        """Something was done with it."""
        match milestone.kind:
            case Kind.HANDED_OFF:
                self.give_to_people(milestone.at, milestone.detail)
            case Kind.RELEASED:
                self.with_people = False
            case Kind.RESOLVED if milestone.detail == BY_RULE and not self.with_people_at:
                pass  # nobody looked at it: it counts as left alone with the bot
            case Kind.CONFIRMED | Kind.RESOLVED:
                by_bot = milestone.kind == Kind.CONFIRMED and not self.with_people_at
                self.outcome = Outcome.CONFIRMED if by_bot else Outcome.PEOPLE
                self.resolved_at, self.with_people = milestone.at, False
            case Kind.KEPT | Kind.MISSED:
                self.sums[milestone.kind] += 1

    def finish(self, now: datetime) -> None:
        """As it stands now."""
        if self.outcome == Outcome.GOING and (settled := self.settled_by(now)):
            self.outcome = (
                Outcome.LEFT if not self.answered_at else Outcome.PEOPLE if self.with_people_at else Outcome.ASSUMED
            )
            self.resolved_at = self.answered_at
            self.at = settled
        if self.resolved_at:
            self.sums["resolved"] = 1
        name = "by_people" if self.outcome == Outcome.PEOPLE else str(self.outcome)
        self.sums |= Counter({name: 1, "handed_off": int(self.with_people_at is not None)})

    @property
    def settles_at(self) -> datetime | None:
        """When a day of silence will have passed."""
        is_silent = self.outcome == Outcome.GOING and not self.with_people
        return (self.answered_at or self.at) + SILENCE if is_silent else None

    @property
    def ended_at(self) -> datetime | None:
        """When it was resolved, else when the customer left it."""
        return None if self.outcome == Outcome.GOING else self.resolved_at or self.at


def cases_of(raw: Raw, now: datetime, zone: ZoneInfo) -> list[tuple[Case, list[Citation]]]:
    """The cases of a conversation as they stand now, in order, each with the articles that were cited in it.

    Spam has none. Days are those of the zone.
    """
    if raw.conversation.is_spam:
        return []
    parts = list(_parts(raw))
    if parts and raw.rating:
        _rate(parts, raw.rating)
    for part in parts:
        part.finish(now)
    if parts:
        parts[-1].agent_id = parts[-1].agent_id or raw.conversation.assignee_id
    cases = [_case(raw.conversation, number, part, zone) for number, part in enumerate(parts, 1)]
    return [(case, _citations(case, part)) for case, part in zip(cases, parts, strict=True)]


def _place(row: Message | Milestone) -> tuple[int, int, int]:
    return (row.seq, 0, 0) if isinstance(row, Message) else (row.after, 1, row.pk)


def _parts(raw: Raw) -> Iterator[Part]:
    part: Part | None = None
    for row, generation in raw.timeline():
        if _is_customers(row) and (part is None or _is_over(part, row.created_at)):
            if part:
                yield part
            part = Part(row.created_at, row.created_at)
        if part:
            _read(part, row, generation)
    if part:
        yield part


def _is_customers(row: Message | Milestone) -> TypeGuard[Message]:
    return isinstance(row, Message) and row.author == Author.CUSTOMER


def _is_over(part: Part, at: datetime) -> bool:
    settled = part.settled_by(at)
    return settled is not None and at - settled > AGAIN


def _read(part: Part, row: Message | Milestone, generation: Generation | None) -> None:
    if isinstance(row, Milestone):
        part.pass_by(row)
    elif row.author == Author.CUSTOMER:
        part.hear(row)
    elif row.author == Author.BOT:
        part.answer(row, generation)
    elif row.author == Author.AGENT:
        part.serve(row)


def _rate(parts: Iterable[Part], rating: Rating) -> None:
    """It is of the last case that had begun by then."""
    begun = [part for part in parts if part.began_at <= rating.created_at]
    if begun:
        is_good = rating.score >= Rating.POSITIVE
        begun[-1].sums |= Counter(rated=1, satisfied=int(is_good), score_sum=rating.score)


def _case(conversation: Conversation, number: int, part: Part, zone: ZoneInfo) -> Case:
    local = part.began_at.astimezone(zone)
    return Case(
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.id,
        number=number,
        day=local.date(),
        hour=local.hour,
        weekday=local.weekday(),
        began_at=part.began_at,
        channel=conversation.channel,
        category=part.category or conversation.category,
        language=(part.language or conversation.spoken)[:2],
        handler=Handler.PEOPLE if part.with_people_at or part.outcome == Outcome.PEOPLE else Handler.BOT,
        team_id=conversation.team_id,
        reason=part.reason,
        outcome=part.outcome,
        agent_id=part.agent_id,
        first_s=_span(part.began_at, part.first_at),
        people_s=_span(part.with_people_at, part.people_at),
        resolution_s=_span(part.began_at, part.resolved_at),
        with_people_at=part.with_people_at,
        ended_at=part.ended_at,
        settles_at=part.settles_at,
        **part.sums,
    )


def _citations(case: Case, part: Part) -> list[Citation]:
    of_case = {"workspace_id": case.workspace_id, "day": case.day, "number": case.number}
    ended = {"resolved": case.confirmed + case.assumed, "handed_off": case.handed_off}
    return [
        Citation(
            conversation_id=case.conversation_id,
            url=url,
            title=counted.title,
            helped=counted.verdicts[Message.Verdict.HELPED],
            did_not_help=counted.verdicts[Message.Verdict.DID_NOT_HELP],
            **of_case,
            **ended,
        )
        for url, counted in part.cited.items()
    ]


def _span(since: datetime | None, until: datetime | None) -> int | None:
    return _seconds(since, until) if since and until else None


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))
