"""A forward pass as one compiled function, from token ids to choices, on packed weights.

The same arithmetic as `inference.model`, without the cost of hundreds of small tensor operations. A row is one token of
some sequence: a prompt's tokens and those of running replies go through together.
Letters: B rows, N rows that ask for a next token, V vocabulary, D hidden size, H heads, G key-value heads, d head
width, E experts, K chosen, L expert layers; [I] an expert's width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numba import float32, njit
from numpy.typing import NDArray
from torch import Tensor

from inference.config import ModelConfig
from inference.kernels import COMPILED, Array, Matrix, Storage, exp, pack, product, ready, unpack
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
        return sum(part.nbytes for field in self for part in (field if isinstance(field, Matrix) else (field,)))


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
        tokens, slot, position = rows
        limits = (self.config.vocab_size, slots.keys.shape[0], min(slots.keys.shape[3], len(self.weights.cosine)))
        if rows.min() < 0 or tokens.max() >= limits[0] or slot.max() >= limits[1] or position.max() >= limits[2]:
            raise IndexError(f"no room for tokens up to {tokens.max()} in slot {slot.max()} at {position.max()}")
        count = len(asking)
        scores = Scores(
            np.empty((count, limits[0]), np.float32), np.empty(count, np.float32), np.empty(count, np.int64)
        )
        sizes = (self.config.num_attention_heads, self.config.num_key_value_heads)
        _pass(rows, asking, slots, self.weights, sizes, np.float32(self.config.rms_norm_eps), scores)
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
def _pass(rows, asking, slots, w, sizes, eps, scores):  # type: ignore[no-untyped-def]
    tokens, slot, position = rows
    count = len(tokens)
    x = np.empty((count, w.norm.shape[0]), np.float32)
    normed = np.empty_like(x)
    for b in range(count):
        unpack(w.embed, tokens[b], x[b])
    for layer in range(w.attention_norm.shape[0]):
        _norm(x, w.attention_norm[layer], eps, normed)
        _attention(x, normed, slots, slot, position, w, layer, sizes)
        _norm(x, w.mlp_norm[layer], eps, normed)
        read = ready(normed, count, w.embed.data)
        if layer == 0:
            _swiglu(read, w.dense_up, w.dense_down, count, x)
        else:
            at = layer - 1
            ids, shares = _route(normed, w.router[at], w.bias[at], slots.ids.shape[-1])
            for b in range(count):
                slots.ids[slot[b], at, position[b]] = ids[b]
                slots.weights[slot[b], at, position[b]] = shares[b]
            _experts(read, _part(w.expert_up, at), _part(w.expert_down, at), ids, shares, x)
            _swiglu(read, _part(w.shared_up, at), _part(w.shared_down, at), count, x)
    _score(x, asking, slot, slots.banned, w, eps, scores)


@njit(**COMPILED)
def _part(matrix, index):  # type: ignore[no-untyped-def]
    return matrix.data[index], matrix.scale[index]


@njit(**COMPILED)
def _norm(x, weight, eps, out):  # type: ignore[no-untyped-def]
    count, width = x.shape
    for b in range(count):
        squares = float32(0)
        for j in range(width):
            squares += x[b, j] * x[b, j]
        scale = float32(1) / np.sqrt(squares / float32(width) + eps)
        for j in range(width):
            out[b, j] = x[b, j] * scale * weight[j]


@njit(**COMPILED)
def _add(out, x):  # type: ignore[no-untyped-def]
    for b in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[b, j] += out[b, j]


@njit(**COMPILED)
def _attention(x, normed, slots, slot, position, w, layer, sizes):  # type: ignore[no-untyped-def]
    heads, groups = sizes
    count, width = x.shape[0], slots.keys.shape[-1]
    qkv = np.empty((count, w.qkv.data.shape[1]), np.float32)
    product(_part(w.qkv, layer), ready(normed, count, w.embed.data), count, qkv)
    for b in range(count):
        at = position[b]
        _rotate(qkv[b], heads + groups, width, w.cosine[at], w.sine[at])
        for g in range(groups):
            for j in range(width):
                slots.keys[slot[b], layer, g, at, j] = qkv[b, (heads + g) * width + j]
                slots.values[slot[b], layer, g, at, j] = qkv[b, (heads + groups + g) * width + j]
    said = np.zeros((count, heads * width), np.float32)
    scores = np.empty(slots.keys.shape[3], np.float32)
    for b in range(count):
        keys, values = slots.keys[slot[b], layer], slots.values[slot[b], layer]
        for h in range(heads):
            g, own = h // (heads // groups), slice(h * width, (h + 1) * width)
            _attend(qkv[b, own], keys[g], values[g], position[b] + 1, scores, said[b, own])
    added = np.empty_like(x)
    product(_part(w.out, layer), ready(said, count, w.embed.data), count, added)
    _add(added, x)


@njit(**COMPILED)
def _rotate(row, heads, width, cosine, sine):  # type: ignore[no-untyped-def]
    for h in range(heads):
        for j in range(width // 2):
            at = h * width + 2 * j
            real, imaginary = row[at], row[at + 1]
            row[at] = real * cosine[j] - imaginary * sine[j]
            row[at + 1] = real * sine[j] + imaginary * cosine[j]


@njit(**COMPILED)
def _attend(query, keys, values, length, scores, said):  # type: ignore[no-untyped-def]
    """One head's look at `length` tokens, added to `said`."""
    width, whole = len(query), length - length % 4
    scale, highest, total = float32(1) / np.sqrt(float32(width)), float32(-np.inf), float32(0)
    for s in range(0, whole, 4):
        s0 = s1 = s2 = s3 = float32(0)
        for j in range(width):
            s0 += query[j] * keys[s, j]
            s1 += query[j] * keys[s + 1, j]
            s2 += query[j] * keys[s + 2, j]
            s3 += query[j] * keys[s + 3, j]
        scores[s], scores[s + 1], scores[s + 2], scores[s + 3] = s0, s1, s2, s3
    for s in range(whole, length):
        s0 = float32(0)
        for j in range(width):
            s0 += query[j] * keys[s, j]
        scores[s] = s0
    for s in range(length):
        highest = max(highest, scores[s])
    for s in range(length):
        scores[s] = exp((scores[s] - highest) * scale)
        total += scores[s]
    for s in range(0, whole, 4):
        p0, p1, p2, p3 = scores[s] / total, scores[s + 1] / total, scores[s + 2] / total, scores[s + 3] / total
        for j in range(width):
            said[j] += p0 * values[s, j] + p1 * values[s + 1, j] + p2 * values[s + 2, j] + p3 * values[s + 3, j]
    for s in range(whole, length):
        p0 = scores[s] / total
        for j in range(width):
            said[j] += p0 * values[s, j]


