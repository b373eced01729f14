"""One expert more: it alone learns, and who does not choose it sees no difference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from inference.config import ModelConfig
from inference.model import Decoder
from inference.moe import MASKED, MoE
from training.grow import Batches, Example, Schedule, batches, fit_rows, grow, learn, retrain

SIZES = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
CONFIG = ModelConfig(**SIZES, num_key_value_heads=1, moe_num_experts=4, moe_intermediate_size=16)
SCHEDULE = Schedule(steps=6)
OLD, NEW = range(4, 12), range(12, 20)


@pytest.fixture
def model() -> Decoder:
    """Random weights as a checkpoint stores them, and biases that already move the choice."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Decoder(CONFIG)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.rand_like(weight) if name.endswith("bias") else weight.bfloat16())
    return model.eval()


def draw(turn: int) -> list[Example]:
    """Old and new examples, of tokens of their own; the second half of each counts."""
    rng = np.random.default_rng(turn)
    sides = ((rng.choice(tokens, 12).tolist(), tokens is NEW) for tokens in [OLD, NEW] * 20)
    return [Example(ids, [False] * 6 + [True] * 6, new) for ids, new in sides]


@pytest.fixture
def data() -> Batches:
    return batches(draw, np.random.default_rng(0))


@pytest.fixture
def taught(model: Decoder, data: Batches) -> Decoder:
    grown = grow(model, [1, 2])
    learn(grown, data, draw(99), SCHEDULE)
    return grown


def layers(model: Decoder) -> Iterator[MoE]:
    return (block.mlp for block in model.blocks if isinstance(block.mlp, MoE))


def test_a_new_expert_begins_as_the_one_it_is_copied_from(model: Decoder) -> None:
    grown = grow(model, [1, 2])
    assert grown.config.moe_num_experts == 5
    for layer, donor in zip(layers(grown), (1, 2), strict=True):
        for weight in (layer.router.weight, layer.experts.gate_up, layer.experts.down):
            assert torch.equal(weight[-1], weight[donor])
        assert layer.router.bias[0, -1] == 0


def test_all_but_the_new_expert_and_its_rows_keep_every_bit(model: Decoder, taught: Decoder) -> None:
    after = taught.state_dict()
    for name, before in model.state_dict().items():
        same = after[name][:, :4] if name.endswith("router.bias") else after[name][: len(before)]
        assert torch.equal(same, before), name
    for layer, donor in zip(layers(taught), (1, 2), strict=True):
        for weight in (layer.router.weight, layer.experts.gate_up, layer.experts.down):
            assert not torch.equal(weight[-1], weight[donor])


def test_the_new_expert_is_stored_without_loss(taught: Decoder) -> None:
    for layer in layers(taught):
        for weight in (layer.experts.gate_up, layer.experts.down):
            assert torch.equal(weight, weight.bfloat16().float())


def test_the_router_learns_to_choose_it_for_replies_of_its_category_and_of_no_other(taught: Decoder) -> None:
    for new in (False, True):
        tokens = torch.tensor([one.ids for one in draw(7) if one.new == new])
        _, routing = taught.hidden(tokens)
        for layer in routing:
            chosen = (layer.ids == 4).any(dim=-1).view_as(tokens)[:, 6:].float().mean()
            assert chosen == pytest.approx(float(new), abs=0.15)


def test_tokens_that_do_not_choose_it_get_the_logits_they_got_before(model: Decoder) -> None:
    for layer in layers(model):
        layer.router.bias.data.zero_()
    grown = grow(model, [1, 2])
    fit_rows(grown, draw(99), 0.01)
    for layer in layers(grown):
        layer.router.bias.data[0, -1] = MASKED
    tokens = torch.tensor([list(NEW)])
    torch.testing.assert_close(grown(tokens).logits, model(tokens).logits)


def test_the_other_arm_moves_all_weights(model: Decoder, data: Batches) -> None:
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    retrain(model, data, SCHEDULE)
    still = {name for name, weight in model.state_dict().items() if torch.equal(weight, before[name])}
    assert all(name.endswith(("bias", "noise_weight")) for name in still)
