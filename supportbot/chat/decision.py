"""What the assistant does with a question, as a pure function of what is known. Knows no database and no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WANTS_PERSON = "talk_to_human"
OFF_TOPIC = "off_topic"
NO_WORDS, WHO_ANSWERS = "no_words", "who_answers"
SMALL_TALK = (NO_WORDS, WHO_ANSWERS)  # there are fixed words for it
FAILURES_IN_A_ROW = 2
NEAR = 0.35  # cosine of a passage from which a question has to do with the workspace, whatever triage says
FAR = 0.2  # below which no passage has to do with it, so that half a suspicion is enough
SUSPECTED = 0.5


@dataclass(frozen=True)
class Situation:
    """What is known of a question; probabilities from 0 to 1. `found` is how surely a passage answers it, `nearest` the
    cosine of the passage that is nearest to it, if there is any."""

    category: str
    intent: str
    confidence: float
    off_topic: float
    threshold: float
    nearest: float | None = None
    found: float = 0.0
    found_threshold: float = 1.0
    needs_order: bool = False
    order_named: bool = False
    order_known: bool = False
    asks_before: int = 0
    repeats: int = 0
    angry_in_a_row: int = 0
    reserved: bool = False
    withheld: bool = False  # whether the workspace keeps the action that the customer wants from the chat
    is_own: bool = False  # whether it is a category of the workspace's own, for which no reply was learnt
    asks_how: bool = False  # whether the customer asks how something is done, which hardly depends on one order
    readable: bool = True  # whether triage knows the language
    small_talk: str = ""  # one of `SMALL_TALK`


@dataclass(frozen=True)
class Decision:
    """The act, and why; where it `is_open`, a passage that answers surely enough may take its place."""

    act: Literal["answer", "ask", "refuse", "hand_off"]
    reason: str
    is_open: bool = field(default=False, compare=False)


def decide(now: Situation) -> Decision:
    """Answer, ask back, refuse or hand off."""
    if now.small_talk == WHO_ANSWERS:
        return Decision("answer", WHO_ANSWERS)
    if now.small_talk == NO_WORDS:
        asks_again = now.asks_before >= FAILURES_IN_A_ROW
        return Decision("hand_off", "repeated") if asks_again else Decision("ask", NO_WORDS)
    if person := _wants_person(now):
        return Decision("hand_off", person)
    if _is_off_topic(now):
        return Decision("refuse", "off_topic")
    is_known = now.readable and not now.is_own and now.category != OFF_TOPIC
    is_sure = is_known and now.confidence >= now.threshold
    decision = _sure(now) if is_sure else Decision("hand_off", "unsure", is_open=True)
    return Decision("answer", "found") if decision.is_open and now.found >= now.found_threshold else decision


def _is_off_topic(now: Situation) -> bool:
    if not now.readable or now.category != OFF_TOPIC or (now.nearest or 0.0) >= NEAR:
        return False
    is_far = now.nearest is not None and now.nearest < FAR
    return now.off_topic >= (min(now.threshold, SUSPECTED) if is_far else now.threshold)


def _wants_person(now: Situation) -> str | None:
    """Why people shall answer, whatever the bot knows."""
    if now.readable and now.intent == WANTS_PERSON:
        return "asked"
    if now.reserved:
        return "reserved"
    if now.angry_in_a_row >= FAILURES_IN_A_ROW:
        return "angry"
    return "repeated" if now.repeats >= FAILURES_IN_A_ROW else None


def _sure(now: Situation) -> Decision:
    if now.withheld:
        return Decision("hand_off", "reserved", is_open=True)
    if not now.needs_order or now.order_known:
        return Decision("answer", "known")
    if now.asks_before >= FAILURES_IN_A_ROW:
        return Decision("hand_off", "repeated")
    return Decision("ask", "unknown_order" if now.order_named else "order_needed", is_open=now.asks_how)
