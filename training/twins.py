"""Twins of the model for a fair comparison: the same blocks, other feed-forward parts or another choice of experts.

All but the first block differ; the rest of the model, the data and the steps are the same.
Letters: B sequences, T tokens, N = B*T, E experts or leaves, K chosen, D hidden size, I expert width, C categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.config import ModelConfig
from inference.model import Decoder
from inference.moe import MoE, Router, Routing, SwiGLU, Total, alone

DEPTH = 3  # of the tree of a fast feedforward


class ForcedRouter(Router):
    """A token goes to the one expert of its category, number c mod E, as in DEMix (arXiv 2108.05036).

    `categories` [N] are told before each pass; a token without one (-1) goes where the router would send it.
    """

    categories: Tensor

    def choose(self, scores: Tensor) -> Tensor:
        own = self.categories % scores.shape[-1]
        return torch.where(self.categories >= 0, own, super().choose(scores)[:, 0]).unsqueeze(-1)


class PooledRouter(Router):
    """While training, the tokens of a sequence share a pool of experts, as in EMO (arXiv 2605.06663).

    The pool holds those that the words before the label score highest, since a sum over the whole text would look into
    the future; its size is drawn from k to E for each sequence. All are open when `words` is not told.
    """

    words: Tensor | None = None  # [B, T], true for what the customer and the agent said before the label

    def choose(self, scores: Tensor) -> Tensor:
        if self.words is None or not self.training:
            return super().choose(scores)
        count, length = self.words.shape
        experts = scores.shape[-1]
        said = (scores.view(count, length, experts) * self.words.unsqueeze(-1)).sum(dim=1)  # [B, E]
        rank = said.argsort(dim=-1, descending=True).argsort(dim=-1)
        size = torch.randint(self.k, experts + 1, (count, 1), device=scores.device)
        closed = (rank >= size).repeat_interleave(length, dim=0)  # [N, E]
        return super().choose(scores.masked_fill(closed, -torch.inf))


class Tree(nn.Module):
    """The choice of a fast feedforward (arXiv 2308.14711, algorithm 1): nodes of a binary tree lead a token to a leaf.

    While training every leaf counts by the probability of its path; else the likelier side of each node is taken.
    """

    def __init__(self, hidden_size: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.weight = nn.Parameter(torch.empty(2**depth - 1, hidden_size))
        self.bias = nn.Parameter(torch.zeros(2**depth - 1))

    def forward(self, x: Tensor) -> Routing:
        with torch.autocast(x.device.type, enabled=False):
            right = F.linear(x.float(), self.weight.float(), self.bias.float()).sigmoid()  # [N, nodes]
        probs = self._leaves(right)
        if self.training:
            ids = torch.arange(probs.shape[1], device=x.device).expand_as(probs)
            return Routing(probs.clamp_min(1e-9).log(), probs, ids, probs)
        ids = self._leaves((right > 0.5).float()).argmax(dim=-1, keepdim=True)
        return Routing(probs.clamp_min(1e-9).log(), probs, ids, torch.ones_like(ids, dtype=probs.dtype))

    def _leaves(self, right: Tensor) -> Tensor:
        """Probabilities of the leaves [N, 2^depth] from those of going right at each node, level by level."""
        probs = torch.ones_like(right[:, :1])
        for level in range(self.depth):
            turn = right[:, 2**level - 1 : 2 ** (level + 1) - 1]
            probs = torch.stack([probs * (1 - turn), probs * turn], dim=-1).flatten(1)
        return probs


class Nothing(nn.Module):
    """In place of the shared experts, where there are none."""

    def forward(self, x: Tensor) -> float:
        return 0.0


def build(config: ModelConfig, variant: str) -> Decoder:
    """A model of these sizes with the feed-forward parts of `variant`, one of `VARIANTS`; KeyError for another."""
    make = VARIANTS[variant]
    model = Decoder(config)
    for block in model.blocks[1:] if variant != "moe" else ():
        block.mlp = make(config)
        block.mlp.apply(model.initialise)
    return model


def tell(model: Decoder, categories: Tensor, tokens: Tensor, context: int) -> None:
    """Tell routers that look at more than a token what comes: categories [N], and tokens [B, T] with their label mark.

    A batch with a sequence that has no label leaves all pools open.
    """
    marks = tokens == context
    words = marks.cumsum(dim=1) == 0 if bool(marks.any(dim=1).all()) else None
    for block in model.blocks:
        router = getattr(block.mlp, "router", None)
        if isinstance(router, ForcedRouter):
            router.categories = categories
        elif isinstance(router, PooledRouter):
            router.words = words


def hardening_loss(routings: Sequence[Routing], mask: Tensor, total: Total = alone) -> Tensor:
    """Entropy of the leaves in nats, mean over layers and tokens: that of the nodes on the way (arXiv 2308.14711).

    `mask` [N] is true where a token counts.
    """
    probs = torch.stack([r.probs[mask] for r in routings])
    entropy = -(probs * probs.clamp_min(1e-9).log()).sum()
    return total(entropy) / total(mask.sum()) / len(routings)


def _dense_active(config: ModelConfig) -> nn.Module:
    return SwiGLU(config.hidden_size, (config.moe_k + config.moe_num_shared_experts) * config.moe_intermediate_size)


def _dense_total(config: ModelConfig) -> nn.Module:
    return SwiGLU(config.hidden_size, _width(config))


def _fff(config: ModelConfig) -> nn.Module:
    leaves = 2**DEPTH
    layer = MoE(replace(config, moe_num_experts=leaves, moe_intermediate_size=_width(config) // leaves))
    layer.router, layer.shared = Tree(config.hidden_size, DEPTH), Nothing()  # type: ignore[assignment]
    return layer


def _with(router: type[Router], config: ModelConfig) -> MoE:
    layer = MoE(config)
    layer.router = router(config)
    return layer


def _width(config: ModelConfig) -> int:
    """Width of all experts of a layer together."""
    return (config.moe_num_experts + config.moe_num_shared_experts) * config.moe_intermediate_size


VARIANTS = {
    "moe": MoE,
    "forced": lambda config: _with(ForcedRouter, config),
    "pooled": lambda config: _with(PooledRouter, config),
    "dense_active": _dense_active,
    "dense_total": _dense_total,
    "fff": _fff,
}
