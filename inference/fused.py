"""A forward pass as one compiled function, from token ids to choices, on packed weights.

The same arithmetic as `inference.model`, without the cost of hundreds of small tensor operations. A row is one token of
some sequence: a prompt's tokens and those of running replies go through together.
Letters: B rows, N rows that ask for a next token, V vocabulary, D hidden size, H heads, G key-value heads, d head
width, E experts, K chosen, L expert layers; [I] an expert's width.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import float32, njit
from numpy.typing import NDArray
from torch import Tensor

from inference import kernels, layers
from inference.config import ModelConfig
from inference.kernels import COMPILED, Array, Matrix, Storage, exp, pack, part, product, ready, unpack
from inference.layers import attention, experts, norm, record, route, swiglu
from inference.model import Decoder, rotation
from inference.slots import Slots

Rows = NDArray[np.int64]  # [3, B]: token, slot and position of each


class Scores(NamedTuple):
    """For each row that asked: its logits [N, V], -inf where banned, their log-sum-exp [N] and the likeliest token."""

    logits: Array
    total: Array
    best: NDArray[np.int64]


class Weights(NamedTuple):
    """All weights, those of like layers stacked; the last two are the rotation's cosines and sines [context, d/2]."""

    embed: Matrix  # [V, D], also the output's
    attention_norm: Array  # [layers, D]
    qkv: Matrix  # [layers, (H + 2G) * d, D]
    out: Matrix  # [layers, D, H * d]
    mlp_norm: Array  # [layers, D]
    dense_up: Matrix  # [2I, D]
    dense_down: Matrix  # [D, I]
    router: Array  # [L, E, D]
    bias: Array  # [L, E]
    expert_up: Matrix  # [L, E, 2I, D]
    expert_down: Matrix  # [L, E, D, I]
    shared_up: Matrix  # [L, 2I, D]
    shared_down: Matrix  # [L, D, I]
    norm: Array  # [D]
    cosine: Array
    sine: Array

    @property
    def nbytes(self) -> int:
        """Bytes of all weights."""
        return sum(array.nbytes for field in self for array in (field if isinstance(field, Matrix) else (field,)))


class FusedDecoder:
    """The compiled pass over a model's packed weights."""

    def __init__(self, config: ModelConfig, state: Mapping[str, Tensor], storage: Storage = "int8") -> None:
        """Pack a `Decoder`'s weights, by their names. The first on a machine compiles for a minute, then it is cached.

        ValueError for sizes that do not fill the processor's vectors.
        """
        self.config = config
        self.weights = _packed(config, state, storage)
        self.forward(np.zeros((3, 1), np.int64), np.zeros(1, np.int64), Slots.allocate(config, 1))

    def forward(self, rows: Rows, asking: NDArray[np.int64], slots: Slots) -> Scores:
        """Read `rows` into their slots, and score the next token of the rows named in `asking` [N], in rising order.

        IndexError beyond the slots or their context, past whose ends the compiled pass would read.
        """
        count = len(asking)
        logits = np.empty((count, self.config.vocab_size), np.float32)
        scores = Scores(logits, np.empty(count, np.float32), np.empty(count, np.int64))
        sizes = (self.config.num_attention_heads, self.config.num_key_value_heads)
        _enter(rows, asking, slots, self.weights, sizes, np.float32(self.config.rms_norm_eps), scores)
        return scores


def warm_up() -> None:
    """Compile the pass, or find it compiled, for the decoders that come: any size is the same to it."""
    config = ModelConfig(vocab_size=32, hidden_size=32, num_attention_heads=2, moe_intermediate_size=16)
    FusedDecoder(config, Decoder(config).state_dict())


