"""What a trace says of the routing, and that it survives storage."""

from __future__ import annotations

import numpy as np
import pytest

from inference.trace import RoutingTrace


@pytest.fixture
def trace() -> RoutingTrace:
    rng = np.random.default_rng(0)
    ids = np.argsort(rng.random((3, 10, 6)), axis=-1)[..., :2].astype(np.uint8)
    first = rng.random((3, 10, 1), np.float32)
    return RoutingTrace([f"t{i} é" for i in range(10)], 4, ids, np.concatenate([first, 1 - first], -1), 6)


def test_round_trip(trace: RoutingTrace) -> None:
    back = RoutingTrace.from_bytes(trace.to_bytes())
    assert (back.tokens, back.prompt_tokens, back.n_experts) == (trace.tokens, 4, 6)
    np.testing.assert_array_equal(back.ids, trace.ids)
    np.testing.assert_allclose(back.weights, trace.weights, atol=1 / 255)
    np.testing.assert_allclose(back.weights.sum(-1), 1, atol=1e-6)


def test_counts_are_tokens_times_k_in_each_layer(trace: RoutingTrace) -> None:
    assert trace.counts.shape == (3, 6)
    assert (trace.counts.sum(axis=1) == 10 * 2).all()


def test_shares_sum_to_one_in_each_layer(trace: RoutingTrace) -> None:
    np.testing.assert_allclose(trace.share.sum(axis=1), 1, atol=1e-5)


def test_entropy_is_zero_for_one_expert_and_one_for_all_alike() -> None:
    one = RoutingTrace(["a"] * 4, 4, np.zeros((1, 4, 1), np.uint8), np.ones((1, 4, 1), np.float32), 4)
    even = RoutingTrace(["a"] * 4, 4, np.arange(4, dtype=np.uint8).reshape(1, 4, 1), np.ones((1, 4, 1), np.float32), 4)
    assert one.entropy[0] == pytest.approx(0, abs=1e-6)
    assert even.entropy[0] == pytest.approx(1, abs=1e-6)


def test_the_leading_expert_has_the_most_weight_over_the_layers() -> None:
    ids = np.array([[[0, 1]], [[1, 2]], [[2, 0]]], np.uint8)
    weights = np.array([[[0.6, 0.4]], [[0.5, 0.5]], [[0.9, 0.1]]], np.float32)
    assert RoutingTrace(["a"], 1, ids, weights, 3).leading().tolist() == [2]


def test_a_part_holds_some_of_the_tokens(trace: RoutingTrace) -> None:
    part = trace.part(slice(1, 4))
    assert part.tokens == trace.tokens[1:4]
    np.testing.assert_array_equal(part.ids, trace.ids[:, 1:4])


def test_a_trace_without_tokens_is_a_trace(trace: RoutingTrace) -> None:
    empty = RoutingTrace.from_bytes(trace.part(slice(0, 0)).to_bytes())
    assert empty.counts.sum() == 0
    assert empty.share.sum() == 0


@pytest.mark.parametrize("data", [b"", b"nonsense", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a routing trace"):
        RoutingTrace.from_bytes(data)
