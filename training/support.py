"""Support turns of the corpus as training examples: a message, what came before it, the brief, and a reply that counts.

Held-out messages of the corpus are never read here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from inference.prompt import Act, Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from training import corpus

ORDER_NUMBER = re.compile(r"\b\d{5}\b")


@dataclass(frozen=True)
class Document:
    """One training text: tokens, which of them count in the loss, its category (-1: none), and its set."""

    ids: list[int]
    mask: list[bool]
    category: int
    set: str = "corpus"


def category_index(name: str) -> int:
    """Position of a category among the 12 that have experts; -1 for `off_topic` and others."""
    return corpus.CATEGORIES.index(name) if name in corpus.CATEGORIES else -1


def example(tokenizer: Tokenizer, turns: list[Turn], brief: Brief, reply: str) -> Document:
    """A document whose reply alone counts."""
    ids, mask = training_example(tokenizer, turns, brief, reply)
    return Document(ids, mask, category_index(brief.category))


def support(
    tokenizer: Tokenizer, seed: int, rounds: int, messages: frozenset[str] | None = None, *, dialogues: bool = True
) -> list[Document]:
    """Support turns of the corpus, `rounds` replies for each of the `messages` (all unless given)."""
    rng = random.Random(seed)
    intents = _with(messages)
    by_name = {intent.name: intent for intent in intents}
    documents = [doc for _ in range(rounds) for doc in _round(tokenizer, intents, by_name, rng, dialogues)]
    rng.shuffle(documents)
    return documents


def _with(messages: frozenset[str] | None) -> list[corpus.Intent]:
    """The intents with these messages alone; those without any fall out."""
    if messages is None:
        return corpus.intents()
    kept = [replace(i, messages=tuple(m for m in i.messages if m in messages)) for i in corpus.intents()]
    return [intent for intent in kept if intent.messages]


def _round(
    tokenizer: Tokenizer,
    intents: list[corpus.Intent],
    by_name: dict[str, corpus.Intent],
    rng: random.Random,
    dialogues: bool,
) -> Iterator[Document]:
    for intent in intents:
        for message in intent.messages:
            yield _single(tokenizer, intent, message, rng)
        for message in rng.sample(intent.messages, len(intent.messages) // 6):
            yield _followed_up(tokenizer, intent, rng.choice(intents), message, rng)
        if intent.needs_order:
            for message in rng.sample(intent.messages, len(intent.messages) // 3):
                yield _asked_back(tokenizer, intent, message, rng)
    for dialogue in corpus.dialogues() if dialogues else ():
        yield from _dialogue(tokenizer, dialogue, by_name, rng)


def _single(tokenizer: Tokenizer, intent: corpus.Intent, message: str, rng: random.Random) -> Document:
    asks = intent.needs_order and rng.random() < 0.3
    act: Act = "refuse" if intent.category == corpus.OFF_TOPIC else "ask" if asks else "answer"
    reply = rng.choice(intent.ask if asks else intent.replies)
    turns = [Turn("customer", roughen(_renumbered(message, rng), rng))]
    return example(tokenizer, turns, Brief(intent.category, intent.name, act), reply)


def _followed_up(
    tokenizer: Tokenizer, intent: corpus.Intent, earlier: corpus.Intent, message: str, rng: random.Random
) -> Document:
    """A message behind another matter that was answered: the reply is about the last one only."""
    turns = [
        Turn("customer", roughen(_renumbered(rng.choice(earlier.messages), rng), rng)),
        Turn("agent", _as_sent(rng.choice(earlier.replies), rng)),
        Turn("customer", roughen(_renumbered(message, rng), rng)),
    ]
    act: Act = "refuse" if intent.category == corpus.OFF_TOPIC else "answer"
    return example(tokenizer, turns, Brief(intent.category, intent.name, act), rng.choice(intent.replies))


def _asked_back(tokenizer: Tokenizer, intent: corpus.Intent, message: str, rng: random.Random) -> Document:
    given = rng.choice(("{}", "#{}", "it's {}", "order {}", "the number is {}", "{} thanks", "sure, {}"))
    turns = [
        Turn("customer", roughen(ORDER_NUMBER.sub("", message), rng)),
        Turn("agent", rng.choice(intent.ask)),
        Turn("customer", given.format(_number(rng))),
    ]
    return example(tokenizer, turns, Brief(intent.category, intent.name, "answer"), rng.choice(intent.replies))


def _number(rng: random.Random) -> str:
    return str(rng.randint(10001, 99999))


def _renumbered(message: str, rng: random.Random) -> str:
    """The message with other order numbers: no digit may tell what is wanted."""
    return ORDER_NUMBER.sub(lambda _: _number(rng), message)


def _as_sent(reply: str, rng: random.Random) -> str:
    """A reply as the history of a conversation has it: its slots filled."""
    values = {name: setting["value"] for name, setting in corpus.shop()["settings"].items()}
    values |= {name: rng.choice(said) for name, said in corpus.shop()["order_examples"].items()}
    values |= {"order_number": _number(rng), "invoice_number": f"FM-{_number(rng)}", "customer_name": "Alex"}
    return corpus.SLOT.sub(lambda match: values[match[1]], reply)


def _dialogue(
    tokenizer: Tokenizer, dialogue: corpus.Dialogue, by_name: dict[str, corpus.Intent], rng: random.Random
) -> Iterator[Document]:
    turns: list[Turn] = []
    intent: corpus.Intent | None = None
    for turn in dialogue.turns:
        if turn.role == "customer":
            intent = by_name.get(turn.intent or "")
        elif intent is not None and turns:
            yield example(tokenizer, turns, Brief(intent.category, intent.name, _act(intent, turn.text)), turn.text)
        turns.append(
            Turn("customer", turn.text) if turn.role == "customer" else Turn("agent", _as_sent(turn.text, rng))
        )


def _act(intent: corpus.Intent, reply: str) -> Act:
    if intent.category == corpus.OFF_TOPIC:
        return "refuse"
    if intent.needs_order and not set(corpus.SLOT.findall(reply)) & set(corpus.shop()["order_slots"]):
        return "ask"
    return "answer"


def roughen(message: str, rng: random.Random) -> str:
    """The message as a hurried phone user might have typed it; unchanged half of the time."""
    if rng.random() < 0.5:
        return message
    text = message.lower() if rng.random() < 0.5 else message
    if rng.random() < 0.3:
        text = re.sub(r"[.,!?']", "", text)
    letters = list(text)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        spot = rng.randrange(max(1, len(letters) - 1))
        if len(letters) > spot + 1 and letters[spot].isalpha() and letters[spot + 1].isalpha():
            letters[spot : spot + 2] = rng.choice(
                ([letters[spot + 1], letters[spot]], [letters[spot]], letters[spot : spot + 2])
            )
    return "".join(letters)