@torch.no_grad()
def _packed(config: ModelConfig, state: Mapping[str, Tensor], storage: Storage) -> Weights:
    layers = range(config.num_hidden_layers)

    def stacked(name: str, first: int = 0) -> Tensor:
        return torch.stack([state[f"blocks.{layer}.{name}"] for layer in layers[first:]])

    def matrices(name: str) -> Matrix:
        return pack(stacked(name, 1), storage)

    turned = rotation(config)
    return Weights(
        embed=pack(state["embed.weight"], storage),
        attention_norm=stacked("attention_norm.weight").float().numpy(),
        qkv=pack(stacked("attention.qkv.weight"), storage),
        out=pack(stacked("attention.out.weight"), storage),
        mlp_norm=stacked("mlp_norm.weight").float().numpy(),
        dense_up=pack(state["blocks.0.mlp.gate_up.weight"], storage),
        dense_down=pack(state["blocks.0.mlp.down.weight"], storage),
        router=stacked("mlp.router.weight", 1).float().numpy(),
        bias=stacked("mlp.router.bias", 1)[:, 0].float().numpy(),
        expert_up=matrices("mlp.experts.gate_up"),
        expert_down=matrices("mlp.experts.down"),
        shared_up=matrices("mlp.shared.gate_up.weight"),
        shared_down=matrices("mlp.shared.down.weight"),
        norm=state["norm.weight"].float().numpy(),
        cosine=turned.real.contiguous().numpy(),
        sine=turned.imag.contiguous().numpy(),
    )


@njit(**COMPILED)
def _check(rows, limits):  # type: ignore[no-untyped-def]
    for kind in range(3):
        for value in rows[kind]:
            if not 0 <= value < limits[kind]:
                raise IndexError("a token, a slot or a position for which there is no room")


@njit(**COMPILED)
def _pass(rows, asking, slots, w, sizes, eps, scores):  # type: ignore[no-untyped-def]
    tokens, slot, position = rows
    count = len(tokens)
    x = np.empty((count, w.norm.shape[0]), np.float32)
    normed = np.empty_like(x)
    off = np.empty((count, slots.off.shape[1]), np.bool_)
    for b in range(count):
        unpack(w.embed, tokens[b], x[b])
        off[b] = slots.off[slot[b]]
    for layer in range(w.attention_norm.shape[0]):
        norm(x, w.attention_norm[layer], eps, normed)
        attention(x, normed, slots, slot, position, w, layer, sizes)
        norm(x, w.mlp_norm[layer], eps, normed)
        read = ready(normed, count, w.embed.data)
        if layer == 0:
            swiglu(read, w.dense_up, w.dense_down, count, x)
        else:
            at = layer - 1
            ids, shares = route(normed, w.router[at], w.bias[at], slots.ids.shape[-1], off)
            record(slots, slot, position, at, ids, shares)
            experts(read, part(w.expert_up, at), part(w.expert_down, at), ids, shares, x)
            swiglu(read, part(w.shared_up, at), part(w.shared_down, at), count, x)
    _score(x, asking, slot, slots.banned, w, eps, scores)


@njit(**COMPILED)
def _score(x, asking, slot, banned, w, eps, scores):  # type: ignore[no-untyped-def]
    count = len(asking)
    if count == 0:
        return
    last, normed = np.empty((count, x.shape[1]), np.float32), np.empty((count, x.shape[1]), np.float32)
    for n in range(count):
        last[n] = x[asking[n]]
    norm(last, w.norm, eps, normed)
    logits = scores.logits
    product(w.embed, ready(normed, count, w.embed.data), count, logits)
    for n in range(count):
        forbidden, best, total = banned[slot[asking[n]]], 0, float32(0)
        for token in range(logits.shape[1]):
            if forbidden[token]:
                logits[n, token] = -np.inf
            if logits[n, token] > logits[n, best]:
                best = token
        for token in range(logits.shape[1]):
            total += exp(logits[n, token] - logits[n, best])
        scores.best[n], scores.total[n] = best, logits[n, best] + np.log(total)


def _entry(sources: int) -> Any:
    """The pass as it is kept on the disk: numba sees a change of this file, `sources` tells it of the others."""

    @njit(cache=True, **COMPILED)
    def enter(rows, asking, slots, w, sizes, eps, scores):  # type: ignore[no-untyped-def]
        _check(rows, (len(w.embed.data), len(slots.keys), min(slots.keys.shape[3], len(w.cosine))))
        _pass(rows, asking, slots, w, sizes, eps, scores)
        return sources

    return enter


_enter = _entry(zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in (kernels, layers))))
