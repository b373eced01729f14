"""Drawing the next token: temperature, top-p, a seed for each request. The greedy choice is the decoder's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sampler:
    """How one request draws; its generator belongs to it alone, so that what else runs changes nothing."""

    temperature: float
    top_p: float
    generator: np.random.Generator

    def draw(self, logits: NDArray[np.float32]) -> int:
        """A token by its logits [vocabulary], -inf where banned, from the fewest tokens that reach `top_p`."""
        order = np.argsort(-logits, kind="stable")
        scaled = logits[order].astype(np.float64)
        probs = np.exp((scaled - scaled[0]) / self.temperature)
        reached = probs.cumsum() / probs.sum()
        kept = int(np.searchsorted(reached, self.top_p)) + 1
        point = self.generator.random() * reached[min(kept, len(reached)) - 1]
        return int(order[np.searchsorted(reached, point, side="right")])


@dataclass(frozen=True)
class Recited:
    """Draws nothing: the tokens are given, one after the other."""

    tokens: Iterator[int]

    def draw(self, logits: NDArray[np.float32]) -> int:
        """The next of them."""
        return next(self.tokens)


def sampler(temperature: float, top_p: float, seed: int) -> Sampler | None:
    """One request's own sampler; None at a temperature of 0, which is greedy."""
    return Sampler(temperature, top_p, np.random.default_rng(seed)) if temperature else None


def choose(logits: NDArray[np.float32], sampler: Sampler | None) -> tuple[int, float]:
    """The next token by logits [vocabulary], and its log-probability at temperature 1."""
    token = sampler.draw(logits) if sampler else int(logits.argmax())
    highest = logits.max()
    return token, float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))
