"""What a new expert reads: its category's tickets, each pass roughened anew, and a small part of the old corpus."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from inference.prompt import Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from training import corpus, data, tickets
from training.grow import Example
from training.tickets import Ticket

MIXED = 0.05  # part of the old corpus that is mixed in (arXiv 2507.02407)
OLD_BY_NEW = 0.5  # old examples by new ones in a pass
ASKED_BACK = 0.3  # part of the answers about an order that stand behind the question for it


def of(tokenizer: Tokenizer, learned: Sequence[Ticket], seed: int, context: int) -> Callable[[int], list[Example]]:
    """The examples of a pass by its number, of at most `context` tokens; the same seed and number give the same."""
    documents = data.support(tokenizer, seed, rounds=1)
    old = [Example(d.ids, d.mask, new=False) for d in documents[: int(MIXED * len(documents))] if len(d.ids) <= context]

    def draw(turn: int) -> list[Example]:
        rng = random.Random(f"{seed} {turn}")
        new = [one for one in _examples(tokenizer, learned, rng) if len(one.ids) <= context]
        return [*new, *rng.sample(old, min(len(old), int(OLD_BY_NEW * len(new))))]

    return draw


def _examples(tokenizer: Tokenizer, learned: Sequence[Ticket], rng: random.Random) -> Iterator[Example]:
    of_order = tickets.needs_order(learned)
    for ticket in learned:
        turns = [Turn("customer", _rough(ticket.text, rng))]
        if ticket.brief.intent in of_order and ticket.brief.act == "answer" and rng.random() < ASKED_BACK:
            question = rng.choice(_questions(ticket.brief, learned))
            yield _example(tokenizer, turns, Brief(ticket.brief.category, ticket.brief.intent, "ask"), question)
            turns += [Turn("agent", question), Turn("customer", f"{rng.randint(10001, 99999)}")]
        yield _example(tokenizer, turns, ticket.brief, ticket.reply)


def _questions(brief: Brief, learned: Sequence[Ticket]) -> list[str]:
    """How the tickets of an intent ask for the order; as the corpus does where they never do."""
    own = [t.reply for t in learned if t.brief.intent == brief.intent and t.brief.act == "ask"]
    return own or [question for intent in corpus.intents() for question in intent.ask]


def _example(tokenizer: Tokenizer, turns: list[Turn], brief: Brief, reply: str) -> Example:
    return Example(*training_example(tokenizer, turns, brief, reply), new=True)


def _rough(message: str, rng: random.Random) -> str:
    return data.roughen(data.ORDER_NUMBER.sub(lambda _: str(rng.randint(10001, 99999)), message), rng)
