"""What the assistant does with a message, as a pure function of what is known. Knows no database and no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WANTS_PERSON = "talk_to_human"
OFF_TOPIC = "off_topic"
ASKS_IN_A_ROW = 2


@dataclass(frozen=True)
class Situation:
    """What is known of a message; probabilities from 0 to 1."""

    category: str
    intent: str
    confidence: float
    off_topic: float
    threshold: float
    needs_order: bool = False
    order_named: bool = False
    order_known: bool = False
    asks_before: int = 0


@dataclass(frozen=True)
class Decision:
    """The act, and why."""

    act: Literal["answer", "ask", "refuse", "hand_off"]
    reason: str


def decide(now: Situation) -> Decision:
    """Answer, ask back, refuse or hand off."""
    if now.intent == WANTS_PERSON:
        return Decision("hand_off", "asked")
    if now.category == OFF_TOPIC and now.off_topic >= now.threshold:
        return Decision("refuse", "off_topic")
    if now.confidence < now.threshold:
        return Decision("hand_off", "unsure")
    if not now.needs_order or now.order_known:
        return Decision("answer", "known")
    if now.asks_before >= ASKS_IN_A_ROW:
        return Decision("hand_off", "repeated")
    return Decision("ask", "unknown_order" if now.order_named else "order_needed")
