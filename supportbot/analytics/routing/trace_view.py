"""A routing trace as a person reads it: layer by expert, token by token, and how sure the router was.

Knows traces and experts; no conversation and no database. Letters: L layers, T tokens, K chosen experts, E experts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.trace import RoutingTrace
from supportbot.chat.experts import Cell, Checkpoint, Expert, leaders

PART_OF_A_CHARACTER = "·"


@dataclass(frozen=True)
class Certainty:
    """How sure the router was: `entropy` 0 one expert to 1 all alike; `margin` of the first choice over the second."""

    entropy: float
    margin: float

    @property
    def spread(self) -> str:
        """The entropy in words."""
        words = ("one expert", "few experts", "several experts", "nearly all experts")
        return _word(self.entropy, (0.02, 0.45, 0.75), words)

    @property
    def choice(self) -> str:
        """The margin in words."""
        return _word(self.margin, (0.25, 0.55), ("close call", "fairly clear", "very clear"))

    @property
    def sureness(self) -> str:
        """The margin as one says it of somebody."""
        return _word(self.margin, (0.25, 0.55), ("not very sure", "fairly sure", "very sure"))

    @property
    def sentence(self) -> str:
        """Both in a sentence."""
        first = (1 + self.margin) / 2
        return (
            f"On average its first expert for a token got {first:.0%} of the weight and its second {1 - first:.0%}. "
            f"In each layer the weight went to {self.spread}."
        )


@dataclass(frozen=True)
class Layer:
    """One layer's row of the heat map; layers count from 1, the dense first layer has no experts."""

    number: int
    cells: list[Cell]
    certainty: Certainty
    choices: int


@dataclass(frozen=True)
class Token:
    """A piece of the text, its leading expert, and the experts and per cents of each layer for the browser."""

    space: str
    text: str
    expert: Expert
    is_turn: bool
    routes: str


@dataclass(frozen=True)
class TraceView:
    """A stretch of text as the experts saw it."""

    layers: list[Layer]
    tokens: list[Token]
    leaders: list[Cell]
    certainty: Certainty
    experts: list[Expert]


def view(trace: RoutingTrace, checkpoint: Checkpoint) -> TraceView | None:
    """The view of a trace; None when it has no tokens. IndexError or ValueError when its parts don't fit together."""
    if not trace.tokens:
        return None
    experts = checkpoint.experts(trace.n_experts)
    leads = margins(trace)
    layers = [
        _layer(
            index, trace.share[index].tolist(), trace.counts[index].tolist(), Certainty(float(entropy), margin), experts
        )
        for index, (entropy, margin) in enumerate(zip(trace.entropy, leads, strict=True))
    ]
    whole = Certainty(float(trace.entropy.mean()), sum(leads) / len(leads))
    return TraceView(layers, _tokens(trace, experts), leaders(trace, experts), whole, experts)


def _layer(
    index: int, shares: list[float], counts: list[int], certainty: Certainty, experts: Sequence[Expert]
) -> Layer:
    cells = [Cell(*parts) for parts in zip(experts, shares, counts, strict=True)]
    return Layer(index + 1, cells, certainty, sum(counts))


def margins(trace: RoutingTrace) -> list[float]:
    """Mean lead of the first choice over the second, for each layer [L]."""
    ranked = -np.sort(-trace.weights, axis=-1)
    second = ranked[..., 1] if ranked.shape[-1] > 1 else 0
    return [float(margin) for margin in (ranked[..., 0] - second).mean(axis=1)]


def _tokens(trace: RoutingTrace, experts: Sequence[Expert]) -> list[Token]:
    leading = trace.leading().tolist()
    tokens = []
    for index, (text, leader) in enumerate(zip(trace.tokens, leading, strict=True)):
        word = text.lstrip() or text
        space = text[: len(text) - len(word)]
        is_turn = index == 0 or leading[index - 1] != leader
        tokens.append(Token(space, word or PART_OF_A_CHARACTER, experts[leader], is_turn, _routes(trace, index)))
    return tokens


def _routes(trace: RoutingTrace, token: int) -> str:
    """`3:62,7:38|0:80,2:20`: layer by layer the chosen experts' numbers and per cents, the first choice first."""
    layers = []
    for ids, weights in zip(trace.ids[:, token], trace.weights[:, token], strict=True):
        order = np.argsort(-weights, kind="stable")
        layers.append(",".join(f"{ids[i]}:{weights[i] * 100:.0f}" for i in order))
    return "|".join(layers)


def _word(value: float, bounds: Sequence[float], words: Sequence[str]) -> str:
    return words[bisect_right(bounds, value)]
