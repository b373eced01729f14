"""What-ifs as a person reads them: which changes can be asked for, and two replies side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import groupby

from supportbot.chat.experts import Checkpoint
from supportbot.chat.models import WhatIf

POOL = 0.25  # of the experts, in a category's pool
PHRASE = 3  # words; fewer that both have between others are chance
ALIKE = 0.05  # nats a token; less is no difference that one would read


@dataclass(frozen=True)
class Choice:
    """A change: its value in the form, what it is, and the numbers of the experts that are off."""

    value: str
    title: str
    off: frozenset[int]


@dataclass(frozen=True)
class Choices:
    """All changes that the installed checkpoint allows."""

    without: list[Choice]
    pools: list[Choice]

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Choices:
        """One expert off, or all but the pool of a category."""
        everybody = frozenset(range(len(checkpoint.cards)))
        if len(everybody) <= checkpoint.needed:
            return cls([], [])
        without = [
            Choice(
                f"without-{expert.number}", f"without expert {expert.number}, {expert.name}", frozenset({expert.number})
            )
            for expert in checkpoint.experts(len(everybody))
            if not expert.is_off
        ]
        size = max(checkpoint.needed, math.ceil(len(everybody) * POOL))
        return cls(without, [_pool(checkpoint, name, size, everybody) for name in checkpoint.categories])

    def find(self, value: str) -> Choice | None:
        """The change that a form names."""
        return next((choice for choice in (*self.without, *self.pools) if choice.value == value), None)


def _pool(checkpoint: Checkpoint, category: str, size: int, everybody: frozenset[int]) -> Choice:
    pool = checkpoint.pool(category, size)
    numbers = ", ".join(map(str, pool))
    return Choice(f"pool-{category}", f"only the pool of {category}: experts {numbers}", everybody - frozenset(pool))


@dataclass(frozen=True)
class Comparison:
    """A what-if with its texts cut into words that both have and words that one has."""

    what_if: WhatIf
    sent: str

    @property
    def is_same(self) -> bool:
        """Whether both replies have the same words."""
        return self.what_if.usual == self.what_if.changed

    @property
    def differs_from_sent(self) -> bool:
        """Whether the model writes something else now than it did then."""
        return self.what_if.usual not in self.sent

    @cached_property
    def usual(self) -> list[tuple[str, bool]]:
        """Pieces of the usual reply, and whether the other one lacks them."""
        return list(pieces(self.what_if.usual, self.what_if.changed, 0))

    @cached_property
    def changed(self) -> list[tuple[str, bool]]:
        """Pieces of the changed reply, and whether the usual one lacks them."""
        return list(pieces(self.what_if.usual, self.what_if.changed, 1))

    @property
    def usual_sure(self) -> float:
        """How likely the model found each token of the usual reply, on average (geometric mean, 0 to 1)."""
        return math.exp(self.what_if.usual_logprob or 0.0)

    @property
    def changed_sure(self) -> float:
        """The same of the changed reply."""
        return math.exp(self.what_if.changed_logprob or 0.0)

    @property
    def recited_sure(self) -> float:
        """How likely the usual reply's tokens are after the change."""
        return math.exp(self.what_if.recited_logprob or 0.0)

    @property
    def rise(self) -> float:
        """How much likelihood the usual reply loses, in nats a token."""
        return (self.what_if.usual_logprob or 0.0) - (self.what_if.recited_logprob or 0.0)

    @property
    def verdict(self) -> str:
        """What the difference means."""
        if self.is_same and self.rise < ALIKE:
            return (
                "The same words, and the model is as sure of them: what was switched off was not needed for this reply."
            )
        if self.is_same:
            return f"The same words, but the model is less sure of them: each token is {self.times} less likely."
        if self.rise < ALIKE:
            return "Other words, though the model still finds the usual ones nearly as likely: a close call."
        return (
            f"Other words. Each token of the usual reply is {self.times} less likely after the change: "
            "the reply rests on what was switched off."
        )

    @property
    def times(self) -> str:
        """By how much the usual reply's tokens became less likely."""
        factor = math.exp(self.rise)
        return f"{factor:.1f} times" if factor < 10 else f"{factor:.0f} times" if factor < 1000 else "over 1000 times"


def pieces(left: str, right: str, side: int) -> Iterator[tuple[str, bool]]:
    """One of two texts in pieces, `side` 0 the left one, each with whether the other text lacks it."""
    words = left.split(), right.split()
    parts = SequenceMatcher(None, *words, autojunk=False).get_opcodes()
    marked = [
        (word, tag != "equal" or (len(parts) > 1 and to - at < PHRASE))
        for tag, at, to, *other in parts
        for word in words[side][slice(at, to) if side == 0 else slice(*other)]
    ]
    for differs, run in groupby(marked, key=lambda pair: pair[1]):
        yield " ".join(word for word, _ in run), differs
