"""Rules that one can start from; what names a label or a team of one's own is left to choose."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.chat.models import Rule

When = Rule.Event


@dataclass(frozen=True)
class Example:
    """A rule as the form shows it first."""

    name: str
    about: str
    event: Rule.Event
    conditions: list[list[str]] = field(default_factory=list)
    actions: list[list[str]] = field(default_factory=list)
    minutes: int | None = None


EXAMPLES = {
    "angry": Example(
        "Angry in French: to people at once",
        "Whoever writes angrily in French gets a person of the team you choose, with a high priority.",
        When.MESSAGE,
        [["mood", "is", "angry"], ["language", "is", "fr"]],
        [["priority", "high"], ["team", ""]],
    ),
    "silent": Example(
        "No answer for three days: resolve",
        "What we answered and the customer left is resolved; it opens again with the customer's next message.",
        When.SILENT,
        actions=[["resolve", ""]],
        minutes=3 * 24 * 60,
    ),
    "waiting": Example(
        "Waiting for half an hour: urgent",
        "During business hours nobody waits unseen: the conversation becomes urgent.",
        When.WAITING,
        [["hours", "is", "yes"], ["priority", "not", "urgent"]],
        [["priority", "urgent"]],
        minutes=30,
    ),
    "cancel": Example(
        "Wants to cancel: label it",
        "Messages that speak of leaving get a label, so that you find them again.",
        When.MESSAGE,
        [["words", "is", "cancel my account, unsubscribe, close my account"]],
        [["label", ""]],
    ),
}
