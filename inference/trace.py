"""`RoutingTrace`: which experts each token of one request went to. The one type and format for engine and screens.

Knows nothing of torch or the model. Letters: L expert layers, T tokens, K chosen experts, E experts.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True)
class RoutingTrace:
    """ids and weights [L, T, K] of `tokens`; weights sum to 1 over K. The first `prompt_tokens` are the prompt."""

    tokens: list[str]
    prompt_tokens: int
    ids: NDArray[np.uint8]
    weights: NDArray[np.float32]
    n_experts: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many tokens chose an expert [L, E]; a layer's sum is T*K."""
        experts = np.arange(self.n_experts)
        return np.asarray((self.ids[..., None] == experts).sum(axis=(1, 2)), np.int64)

    @cached_property
    def share(self) -> NDArray[np.float32]:
        """Each expert's part of a layer's weight [L, E]; a layer sums to 1 (0 without tokens)."""
        return np.asarray(self._by_token().sum(axis=1) / max(1, len(self.tokens)), np.float32)

    @property
    def entropy(self) -> NDArray[np.float32]:
        """How evenly a layer spread its weight [L]: 0 one expert, 1 all alike."""
        share = self.share
        bits = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=1)
        return np.asarray(bits / max(np.log(self.n_experts), 1e-12), np.float32)

    def leading(self) -> NDArray[np.int64]:
        """For each token [T] the expert with the most weight over all layers."""
        return np.asarray(self._by_token().sum(axis=0).argmax(axis=-1), np.int64)

    def part(self, tokens: slice) -> RoutingTrace:
        """The trace of some of the prompt's tokens."""
        shown = self.tokens[tokens]
        return RoutingTrace(shown, len(shown), self.ids[:, tokens], self.weights[:, tokens], self.n_experts)

    def to_bytes(self) -> bytes:
        """Compact form: a line of JSON, ids, weights in 255ths, all deflated."""
        head = {"format": FORMAT, "shape": self.ids.shape, "experts": self.n_experts}
        words = {"prompt_tokens": self.prompt_tokens, "tokens": self.tokens}
        line = json.dumps(head | words, ensure_ascii=False).encode()
        weights = np.rint(self.weights * 255).astype(np.uint8)
        return zlib.compress(line + b"\n" + self.ids.tobytes() + weights.tobytes(), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> RoutingTrace:
        """The opposite of `to_bytes`; ValueError when the bytes are not such a trace."""
        try:
            line, _, arrays = zlib.decompress(data).partition(b"\n")
            head = json.loads(line)
            if head["format"] != FORMAT:
                raise ValueError(f"format {head['format']}")
            ids, weights = np.frombuffer(arrays, np.uint8).reshape(2, *head["shape"])
        except (zlib.error, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a routing trace: {error}") from error
        scaled = weights.astype(np.float32)
        scaled /= np.maximum(scaled.sum(axis=-1, keepdims=True), 1)
        return cls(head["tokens"], head["prompt_tokens"], ids, scaled, head["experts"])

    def _by_token(self) -> NDArray[np.float32]:
        """Weight of each expert for each token [L, T, E]."""
        full = np.zeros((*self.ids.shape[:2], self.n_experts), np.float32)
        np.put_along_axis(full, self.ids.astype(np.int64), self.weights, axis=-1)
        return full


def divergence(one: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """How unlike shares [E] are to each of others [n, E], in bits: 0 the same, 1 nothing in common (Jensen-Shannon)."""
    p, q = np.asarray(one, np.float64) + 1e-9, np.asarray(others, np.float64) + 1e-9
    middle = (p + q) / 2
    bits = (p * np.log2(p / middle)).sum(axis=-1) + (q * np.log2(q / middle)).sum(axis=-1)
    return np.asarray(bits / 2, np.float64)
