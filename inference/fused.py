"""Decoding as one compiled function: a step of some replies without the cost of hundreds of small tensor operations.

The same arithmetic as `inference.model` for one token a sequence, in float32; what reads prompts stays there.
Letters: B sequences, D hidden size, H heads, G key-value heads, d head width, E experts, K chosen, L expert layers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numba import float32, njit
from numpy.typing import NDArray
from torch import Tensor

from inference.config import ModelConfig
from inference.model import Decoder, KVCache

Array = NDArray[np.float32]
# Sums may be taken in any order; infinities and what is no number keep their meaning.
FAST = {"reassoc", "contract", "arcp", "nsz"}
COMPILED: dict[str, Any] = {"fastmath": FAST, "nogil": True, "cache": True, "error_model": "numpy"}


class Weights(NamedTuple):
    """All weights, those of like layers stacked; the last two are the rotation's cosines and sines [context, d/2]."""

    attention_norm: Array  # [layers, D]
    qkv: Array  # [layers, (H + 2G) * d, D]
    out: Array  # [layers, D, H * d]
    mlp_norm: Array  # [layers, D]
    dense_up: Array  # [2I, D]
    dense_down: Array  # [D, I]
    router: Array  # [L, E, D]
    bias: Array  # [L, E]
    expert_up: Array  # [L, E, 2I, D]
    expert_down: Array  # [L, E, D, I]
    shared_up: Array  # [L, 2I, D]
    shared_down: Array  # [L, D, I]
    norm: Array  # [D]
    cosine: Array
    sine: Array


class FusedDecoder:
    """The compiled step over a model's weights, float32 on the CPU; the parameters become views of stacked weights."""

    def __init__(self, model: Decoder) -> None:
        """Stack the weights. The first on a machine compiles for some seconds; the next ones find that cached."""
        self._config, self._weights = model.config, _stack(model)
        cache = KVCache.allocate(model.config, 1)
        self.hidden(torch.zeros(1, self._config.hidden_size), cache, np.zeros(1, np.int64))

    def hidden(
        self, embedded: Tensor, cache: KVCache, positions: NDArray[np.int64]
    ) -> tuple[Tensor, NDArray[np.uint8], Array]:
        """The last layer's states [B, D] for embedded tokens [B, D] of the slots 0 to B-1, each at its position [B].

        Beside them the routing: ids and weights [L, B, K]. IndexError beyond the cache or the rotation, past whose ends
        the compiled step would read.
        """
        if len(embedded) > cache.keys.shape[1] or positions.max() >= min(
            cache.keys.shape[3], len(self._weights.cosine)
        ):
            raise IndexError(f"no room for {len(embedded)} sequences at positions up to {positions.max()}")
        x = embedded.numpy().copy()
        shape = (self._config.moe_layers, len(x), self._config.moe_k)
        ids, weights = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
        sizes = (self._config.num_attention_heads, self._config.num_key_value_heads)
        _step(x, cache.keys.numpy(), cache.values.numpy(), positions, self._weights, sizes, self._eps, ids, weights)
        return torch.from_numpy(x), ids, weights

    @property
    def _eps(self) -> np.float32:
        return np.float32(self._config.rms_norm_eps)


def warm_up() -> None:
    """Compile the step, or find it compiled, for the decoders that come: any size is the same to it."""
    FusedDecoder(Decoder(ModelConfig(hidden_size=8, num_attention_heads=2)))


