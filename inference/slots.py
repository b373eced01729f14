"""The rooms of running sequences, allocated once: keys and values, the routing of every token, what is banned.

Letters: S slots, L layers, E expert layers, M experts, G key-value heads, C context, d head width, K chosen experts,
V vocabulary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.config import ModelConfig


class Slots(NamedTuple):
    """One slot is one sequence's room; memory that nobody used yet costs nothing."""

    keys: NDArray[np.float32]  # [S, L, G, C, d]
    values: NDArray[np.float32]
    ids: NDArray[np.uint8]  # [S, E, C, K]
    weights: NDArray[np.float32]
    banned: NDArray[np.bool_]  # [S, V]: tokens that the sequence must not go on with
    off: NDArray[np.bool_]  # [S, M]: experts that the sequence's tokens must not go to

    @classmethod
    def allocate(cls, config: ModelConfig, count: int) -> Slots:
        """Room for `count` sequences of the model's whole context."""
        context = config.max_position_embeddings
        cached = (count, config.num_hidden_layers, config.num_key_value_heads, context, config.head_dim)
        routed = (count, config.moe_layers, context, config.moe_k)
        return cls(
            np.zeros(cached, np.float32),
            np.zeros(cached, np.float32),
            np.zeros(routed, np.uint8),
            np.zeros(routed, np.float32),
            np.zeros((count, config.vocab_size), np.bool_),
            np.zeros((count, config.moe_num_experts), np.bool_),
        )

    def copy(self, source: int, target: int, length: int) -> None:
        """Put the first `length` tokens of one slot into another."""
        for cached in (self.keys, self.values):
            cached[target, :, :, :length] = cached[source, :, :, :length]
        for routed in (self.ids, self.weights):
            routed[target, :, :length] = routed[source, :, :length]

    def routing(self, slot: int, length: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Ids and weights [E, length, K] of a slot's first tokens; copies, because the slot is used again."""
        return self.ids[slot, :, :length].copy(), self.weights[slot, :, :length].copy()