@njit(**COMPILED)
def _swiglu(read, up, down, count, x):  # type: ignore[no-untyped-def]
    """x[b] += down . (silu(gate) * up) of the first `count` rows."""
    out = np.empty((count, x.shape[1]), np.float32)
    _gated(read, up, down, count, out)
    _add(out, x)


@njit(**COMPILED)
def _gated(read, up, down, count, out):  # type: ignore[no-untyped-def]
    inner = down[0].shape[1]
    both = np.empty((count, 2 * inner), np.float32)
    product(up, read, count, both)
    gated = np.empty((count, inner), np.float32)
    for b in range(count):
        for j in range(inner):
            gated[b, j] = both[b, j] / (float32(1) + exp(-both[b, j])) * both[b, inner + j]
    product(down, ready(gated, count, down[0]), count, out)


@njit(**COMPILED)
def _route(rows, router, bias, k):  # type: ignore[no-untyped-def]
    """The chosen experts of each row, the likeliest first, and their weights, which sum to 1."""
    count, experts = rows.shape[0], router.shape[0]
    ids, weights = np.empty((count, k), np.uint8), np.empty((count, k), np.float32)
    probs, scores = np.empty(experts, np.float32), np.empty(experts, np.float32)
    for b in range(count):
        highest, total = float32(-np.inf), float32(0)
        for e in range(experts):
            logit = float32(0)
            for j in range(rows.shape[1]):
                logit += router[e, j] * rows[b, j]
            probs[e] = logit
            highest = max(highest, logit)
        for e in range(experts):
            probs[e] = exp(probs[e] - highest)
            total += probs[e]
        for e in range(experts):
            probs[e] /= total
            scores[e] = probs[e] + bias[e]
        kept = float32(0)
        for place in range(k):
            best = scores.argmax()
            ids[b, place], weights[b, place] = best, probs[best]
            kept += probs[best]
            scores[best] = -np.inf
        for place in range(k):
            weights[b, place] /= max(kept, float32(1e-12))
    return ids, weights


@njit(**COMPILED)
def _experts(read, up, down, ids, shares, x):  # type: ignore[no-untyped-def]
    """Add the chosen experts' outputs; the rows of one expert go together, so that its weights are read once."""
    count, k = ids.shape
    values, scales = read
    gathered, own = np.empty_like(values), np.empty_like(scales)
    out = np.empty_like(x)
    members, parts = np.empty(count, np.int64), np.empty(count, np.float32)
    for expert in range(up[0].shape[0]):
        size = 0
        for b in range(count):
            for place in range(k):
                if ids[b, place] == expert:
                    members[size], parts[size], own[size] = b, shares[b, place], scales[b]
                    gathered[size] = values[b]
                    size += 1
        if size:
            one_up, one_down = (up[0][expert], up[1][expert]), (down[0][expert], down[1][expert])
            _gated((gathered, own), one_up, one_down, size, out)
            for i in range(size):
                for j in range(x.shape[1]):
                    x[members[i], j] += parts[i] * out[i, j]


@njit(**COMPILED)
def _score(x, asking, slot, banned, w, eps, scores):  # type: ignore[no-untyped-def]
    count = len(asking)
    if count == 0:
        return
    last, normed = np.empty((count, x.shape[1]), np.float32), np.empty((count, x.shape[1]), np.float32)
    for n in range(count):
        last[n] = x[asking[n]]
    _norm(last, w.norm, eps, normed)
    logits = scores.logits
    product((w.embed.data, w.embed.scale), ready(normed, count, w.embed.data), count, logits)
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