@torch.no_grad()
def _stack(model: Decoder) -> Weights:
    blocks: list[Any] = list(model.blocks)
    moe: list[Any] = [block.mlp for block in blocks[1:]]
    dense = blocks[0].mlp
    return Weights(
        attention_norm=_shared([block.attention_norm.weight for block in blocks]),
        qkv=_shared([block.attention.qkv.weight for block in blocks]),
        out=_shared([block.attention.out.weight for block in blocks]),
        mlp_norm=_shared([block.mlp_norm.weight for block in blocks]),
        dense_up=dense.gate_up.weight.detach().numpy(),
        dense_down=dense.down.weight.detach().numpy(),
        router=_shared([layer.router.weight for layer in moe]),
        bias=_shared([layer.router.bias for layer in moe])[:, 0],
        expert_up=_shared([layer.experts.gate_up for layer in moe]),
        expert_down=_shared([layer.experts.down for layer in moe]),
        shared_up=_shared([layer.shared.gate_up.weight for layer in moe]),
        shared_down=_shared([layer.shared.down.weight for layer in moe]),
        norm=model.norm.weight.detach().numpy(),
        cosine=model.rotation.real.contiguous().numpy(),
        sine=model.rotation.imag.contiguous().numpy(),
    )


def _shared(parameters: list[torch.nn.Parameter]) -> Array:
    """The parameters stacked; from now on each is a view of its part."""
    stacked = torch.stack([parameter.data for parameter in parameters])
    for parameter, part in zip(parameters, stacked, strict=True):
        parameter.data = part
    return stacked.numpy()


@njit(**COMPILED)
def _step(x, keys, values, positions, w, sizes, eps, ids, weights):  # type: ignore[no-untyped-def]
    count, hidden = x.shape
    layers = w.qkv.shape[0]
    normed = np.empty_like(x)
    for layer in range(layers):
        _norm(x, w.attention_norm[layer], eps, normed)
        _attention(x, normed, keys[layer], values[layer], positions, w, layer, sizes)
        _norm(x, w.mlp_norm[layer], eps, normed)
        if layer == 0:
            _swiglu(normed, w.dense_up, w.dense_down, count, x)
        else:
            _route(normed, w.router[layer - 1], w.bias[layer - 1], ids[layer - 1], weights[layer - 1])
            _experts(normed, w.expert_up[layer - 1], w.expert_down[layer - 1], ids[layer - 1], weights[layer - 1], x)
            _swiglu(normed, w.shared_up[layer - 1], w.shared_down[layer - 1], count, x)
    _norm(x, w.norm, eps, normed)
    x[:] = normed


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
def _product(weight, x, count, out):  # type: ignore[no-untyped-def]
    """out[b, i] = weight[i] . x[b]: four rows of either side at once, so that what is loaded is used four times."""
    whole = count - count % 4
    if whole:
        _four_by_four(weight, x, whole, out)
    for b in range(whole, count):
        _one(weight, x[b], out[b])


@njit(**COMPILED)
def _four_by_four(weight, x, count, out):  # type: ignore[no-untyped-def]
    rows, width = weight.shape
    for i in range(rows):
        for b in range(0, count, 4):
            s0 = s1 = s2 = s3 = float32(0)
            for j in range(width):
                value = weight[i, j]
                s0 += value * x[b, j]
                s1 += value * x[b + 1, j]
                s2 += value * x[b + 2, j]
                s3 += value * x[b + 3, j]
            out[b, i], out[b + 1, i], out[b + 2, i], out[b + 3, i] = s0, s1, s2, s3


@njit(**COMPILED)
def _one(weight, x, out):  # type: ignore[no-untyped-def]
    rows, width = weight.shape
    whole = rows - rows % 4
    for i in range(0, whole, 4):
        s0 = s1 = s2 = s3 = float32(0)
        for j in range(width):
            s0 += weight[i, j] * x[j]
            s1 += weight[i + 1, j] * x[j]
            s2 += weight[i + 2, j] * x[j]
            s3 += weight[i + 3, j] * x[j]
        out[i], out[i + 1], out[i + 2], out[i + 3] = s0, s1, s2, s3
    for i in range(whole, rows):
        s0 = float32(0)
        for j in range(width):
            s0 += weight[i, j] * x[j]
        out[i] = s0


