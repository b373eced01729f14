"""The twins: sizes, what their routers choose, and that each of them learns."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from inference.config import ModelConfig
from inference.model import Decoder
from training import twins
from training.compare import active

CONTEXT = 3
CONFIG = ModelConfig(
    vocab_size=64,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=2,
    num_key_value_heads=1,
    moe_num_experts=6,
    moe_intermediate_size=16,
    max_position_embeddings=32,
)
TOKENS = torch.arange(2 * 12).view(2, 12) % 60 + 4
TOKENS[:, 8] = CONTEXT
CATEGORIES = torch.tensor([1, 4]).repeat_interleave(12)


def twin(variant: str) -> Decoder:
    torch.manual_seed(0)
    model = twins.build(CONFIG, variant)
    twins.tell(model, CATEGORIES, TOKENS, CONTEXT)
    return model


@pytest.mark.parametrize("variant", twins.VARIANTS)
def test_every_twin_learns_its_batch(variant: str) -> None:
    model = twin(variant).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = F.cross_entropy(model(TOKENS).logits[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten())
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.7 * losses[0]


def test_sizes_are_what_the_names_say() -> None:
    models = {name: twin(name) for name in twins.VARIANTS}
    total = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()}
    used = {name: active(model) for name, model in models.items()}
    router = 2 * 3 * CONFIG.moe_num_experts * CONFIG.hidden_size  # its weight, its noise; some leave one out
    assert abs(total["dense_total"] - total["moe"]) <= router
    assert abs(total["fff"] - total["moe"]) <= router
    assert abs(used["dense_active"] - used["moe"]) <= router
    assert used["dense_total"] == total["dense_total"]
    assert used["fff"] < used["forced"] < used["moe"]


def test_forced_router_takes_the_expert_of_the_category_and_else_its_own_choice() -> None:
    model = twin("forced").eval()
    for routing in model(TOKENS).routing:
        assert torch.equal(routing.ids[:, 0], CATEGORIES)
        assert torch.equal(routing.weights, torch.ones(24, 1))
    twins.tell(model, torch.full((24,), -1), TOKENS, CONTEXT)
    for routing in model(TOKENS).routing:
        assert torch.equal(routing.ids[:, 0], routing.probs.argmax(dim=-1))


def test_tokens_of_a_sequence_share_a_pool_while_training_and_all_experts_after() -> None:
    model = twin("pooled").train()
    sizes = set()
    for _ in range(20):
        for routing in model(TOKENS).routing:
            sizes |= {len(row.unique()) for row in routing.ids.view(2, -1)}
    assert min(sizes) == CONFIG.moe_k
    free = twin("moe").eval()
    free.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(TOKENS).logits, free(TOKENS).logits)


def test_a_pool_depends_on_the_words_before_the_label_alone() -> None:
    model = twin("pooled").train()
    other = TOKENS.clone()
    other[:, CONTEXT + 7 :] = 5
    chosen = []
    for tokens in (TOKENS, other):
        torch.manual_seed(7)
        chosen.append(model(tokens).routing[0].ids.view(2, 12, -1)[:, :8])
    assert torch.equal(*chosen)


def test_a_tree_mixes_all_leaves_in_training_and_takes_one_after() -> None:
    model = twin("fff")
    for routing in model.train()(TOKENS).routing:
        assert routing.ids.shape == (24, 8)
        torch.testing.assert_close(routing.weights.sum(dim=-1), torch.ones(24))
    for routing in model.eval()(TOKENS).routing:
        assert routing.ids.shape == (24, 1)
    soft = twins.hardening_loss(model.train()(TOKENS).routing, torch.ones(24, dtype=torch.bool))
    with torch.no_grad():
        for block in list(model.blocks)[1:]:
            block.mlp.router.weight.mul_(1000)
    hard = twins.hardening_loss(model(TOKENS).routing, torch.ones(24, dtype=torch.bool))
    assert hard < 0.2 * soft


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(KeyError):
        twins.build(CONFIG, "sparse")
