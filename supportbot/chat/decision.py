"""What the assistant does with a question, as a pure function of what is known. Knows no database and no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WANTS_PERSON = "talk_to_human"
OFF_TOPIC = "off_topic"
FAILURES_IN_A_ROW = 2
SURELY = 0.9  # a passage that answers as surely goes before a refusal


@dataclass(frozen=True)
class Situation:
    """What is known of a question; probabilities from 0 to 1. `found` is how surely a passage answers it."""

    category: str
    intent: str
    confidence: float
    off_topic: float
    threshold: float
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
    readable: bool = True  # whether triage knows the language


@dataclass(frozen=True)
class Decision:
    """The act, and why."""

    act: Literal["answer", "ask", "refuse", "hand_off"]
    reason: str


def decide(now: Situation) -> Decision:
    """Answer, ask back, refuse or hand off."""
    if person := _wants_person(now):
        return Decision("hand_off", person)
    decision = Decision("hand_off", "unsure")
    if now.readable and now.category == OFF_TOPIC and now.off_topic >= now.threshold:
        decision = Decision("refuse", "off_topic")
    elif now.readable and now.confidence >= now.threshold:
        decision = _sure(now)
    surely = max(SURELY, now.found_threshold)
    enough = {"unsure": now.found_threshold, "reserved": now.found_threshold, "off_topic": surely}.get(decision.reason)
    return Decision("answer", "found") if enough is not None and now.found >= enough else decision


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
        return Decision("hand_off", "reserved")
    if not now.needs_order or now.order_known:
        return Decision("answer", "known")
    if now.asks_before >= FAILURES_IN_A_ROW:
        return Decision("hand_off", "repeated")
    return Decision("ask", "unknown_order" if now.order_named else "order_needed")
