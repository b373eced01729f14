"""What a new expert reads: its category's tickets, each pass roughened anew, and a small part of the old corpus."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from inference.prompt import Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from training import corpus, tickets
from training.grow import Example
from training.support import ORDER_NUMBER, roughen, support
from training.tickets import Ticket

MIXED = 0.05  # part of the old corpus that is mixed in (arXiv 2507.02407)
REPLAY = 0.5  # old examples by new ones when all weights learn
ASKED_BACK = 0.3  # part of the answers about an order that stand behind the question for it


class Lessons:
    """Examples of at most `context` tokens; the same seed gives the same."""

    def __init__(self, tokenizer: Tokenizer, learned: Sequence[Ticket], seed: int, context: int) -> None:
        self._tokenizer, self._learned, self._seed, self._context = tokenizer, learned, seed, context
        self._corpus = [Example(d.ids, d.mask, new=False) for d in support(tokenizer, seed, rounds=1)]
        self._corpus = [one for one in self._corpus if len(one.ids) <= context]

    def new(self, turn: int) -> list[Example]:
        """A pass over the tickets, by its number."""
        rng = random.Random(f"{self._seed} {turn}")
        return [one for one in _examples(self._tokenizer, self._learned, rng) if len(one.ids) <= self._context]

    def replayed(self, turn: int) -> list[Example]:
        """The same pass and, mixed in, `REPLAY` as many examples of the old corpus, others in each pass."""
        new = self.new(turn)
        return [*new, *random.Random(f"{self._seed} {turn}").sample(self._corpus, int(REPLAY * len(new)))]

    def mixed(self) -> list[Example]:
        """A pass over the tickets, and a small part of the old corpus."""
        return [*self.new(-1), *self._corpus[: max(1, int(MIXED * len(self._corpus)))]]


def _examples(tokenizer: Tokenizer, learned: Sequence[Ticket], rng: random.Random) -> Iterator[Example]:
    of_order, replies = tickets.needs_order(learned), _replies(learned)
    for ticket in learned:
        turns = [Turn("customer", _rough(ticket.text, rng))]
        if ticket.brief.intent in of_order and ticket.brief.act == "answer" and rng.random() < ASKED_BACK:
            question = rng.choice(_questions(ticket.brief, learned))
            yield _example(tokenizer, turns, Brief(ticket.brief.category, ticket.brief.intent, "ask"), question)
            turns += [Turn("agent", question), Turn("customer", f"{rng.randint(10001, 99999)}")]
        yield _example(tokenizer, turns, ticket.brief, rng.choice((ticket.reply, rng.choice(replies[ticket.brief]))))


def _replies(learned: Sequence[Ticket]) -> dict[Brief, list[str]]:
    """All replies of a brief, as the corpus has them: half of the messages get any of their brief's."""
    found: dict[Brief, list[str]] = {}
    for ticket in learned:
        found.setdefault(ticket.brief, []).append(ticket.reply)
    return found


def _questions(brief: Brief, learned: Sequence[Ticket]) -> list[str]:
    """How the tickets of an intent ask for the order; as the corpus does where they never do."""
    own = [t.reply for t in learned if t.brief.intent == brief.intent and t.brief.act == "ask"]
    return own or [question for intent in corpus.intents() for question in intent.ask]


def _example(tokenizer: Tokenizer, turns: list[Turn], brief: Brief, reply: str) -> Example:
    return Example(*training_example(tokenizer, turns, brief, reply), new=True)


def _rough(message: str, rng: random.Random) -> str:
    return roughen(ORDER_NUMBER.sub(lambda _: str(rng.randint(10001, 99999)), message), rng)
