"""What the benchmarks ask: customer messages of the corpus, spread over its intents, always the same ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from inference.prompt import Brief, Turn
from training import corpus

MODEL = Path(__file__).resolve().parents[1] / os.environ.get("SUPPORTBOT_MODEL", "models/fennmoor")
MAX_TOKENS = 96
CONCURRENT = (1, 8, 32)  # conversations
SLOTS = {name: f"{{{{{name}}}}}" for name in sorted(corpus.slots())}  # every slot may be used, and reads as itself
ORDER = 10001


@dataclass(frozen=True)
class Question:
    """A customer's message and what the reply to it shall do."""

    text: str
    brief: Brief

    @property
    def turns(self) -> list[Turn]:
        """The message as the only one of its conversation."""
        return [Turn("customer", self.text)]


def questions(count: int) -> list[Question]:
    """`count` messages; those about an order name one."""
    intents = [intent for intent in corpus.intents() if intent.category != corpus.OFF_TOPIC]
    return [_question(intents[index * len(intents) // count % len(intents)], index) for index in range(count)]


def _question(intent: corpus.Intent, index: int) -> Question:
    text = intent.messages[index % len(intent.messages)]
    if intent.needs_order:
        text = f"{corpus.SLOT.sub('', text).strip()} My order is #{ORDER + index % 50}."
    return Question(text, Brief(intent.category, intent.name, "answer"))
