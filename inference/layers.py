"""The compiled parts of a layer: norm, attention over slots, gated feed-forward, router, experts.

Each adds to the rows' states what the same part of `inference.model` and `inference.moe` adds, in float32 between the
products. Letters as in `inference.fused`.
"""

from __future__ import annotations

import numpy as np
from numba import float32, njit

from inference.kernels import COMPILED, exp, part, product, ready


@njit(**COMPILED)
def norm(x, weight, eps, out):  # type: ignore[no-untyped-def]
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
def attention(x, normed, slots, slot, position, w, layer, sizes):  # type: ignore[no-untyped-def]
    heads, groups = sizes
    count, width = x.shape[0], slots.keys.shape[-1]
    qkv = np.empty((count, w.qkv.data.shape[1]), np.float32)
    product(part(w.qkv, layer), ready(normed, count, w.embed.data), count, qkv)
    for b in range(count):
        own, at = slot[b], position[b]
        _rotate(qkv[b], heads + groups, width, w.cosine[at], w.sine[at])
        for g in range(groups):
            for j in range(width):
                slots.keys[own, layer, g, at, j] = qkv[b, (heads + g) * width + j]
                slots.values[own, layer, g, at, j] = qkv[b, (heads + groups + g) * width + j]
    said = np.zeros((count, heads * width), np.float32)
    scores = np.empty(slots.keys.shape[3], np.float32)
    for b in range(count):
        keys, values = slots.keys[slot[b], layer], slots.values[slot[b], layer]
        for h in range(heads):
            g, head = h // (heads // groups), slice(h * width, (h + 1) * width)
            _attend(qkv[b, head], keys[g], values[g], position[b] + 1, scores, said[b, head])
    added = np.empty_like(x)
    product(part(w.out, layer), ready(said, count, w.embed.data), count, added)
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
    _alike(query, keys, length, scores)
    scale, highest, total = float32(1) / np.sqrt(float32(len(query))), float32(-np.inf), float32(0)
    for s in range(length):
        highest = max(highest, scores[s])
    for s in range(length):
        scores[s] = exp((scores[s] - highest) * scale)
        total += scores[s]
    for s in range(length):
        scores[s] /= total
    _mix(scores, values, length, said)


@njit(**COMPILED)
def _alike(query, keys, length, scores):  # type: ignore[no-untyped-def]
    """scores[s] = query . keys[s], four keys at once."""
    whole = length - length % 4
    for s in range(0, whole, 4):
        s0 = s1 = s2 = s3 = float32(0)
        for j in range(len(query)):
            s0 += query[j] * keys[s, j]
            s1 += query[j] * keys[s + 1, j]
            s2 += query[j] * keys[s + 2, j]
            s3 += query[j] * keys[s + 3, j]
        scores[s], scores[s + 1], scores[s + 2], scores[s + 3] = s0, s1, s2, s3
    for s in range(whole, length):
        s0 = float32(0)
        for j in range(len(query)):
            s0 += query[j] * keys[s, j]
        scores[s] = s0


@njit(**COMPILED)
def _mix(parts, values, length, said):  # type: ignore[no-untyped-def]
    """said += the sum of parts[s] * values[s], four values at once."""
    whole = length - length % 4
    for s in range(0, whole, 4):
        p0, p1, p2, p3 = parts[s], parts[s + 1], parts[s + 2], parts[s + 3]
        for j in range(len(said)):
            said[j] += p0 * values[s, j] + p1 * values[s + 1, j] + p2 * values[s + 2, j] + p3 * values[s + 3, j]
    for s in range(whole, length):
        p0 = parts[s]
        for j in range(len(said)):
            said[j] += p0 * values[s, j]


@njit(**COMPILED)
def swiglu(read, up, down, count, x):  # type: ignore[no-untyped-def]
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
def route(rows, router, bias, k, off):  # type: ignore[no-untyped-def]
    """The chosen experts of each row, none that is `off` [B, E], likeliest first, and their weights, which sum to 1."""
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
            scores[e] = -np.inf if off[b, e] else probs[e] + bias[e]
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
def record(slots, slot, position, layer, ids, shares):  # type: ignore[no-untyped-def]
    """Keep an expert layer's choices for the trace."""
    for b in range(len(slot)):
        slots.ids[slot[b], layer, position[b]] = ids[b]
        slots.weights[slot[b], layer, position[b]] = shares[b]


@njit(**COMPILED)
def experts(read, up, down, ids, shares, x):  # type: ignore[no-untyped-def]
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
                # Held in variables: a store to x might change the arrays, for all that the compiler knows.
                b, share = members[i], parts[i]
                for j in range(x.shape[1]):
                    x[b, j] += share * out[i, j]
