"""The compiled decoding step does what the model does, whatever else is in the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.config import ModelConfig
from inference.fused import FusedDecoder
from inference.model import Decoder, KVCache

STEPS = 20


@pytest.fixture
def fused(model: Decoder) -> FusedDecoder:
    with torch.no_grad():
        for block in list(model.blocks)[1:]:
            block.mlp.router.weight.normal_(std=0.5)
            block.mlp.router.bias.normal_(std=0.1)
    return FusedDecoder(model)


@torch.no_grad()
@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_states_and_routing_are_the_model_s(
    model: Decoder, fused: FusedDecoder, config: ModelConfig, count: int
) -> None:
    tokens = torch.randint(0, config.vocab_size, (count, STEPS), generator=torch.Generator().manual_seed(count))
    starts = torch.arange(count) % 3
    own, reference = KVCache.allocate(config, count), KVCache.allocate(config, count)
    for step in range(STEPS):
        positions = starts + step
        expected, routing = model.hidden(tokens[:, step : step + 1], reference, positions.unsqueeze(1))
        hidden, ids, weights = fused.hidden(model.embed(tokens[:, step]), own, positions.numpy())
        torch.testing.assert_close(hidden, expected[:, 0], atol=1e-4, rtol=1e-4)
        np.testing.assert_array_equal(ids, torch.stack([r.ids for r in routing]).numpy())
        np.testing.assert_allclose(weights, torch.stack([r.weights for r in routing]).numpy(), atol=1e-4)
    torch.testing.assert_close(own.keys, reference.keys, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_change_of_the_model_s_weights_is_a_change_of_the_step(
    model: Decoder, fused: FusedDecoder, config: ModelConfig
) -> None:
    model.blocks[1].mlp.router.bias[0, 0] = 1e4
    _, ids, _ = fused.hidden(model.embed(torch.tensor([5])), KVCache.allocate(config, 1), np.zeros(1, np.int64))
    assert ids[0, 0, 0] == 0
    assert ids[1:, 0, 0].any() or config.moe_layers == 1
