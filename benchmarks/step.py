"""The compiled pass alone, one row at a time: what memory allows, twins of other shapes, and what the trace costs.

The twins have random weights of the shipped sizes and run through the same functions.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numba import float32, njit

from benchmarks.engine import stream
from benchmarks.questions import MODEL, questions
from benchmarks.table import ratio, table
from inference import checkpoint
from inference.config import ModelConfig
from inference.engine import Engine
from inference.fused import FusedDecoder
from inference.kernels import COMPILED
from inference.layers import record
from inference.model import Decoder
from inference.slots import Slots
from inference.trace import RoutingTrace

ROUNDS, STEPS, WARM = 12, 40, 8  # a round's first steps find the caches full of another's weights
START = 60  # tokens that a slot holds before the first step
MOE = ModelConfig()
# One routed and one shared expert, both always chosen: dense. Layer 0 has the width of both together.
ACTIVE = ModelConfig(moe_num_experts=1, moe_k=1, moe_num_shared_experts=1, moe_intermediate_size=256)
TOTAL = ModelConfig(moe_num_experts=1, moe_k=1, moe_num_shared_experts=1, moe_intermediate_size=784)
DOUBLED = ModelConfig(moe_num_experts=2 * MOE.moe_num_experts)


def report() -> str:
    """The tables of this part."""
    return "\n".join([_shapes(), _roofline(), _trace()])


def _shapes() -> str:
    shapes = {
        "as shipped": MOE,
        "dense, of equal active size": ACTIVE,
        "dense, of equal total size": TOTAL,
        "twice the experts": DOUBLED,
    }
    decoders = [_random(config) for config in shapes.values()]
    times = by_turns([one_more(decoder) for decoder in decoders])
    first = np.median(times[0])
    rows = [
        [name, f"{decoder.weights.nbytes / 1e6:.1f}", *_spread(own), ratio(float(np.median(own)), float(first))]
        for name, decoder, own in zip(shapes, decoders, times, strict=True)
    ]
    heads = ["random weights", "megabytes", "p50 ms", "p95 ms", "time / as shipped"]
    return table("The pass of one token: twins of other shapes", heads, rows)


def _roofline() -> str:
    config, state, *_ = checkpoint.read(MODEL)
    decoder = FusedDecoder(config, state)
    block = np.ones((4, decoder.weights.nbytes // 16), np.float32)
    _sum(block)
    passes, sums = by_turns([one_more(decoder), lambda _: _sum(block)])
    with Engine.load(MODEL) as engine:
        replies = [stream(engine, question) for question in questions(16)]
    bandwidth, read = block.nbytes / np.median(sums), _bytes_read(decoder)
    least = read / bandwidth
    token = float(np.median([reply.per_token_s for reply in replies]))
    rows = [
        ["weights, megabytes", f"{decoder.weights.nbytes / 1e6:.1f}"],
        ["read for a token, megabytes", f"{read / 1e6:.2f}"],
        ["read bandwidth over as many bytes as the weights have, GB/s", f"{bandwidth / 1e9:.1f}"],
        ["the least time for a token, ms", f"{least * 1000:.3f}"],
        ["the pass, ms", f"{np.median(passes) * 1000:.3f}"],
        ["the engine, each further token, ms", f"{token * 1000:.3f}"],
        ["roofline reached by the pass", f"{least / np.median(passes):.0%}"],
        ["roofline reached by the engine", f"{least / token:.0%}"],
    ]
    return table("One stream and the memory", ["", ""], rows)


def _trace() -> str:
    config = ModelConfig()
    slots, length = Slots.allocate(config, 1), 100
    ids, shares = np.zeros((1, config.moe_k), np.uint8), np.ones((1, config.moe_k), np.float32)
    at = np.zeros(1, np.int64)
    _record_all(slots, at, ids, shares, 1)
    kept = _seconds(lambda: _record_all(slots, at, ids, shares, 1000)) / 1000
    with Engine.load(MODEL) as engine:
        replies = [stream(engine, question) for question in questions(16)]
    tokens, total = float(np.mean([r.tokens for r in replies])), float(np.mean([r.total_s for r in replies]))
    words = [""] * length
    made = _seconds(lambda: RoutingTrace(words, 0, *slots.routing(0, length), config.moe_num_experts))
    share = (kept * (tokens + length / 2) + made) / total
    rows = [
        ["kept for a token, microseconds", f"{kept * 1e6:.2f}"],
        [f"a trace of {length} tokens from it, microseconds", f"{made * 1e6:.1f}"],
        ["both, part of a reply's time", f"{share:.2%}"],
    ]
    return table("What recording the routing costs", ["", ""], rows)


def by_turns(works: list[Callable[[int], object]]) -> list[list[float]]:
    """Seconds of each call of several works, some calls of one and then of the next; each gets the call's number."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for own, work in zip(times, works, strict=True):
            for step in range(WARM + STEPS):
                begun = time.perf_counter()
                work(step)
                if step >= WARM:
                    own.append(time.perf_counter() - begun)
    return times


def _random(config: ModelConfig) -> FusedDecoder:
    torch.manual_seed(0)
    return FusedDecoder(config, Decoder(config).state_dict())


def one_more(decoder: FusedDecoder) -> Callable[[int], object]:
    """One more token of a slot, a different one each time."""
    slots, asking = Slots.allocate(decoder.config, 1), np.zeros(1, np.int64)
    tokens = np.random.default_rng(0).integers(20, decoder.config.vocab_size, WARM + STEPS)
    return lambda step: decoder.forward(np.array([[tokens[step]], [0], [START + step]]), asking, slots)


def _bytes_read(decoder: FusedDecoder) -> float:
    """Bytes of weights and cache that one token reads: of the experts, those that it chose."""
    config, weights = decoder.config, decoder.weights
    experts = sum(array.nbytes for matrix in (weights.expert_up, weights.expert_down) for array in matrix)
    rotation = weights.cosine.nbytes + weights.sine.nbytes
    length = START + WARM + STEPS // 2
    cached = 2 * 4 * length * config.num_hidden_layers * config.num_key_value_heads * config.head_dim
    return weights.nbytes - rotation - experts * (1 - config.moe_k / config.moe_num_experts) + cached


@njit(**COMPILED)
def _sum(block):  # type: ignore[no-untyped-def]
    """The fastest read that we know: four streams, a row of the block each."""
    s0 = s1 = s2 = s3 = float32(0)
    for j in range(block.shape[1]):
        s0 += block[0, j]
        s1 += block[1, j]
        s2 += block[2, j]
        s3 += block[3, j]
    return s0 + s1 + s2 + s3


@njit(**COMPILED)
def _record_all(slots, at, ids, shares, times):  # type: ignore[no-untyped-def]
    for _ in range(times):
        for layer in range(slots.ids.shape[1]):
            record(slots, at, at, layer, ids, shares)


def _seconds(work: Callable[[], object]) -> float:
    """Median of some calls."""
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def _spread(times: list[float]) -> list[str]:
    return [f"{np.quantile(times, share) * 1000:.3f}" for share in (0.5, 0.95)]
