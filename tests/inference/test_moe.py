"""The expert layer against a slow reference, and what each loss rewards."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.config import ModelConfig
from inference.moe import MoE, Routing, balance_loss, category_loss, prior_loss, z_loss

CONFIG = ModelConfig(hidden_size=32, num_attention_heads=2, moe_num_experts=4, moe_intermediate_size=16)
ALL = torch.ones(64, dtype=torch.bool)


def layer(seed: int = 0) -> MoE:
    torch.manual_seed(seed)
    moe = MoE(CONFIG)
    for weight in moe.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight, std=0.3)
    return moe


def routing(logits: Tensor, k: int = 2) -> Routing:
    probs = logits.softmax(dim=-1)
    weights, ids = probs.topk(k, dim=-1)
    return Routing(logits, probs, ids, weights / weights.sum(dim=-1, keepdim=True))


def test_chosen_weights_sum_to_one_and_choices_differ() -> None:
    _, chosen = layer()(torch.randn(50, 32))
    torch.testing.assert_close(chosen.weights.sum(dim=-1), torch.ones(50))
    assert (chosen.ids[:, 0] != chosen.ids[:, 1]).all()


def test_output_equals_a_plain_loop_over_tokens() -> None:
    moe, x = layer(), torch.randn(20, 32)
    out, chosen = moe(x)
    for n in range(20):
        expected = moe.shared(x[n])
        for expert, weight in zip(chosen.ids[n], chosen.weights[n], strict=True):
            gate, up = (moe.experts.gate_up[expert] @ x[n]).chunk(2)
            expected = expected + weight * (moe.experts.down[expert] @ (F.silu(gate) * up))
        torch.testing.assert_close(out[n], expected, atol=1e-5, rtol=1e-4)


def test_bias_takes_an_expert_out_and_leaves_the_weights_alone() -> None:
    moe, x = layer(), torch.randn(50, 32)
    _, before = moe(x)
    moe.router.bias.data[0, 1] = -1e4
    _, after = moe(x)
    assert (after.ids != 1).all()
    torch.testing.assert_close(after.weights.sum(dim=-1), torch.ones(50))
    torch.testing.assert_close(after.probs, before.probs)


def test_noise_explores_in_training_only() -> None:
    moe, x = layer(), torch.randn(200, 32)
    quiet = moe(x)[1].ids
    moe.router.noise = 1.0
    assert (moe(x)[1].ids != quiet).any()
    torch.testing.assert_close(moe.eval()(x)[1].ids, quiet)


def test_router_stays_in_float32_under_autocast_and_every_weight_learns() -> None:
    moe = layer()
    moe.router.noise = 1.0
    with torch.autocast("cpu", torch.bfloat16):
        out, chosen = moe(torch.randn(64, 32))
    assert chosen.logits.dtype == chosen.weights.dtype == torch.float32
    (out.float().square().mean() + balance_loss([chosen], ALL) + z_loss([chosen], ALL)).backward()
    assert all(weight.grad is not None for weight in moe.parameters() if weight.requires_grad)


def test_balance_loss_is_least_at_uniform() -> None:
    shifts = torch.arange(64).unsqueeze(1) + torch.arange(4)
    even = routing((shifts % 4).float())
    skewed = routing(torch.tensor([3.0, 2.0, 0.0, 0.0]).expand(64, 4))
    torch.testing.assert_close(balance_loss([even], ALL), torch.tensor(1.0))
    assert balance_loss([skewed], ALL) > 1.5


def test_losses_leave_padding_out() -> None:
    mask = torch.arange(64) < 32
    logits = torch.randn(64, 4)
    spoilt = torch.where(mask.unsqueeze(1), logits, 50.0)
    for loss in (balance_loss, z_loss):
        torch.testing.assert_close(loss([routing(logits)], mask), loss([routing(spoilt)], mask))


def test_category_loss_falls_when_routing_separates_categories() -> None:
    categories = torch.arange(64) % 4
    apart = routing(F.one_hot(categories, 4) * 20.0)
    mixed = routing(torch.zeros(64, 4))
    assert abs(category_loss([mixed], categories, 4)) < 1e-5
    torch.testing.assert_close(category_loss([apart], categories, 4), -torch.tensor(4.0).log(), atol=1e-3, rtol=0)
    logits = torch.randn(64, 4, requires_grad=True)
    category_loss([routing(logits)], categories, 4).backward()
    assert logits.grad is not None and logits.grad.abs().sum() > 0


def test_prior_loss_draws_a_token_to_its_category_s_expert_and_lets_go_at_half() -> None:
    categories = torch.arange(64) % 4
    logits = torch.zeros(64, 4, requires_grad=True)
    loss = prior_loss([routing(logits)], categories)
    torch.testing.assert_close(loss, torch.tensor(2.0).log())
    loss.backward()
    assert logits.grad is not None and (-logits.grad).argmax(dim=1).equal(categories)
    assert prior_loss([routing(F.one_hot(categories, 4) * 2.0)], categories) == 0
    assert prior_loss([routing(logits)], torch.full((64,), -1)) == 0


def test_tokens_without_category_do_not_count() -> None:
    logits, categories = torch.randn(64, 4), torch.arange(64) % 4
    categories[32:] = -1
    part = category_loss([routing(logits[:32])], categories[:32], 4)
    torch.testing.assert_close(category_loss([routing(logits)], categories, 4), part)
    assert category_loss([routing(logits)], torch.full((64,), -1), 4) == 0