@njit(**COMPILED)
def _attention(x, normed, keys, values, positions, w, layer, sizes):  # type: ignore[no-untyped-def]
    heads, groups = sizes
    count, width = x.shape[0], keys.shape[-1]
    qkv = np.empty((count, w.qkv.shape[1]), np.float32)
    _product(w.qkv[layer], normed, count, qkv)
    said = np.zeros((count, heads * width), np.float32)
    scores = np.empty(keys.shape[2], np.float32)
    for b in range(count):
        at = positions[b]
        _rotate(qkv[b], heads + groups, width, w.cosine[at], w.sine[at])
        for g in range(groups):
            for j in range(width):
                keys[b, g, at, j] = qkv[b, (heads + g) * width + j]
                values[b, g, at, j] = qkv[b, (heads + groups + g) * width + j]
        for h in range(heads):
            g, own = h // (heads // groups), slice(h * width, (h + 1) * width)
            _attend(qkv[b, own], keys[b, g], values[b, g], at + 1, scores, said[b, own])
    added = np.empty_like(x)
    _product(w.out[layer], said, count, added)
    x += added


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
    width = len(query)
    scale, highest, total = float32(1) / np.sqrt(float32(width)), float32(-np.inf), float32(0)
    for s in range(length):
        score = float32(0)
        for j in range(width):
            score += query[j] * keys[s, j]
        scores[s] = score * scale
        highest = max(highest, scores[s])
    for s in range(length):
        scores[s] = np.exp(scores[s] - highest)
        total += scores[s]
    for s in range(length):
        part = scores[s] / total
        for j in range(width):
            said[j] += part * values[s, j]


@njit(**COMPILED)
def _swiglu(rows, up, down, count, x):  # type: ignore[no-untyped-def]
    """x[b] += down . (silu(gate) * up) of the first `count` rows."""
    out = np.empty((count, x.shape[1]), np.float32)
    _gated(rows, up, down, count, out)
    for b in range(count):
        for j in range(x.shape[1]):
            x[b, j] += out[b, j]


@njit(**COMPILED)
def _gated(rows, up, down, count, out):  # type: ignore[no-untyped-def]
    inner = down.shape[1]
    both = np.empty((count, 2 * inner), np.float32)
    _product(up, rows, count, both)
    gated = np.empty((count, inner), np.float32)
    for b in range(count):
        for j in range(inner):
            gated[b, j] = both[b, j] / (float32(1) + np.exp(-both[b, j])) * both[b, inner + j]
    _product(down, gated, count, out)


@njit(**COMPILED)
def _route(rows, router, bias, ids, weights):  # type: ignore[no-untyped-def]
    """The chosen experts of each row, the likeliest first, and their weights, which sum to 1."""
    count, experts = rows.shape[0], router.shape[0]
    probs = np.empty((count, experts), np.float32)
    _product(router, rows, count, probs)
    scores = np.empty(experts, np.float32)
    for b in range(count):
        highest, total = probs[b].max(), float32(0)
        for e in range(experts):
            probs[b, e] = np.exp(probs[b, e] - highest)
            total += probs[b, e]
        for e in range(experts):
            probs[b, e] /= total
            scores[e] = probs[b, e] + bias[e]
        kept = float32(0)
        for k in range(ids.shape[1]):
            best = scores.argmax()
            ids[b, k], weights[b, k] = best, probs[b, best]
            kept += probs[b, best]
            scores[best] = -np.inf
        for k in range(ids.shape[1]):
            weights[b, k] /= max(kept, float32(1e-12))


@njit(**COMPILED)
def _experts(rows, up, down, ids, weights, x):  # type: ignore[no-untyped-def]
    """Add the chosen experts' outputs; the rows of one expert go together, so that its weights are read once."""
    count, k = ids.shape
    gathered = np.empty_like(rows)
    out = np.empty_like(rows)
    members, shares = np.empty(count, np.int64), np.empty(count, np.float32)
    for expert in range(up.shape[0]):
        size = 0
        for b in range(count):
            for place in range(k):
                if ids[b, place] == expert:
                    members[size], shares[size] = b, weights[b, place]
                    gathered[size] = rows[b]
                    size += 1
                    break
        if size:
            _gated(gathered, up[expert], down[expert], size, out)
            for i in range(size):
                for j in range(rows.shape[1]):
                    x[members[i], j] += shares[i] * out[i, j]
