"""What is measured and by what it is split: names, definitions, and the sums that each is made of.

docs/metrics.md says the same at length. Knows no database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q
from django.template.defaultfilters import capfirst

from supportbot.analytics.models import Handler, Outcome
from supportbot.chat.models import Conversation
from supportbot.chat.reasons import REASONS

Unit = Literal["count", "share", "time", "money", "score"]
RESOLVED_BY_BOT = (Outcome.CONFIRMED, Outcome.ASSUMED)


@dataclass(frozen=True)
class Measure:
    """A figure: sums over sums, or the median of a column of seconds.

    `good` is 1 where more is better, -1 where less is.
    """

    key: str
    name: str
    about: str
    unit: Unit = "count"
    over: tuple[str, ...] = ("conversations",)
    of: tuple[str, ...] = ()
    column: str = ""
    good: int = 0
    which: str = ""  # of WHICH: the conversations behind it

    def value(self, sums: Mapping[str, int]) -> float | None:
        """The figure of these sums; None where there is nothing to divide by."""
        over = sum(sums.get(name, 0) for name in self.over)
        if not self.of:
            return over
        of = sum(sums.get(name, 0) for name in self.of)
        return over / of if of else None


MEASURES = {
    measure.key: measure
    for measure in (
        Measure(
            "conversations",
            "Conversations",
            "Begun in the period by a customer’s message. Whoever writes again within 7 days after it was settled goes "
            "on with the same one; later it counts anew. Spam does not count.",
        ),
        Measure(
            "resolution",
            "Resolved by the bot",
            "Of the conversations with which the bot dealt, those that it resolved without people: the customer said "
            "that the answer helped (confirmed), or wrote no more for 24 hours after it (unchallenged). Taken back if "
            "the customer returns within 7 days.",
            "share",
            ("confirmed", "assumed"),
            ("involved",),
            good=1,
            which="resolved_by_bot",
        ),
        Measure(
            "confirmed",
            "Confirmed",
            "Of the conversations with which the bot dealt, those in which the customer said that its answer helped.",
            "share",
            ("confirmed",),
            ("involved",),
            good=1,
            which="confirmed",
        ),
        Measure(
            "assumed",
            "Unchallenged",
            "Of the conversations with which the bot dealt, those in which the customer wrote no more for 24 hours "
            "after its answer. After a question of the bot’s this is not counted.",
            "share",
            ("assumed",),
            ("involved",),
            which="assumed",
        ),
        Measure(
            "handover",
            "Handed over",
            "Of all conversations, those that people got: handed off by the bot, asked for by the customer, or taken "
            "by an agent.",
            "share",
            ("handed_off",),
            ("conversations",),
            good=-1,
            which="handed_off",
        ),
        Measure(
            "first",
            "First response",
            "From the customer’s first message to the first answer or question of the bot or a person; the words that "
            "announce a person are none. Half of the conversations are at or below the median.",
            "time",
            column="first_s",
            good=-1,
            which="first_s",
        ),
        Measure(
            "people",
            "First response of people",
            "From the hand-over to the first message of a person, nights and holidays included.",
            "time",
            column="people_s",
            good=-1,
            which="people_s",
        ),
        Measure(
            "duration",
            "Time to resolution",
            "From the customer’s first message to the last resolution: an agent’s click, the customer’s yes, or the "
            "answer that nobody challenged.",
            "time",
            column="resolution_s",
            good=-1,
            which="resolution_s",
        ),
        Measure(
            "csat",
            "CSAT",
            "Of the ratings from 1 to 5 that customers gave, the share of 4 and 5.",
            "share",
            ("satisfied",),
            ("rated",),
            good=1,
            which="rated",
        ),
        Measure(
            "score",
            "Mean rating",
            "The mean of the ratings from 1 to 5.",
            "score",
            ("score_sum",),
            ("rated",),
            good=1,
            which="rated",
        ),
        Measure(
            "sla",
            "SLA met",
            "Of the due times for replies and resolutions that have passed or were met, the share that was met.",
            "share",
            ("kept",),
            ("kept", "missed"),
            good=1,
            which="missed",
        ),
        Measure(
            "reopened",
            "Reopened",
            "Of the conversations that were resolved at any time, those in which the customer wrote again within 7 "
            "days.",
            "share",
            ("reopened",),
            ("resolved",),
            good=-1,
            which="reopened",
        ),
        Measure(
            "left",
            "Left without an answer",
            "Of all conversations, those in which the bot’s last words were no answer (it asked back or refused) and "
            "the customer wrote no more for 24 hours.",
            "share",
            ("left",),
            ("conversations",),
            good=-1,
            which="left",
        ),
        Measure(
            "minutes",
            "Agents’ time per conversation",
            "For each message of an agent, the time since what was said before it, at most 5 minutes; divided by all "
            "conversations.",
            "time",
            ("agent_seconds",),
            ("conversations",),
            good=-1,
            which="agent",
        ),
        Measure(
            "cost",
            "Cost per conversation",
            "Agents’ time per conversation, times the cost of an agent’s minute that this workspace set.",
            "money",
            ("agent_seconds",),
            ("conversations",),
            good=-1,
            which="agent",
        ),
        Measure(
            "helped",
            "Answers that helped",
            "Of the answers that customers judged, those of which they said that they helped.",
            "share",
            ("helped",),
            ("helped", "did_not_help"),
            good=1,
            which="judged",
        ),
        Measure(
            "stopped",
            "Unsupported sentences stopped",
            "Sentences that the model wrote and nothing supported, so that no customer saw them.",
            over=("stopped",),
            which="stopped",
        ),
    )
}

WHICH: dict[str, tuple[str, Q]] = {
    "": ("All conversations", Q()),
    "resolved_by_bot": ("Resolved by the bot", Q(outcome__in=RESOLVED_BY_BOT)),
    "confirmed": ("Resolved by the bot, confirmed", Q(outcome=Outcome.CONFIRMED)),
    "assumed": ("Resolved by the bot, unchallenged", Q(outcome=Outcome.ASSUMED)),
    "by_people": ("Resolved by people", Q(outcome=Outcome.PEOPLE)),
    "left": ("Left without an answer", Q(outcome=Outcome.LEFT)),
    "going": ("Going on", Q(outcome=Outcome.GOING)),
    "backlog": ("With people now", Q(ended_at__isnull=True, with_people_at__isnull=False)),
    "with_people": ("Handled by people", Q(handler=Handler.PEOPLE)),
    "handed_off": ("Handed over", Q(handed_off__gt=0)),
    "first_s": ("Answered", Q(first_s__isnull=False)),
    "people_s": ("Answered by people", Q(people_s__isnull=False)),
    "resolution_s": ("With a resolution", Q(resolution_s__isnull=False)),
    "rated": ("Rated", Q(rated__gt=0)),
    "unhappy": ("Rated 1 to 3", Q(rated__gt=0, satisfied=0)),
    "missed": ("With a missed SLA", Q(missed__gt=0)),
    "reopened": ("Reopened", Q(reopened__gt=0)),
    "agent": ("In which an agent wrote", Q(agent_messages__gt=0)),
    "judged": ("With a judged answer", Q(helped__gt=0) | Q(did_not_help__gt=0)),
    "did_not_help": ("With an answer that did not help", Q(did_not_help__gt=0)),
    "stopped": ("With a sentence stopped", Q(stopped__gt=0)),
}


@dataclass(frozen=True)
class Dimension:
    """By what figures are split and filtered."""

    key: str
    name: str
    column: str


DIMENSIONS = {
    dimension.key: dimension
    for dimension in (
        Dimension("channel", "Channel", "channel"),
        Dimension("category", "Category", "category"),
        Dimension("language", "Language", "language"),
        Dimension("handler", "Handled by", "handler"),
        Dimension("team", "Team", "team_id"),
        Dimension("reason", "Reason of hand-over", "reason"),
        Dimension("agent", "Agent", "agent_id"),
        Dimension("outcome", "Outcome", "outcome"),
        Dimension("weekday", "Weekday", "weekday"),
        Dimension("hour", "Hour", "hour"),
    )
}
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NONE = {"category": "Not sorted", "language": "Not known", "team": "No team", "reason": "No reason"}


WORDS: dict[str, Callable[[str], str]] = {
    "language": lambda value: LANGUAGES.get(value, value),
    "channel": lambda value: str(capfirst(Conversation.Channel(value).label)),
    "handler": lambda value: Handler(value).label.capitalize(),
    "outcome": lambda value: Outcome(value).label.capitalize(),
    "reason": lambda value: REASONS.get(value, value).rstrip("."),
    "weekday": lambda value: WEEKDAYS[int(value) % len(WEEKDAYS)],
    "hour": lambda value: f"{int(value):02}:00",
    "category": str.capitalize,
}


def label(key: str, value: object, names: Mapping[int, str]) -> str:
    """A value of a dimension in words; `names` are those of teams or agents."""
    if value in ("", None):
        return NONE.get(key, "Nobody")
    text = str(value)
    return WORDS[key](text) if key in WORDS else names.get(int(text), "No longer here")
