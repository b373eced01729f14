"""The key-value cache changes nothing, alone or in a batch."""

from __future__ import annotations

import pytest
import torch

from inference.config import ModelConfig
from inference.model import Decoder, KVCache


@pytest.fixture
def tokens(config: ModelConfig) -> torch.Tensor:
    return torch.randint(0, config.vocab_size, (3, 24), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_cached_equals_uncached(model: Decoder, config: ModelConfig, tokens: torch.Tensor) -> None:
    expected = model(tokens).logits
    cache = KVCache.allocate(config, 3)
    chunks = [model(tokens[:, a:b], cache, torch.arange(a, b).expand(3, -1)).logits for a, b in ((0, 7), (7, 15))]
    for t in range(15, 24):
        chunks.append(model(tokens[:, t : t + 1], cache, torch.full((3, 1), t)).logits)
    torch.testing.assert_close(torch.cat(chunks, dim=1), expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_rows_of_different_lengths_decode_in_one_batch(
    model: Decoder, config: ModelConfig, tokens: torch.Tensor
) -> None:
    lengths = (5, 20, 11)
    cache = KVCache.allocate(config, 5)
    for row, length in enumerate(lengths):
        model(tokens[row : row + 1, :length], cache.rows(row + 1, row + 2), torch.arange(length).unsqueeze(0))
    last = torch.stack([tokens[row, length] for row, length in enumerate(lengths)]).unsqueeze(1)
    together = model(last, cache.rows(1, 4), torch.tensor(lengths).unsqueeze(1)).logits
    for row, length in enumerate(lengths):
        alone = model(tokens[row : row + 1, : length + 1]).logits[0, -1]
        torch.testing.assert_close(together[row, 0], alone, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_routing_covers_every_token_of_every_expert_layer(
    model: Decoder, config: ModelConfig, tokens: torch.Tensor
) -> None:
    routing = model(tokens).routing
    assert len(routing) == config.moe_layers
    assert {r.ids.shape for r in routing} == {(tokens.numel(), config.moe_k)}


@torch.no_grad()
def test_later_tokens_never_change_earlier_ones(model: Decoder, tokens: torch.Tensor) -> None:
    changed = tokens.clone()
    changed[:, 12:] = 7
    torch.testing.assert_close(model(tokens).logits[:, :12], model(changed).logits[:, :12])


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="heads"):
        ModelConfig(num_key_value_heads=3)
    with pytest.raises(ValueError, match="experts"):
        ModelConfig(moe_k=13)
