"""The compiled pass does what the model does with the same weights, whatever else is in the batch."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference.config import ModelConfig
from inference.eager import EagerDecoder
from inference.fused import FusedDecoder, Rows, Scores
from inference.kernels import Storage, pack
from inference.model import Decoder
from inference.slots import Slots

STEPS = 20
BANNED = slice(5, 40)
STORAGES = get_args(Storage)


@pytest.fixture(scope="module")
def plain(config: ModelConfig) -> Decoder:
    """A model whose router has something to choose from."""
    torch.manual_seed(3)
    model = Decoder(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(std=0.5 if "router.weight" in name else 0.1) if weight.dim() > 1 else None
    return model


def rounded(model: Decoder, storage: Storage) -> Decoder:
    """The model with the weights that the packed ones stand for."""
    kept = Decoder(model.config).eval()
    state = model.state_dict()
    for name, weight in state.items():
        if weight.dim() > 1 and "router" not in name:
            data, scale = (torch.from_numpy(part) for part in pack(weight, storage))
            whole = data.view(torch.bfloat16) if storage == "bfloat16" else data
            state[name] = whole.float() * scale.unsqueeze(-1)
    kept.load_state_dict(state)
    return kept


def read(decoder: FusedDecoder | EagerDecoder, slots: Slots, rows: Rows) -> Scores:
    return decoder.forward(rows, np.arange(rows.shape[1]), slots)


def batch(config: ModelConfig, sequences: list[int], at: int, length: int = 1) -> NDArray[np.int64]:
    """`length` tokens of each sequence, which are the same in every batch."""
    tokens = np.random.default_rng(1).integers(40, config.vocab_size, (32, STEPS))
    parts = [(tokens[s, t], s, t) for s in sequences for t in range(at, at + length)]
    return np.array(parts, np.int64).T.copy()


def room(config: ModelConfig) -> Slots:
    slots = Slots.allocate(config, 32)
    slots.banned[:, BANNED] = True
    slots.off[7, 1] = slots.off[9, [0, 3]] = True
    return slots


@pytest.mark.parametrize("storage", STORAGES)
def test_scores_and_routing_are_the_model_s(plain: Decoder, config: ModelConfig, storage: Storage) -> None:
    fused, eager = FusedDecoder(config, plain.state_dict(), storage), EagerDecoder(rounded(plain, storage))
    own, reference = room(config), room(config)
    passes = [batch(config, [4, 7], 0, 6), batch(config, [4], 6), batch(config, [*range(8, 17)], 0, 3)]
    for rows in [*passes, batch(config, [*range(8, 17)], 3)]:
        found, expected = read(fused, own, rows), read(eager, reference, rows)
        np.testing.assert_allclose(found.logits, expected.logits, atol=2e-3)
        np.testing.assert_allclose(found.total, expected.total, atol=1e-3)
        np.testing.assert_array_equal(found.best, found.logits.argmax(axis=1))
    np.testing.assert_array_equal(own.ids, reference.ids)
    np.testing.assert_allclose(own.weights, reference.weights, atol=1e-3)
    np.testing.assert_allclose(own.keys, reference.keys, atol=1e-3)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("others", [[], [3], [1, 2, 3, 4], [*range(1, 20)]])
def test_a_row_is_the_same_to_the_bit_whatever_is_beside_it(
    plain: Decoder, config: ModelConfig, storage: Storage, others: list[int]
) -> None:
    fused = FusedDecoder(config, plain.state_dict(), storage)
    alone, together = room(config), room(config)
    for at in range(4):
        single = read(fused, alone, batch(config, [0], at))
        among = read(fused, together, batch(config, [*others, 0], at))
        np.testing.assert_array_equal(among.logits[-1], single.logits[0])
        assert among.total[-1] == single.total[0]
    pieces = room(config)
    read(fused, pieces, batch(config, [0], 0, 3))
    np.testing.assert_array_equal(read(fused, pieces, batch(config, [0], 3)).logits, single.logits)


def test_banned_tokens_are_never_the_best(plain: Decoder, config: ModelConfig) -> None:
    scores = read(FusedDecoder(config, plain.state_dict()), room(config), batch(config, [1, 2, 3], 0, 8))
    assert (scores.logits[:, BANNED] == -np.inf).all()
    np.testing.assert_allclose(np.exp(scores.logits - scores.total[:, None]).sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(("row", "beyond"), [(0, 10**6), (1, 32), (2, 10**4), (0, -1)])
def test_what_lies_beyond_is_an_error_and_not_read(plain: Decoder, config: ModelConfig, row: int, beyond: int) -> None:
    rows = batch(config, [0], 0)
    rows[row] = beyond
    with pytest.raises(IndexError, match="room"):
        read(FusedDecoder(config, plain.state_dict()), room(config), rows)


def test_sizes_that_fill_no_vector_are_refused() -> None:
    config = ModelConfig(vocab_size=40, hidden_size=24, num_attention_heads=2, num_key_value_heads=2)
    with pytest.raises(ValueError, match="multiple"):
        FusedDecoder(config, Decoder(config).state_dict())


def test_eight_bits_are_off_by_half_a_step_at_most() -> None:
    weight = torch.randn(3, 5, 32)
    data, scale = pack(weight, "int8")
    assert np.abs(data * scale[..., None] - weight.numpy()).max() <= scale.max() / 2 + 1e-6
    assert data.nbytes * 4 == weight.nbytes
