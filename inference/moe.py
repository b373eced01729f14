"""The mixture-of-experts layer: router, routed and shared experts, and the losses that shape the routing.

Knows nothing of attention, tokens or categories' names. Every layer returns its `Routing` beside its output.
Letters: N tokens, E experts, K chosen ones, D hidden size, I expert width, L layers, C categories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional as F

from inference.config import ModelConfig

Total = Callable[[Tensor], Tensor]  # sums a statistic over the processes that share a batch
MASKED = -1e4  # a bias on the choice that no score outweighs


@dataclass(frozen=True)
class Routing:
    """What one layer's router decided: logits and probs [N, E] and weights [N, K] in float32, ids [N, K]."""

    logits: Tensor
    probs: Tensor
    ids: Tensor
    weights: Tensor


class SwiGLU(nn.Module):
    """A gated feed-forward layer: the dense layer, and the shared experts as one."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.gate_up = nn.Linear(hidden_size, 2 * width, bias=False)
        self.down = nn.Linear(width, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)  # type: ignore[no-any-return]


class Router(nn.Module):
    """Softmax router in float32: top-k, renormalised; `bias` moves the selection and never the weights.

    `noise` > 0 makes it Shazeer's noisy top-k (arXiv 1701.06538, eq. 4): the training loop anneals it to 0.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.k = config.moe_k
        self.noise = 0.0
        self.weight = nn.Parameter(torch.empty(config.moe_num_experts, config.hidden_size))
        self.noise_weight = nn.Parameter(torch.zeros(config.moe_num_experts, config.hidden_size))
        self.bias = nn.Parameter(torch.zeros(1, config.moe_num_experts), requires_grad=False)

    def forward(self, x: Tensor) -> Routing:
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            logits = F.linear(x, self.weight.float())  # [N, E]
            probs = scores = logits.softmax(dim=-1)
            if self.training and self.noise > 0:
                spread = F.softplus(F.linear(x, self.noise_weight.float()))
                scores = (logits + self.noise * spread * torch.randn_like(logits)).softmax(dim=-1)
            ids = self.choose(scores)  # [N, K]
            weights = scores.gather(1, ids)
            weights = weights / weights.sum(dim=-1, keepdim=True).clamp_min(1e-12)
        return Routing(logits, probs, ids, weights)

    def choose(self, scores: Tensor) -> Tensor:
        """The experts [N, K] of tokens with scores [N, E]."""
        return (scores + self.bias.float()).topk(self.k, dim=-1).indices


class Experts(nn.Module):
    """The routed experts, their weights stacked; one grouped matrix product serves any number of tokens."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        experts, width, hidden = config.moe_num_experts, config.moe_intermediate_size, config.hidden_size
        self.gate_up = nn.Parameter(torch.empty(experts, 2 * width, hidden))
        self.down = nn.Parameter(torch.empty(experts, hidden, width))

    def forward(self, x: Tensor, routing: Routing) -> Tensor:
        dtype = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else x.dtype
        count, k = routing.ids.shape
        chosen, order = routing.ids.flatten().sort(stable=True)  # [N*K]
        rows = order // k
        # Ends of the experts' stretches: a search in the sorted ids, where bincount would be slow on small N.
        experts = torch.arange(len(self.gate_up), device=x.device)
        ends = torch.searchsorted(chosen, experts, right=True).to(torch.int32)  # [E]
        hidden = F.grouped_mm(x.to(dtype)[rows], self.gate_up.to(dtype).transpose(1, 2), offs=ends)  # [N*K, 2I]
        gate, up = hidden.chunk(2, dim=-1)
        out = F.grouped_mm(F.silu(gate) * up, self.down.to(dtype).transpose(1, 2), offs=ends)  # [N*K, D]
        out = out * routing.weights.flatten()[order].unsqueeze(-1).to(dtype)
        return out.new_zeros(count, x.shape[-1]).index_add(0, rows, out)


class MoE(nn.Module):
    """Routed experts plus ungated shared ones, on tokens of shape [N, D]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.router = Router(config)
        self.experts = Experts(config)
        self.shared = SwiGLU(config.hidden_size, config.moe_num_shared_experts * config.moe_intermediate_size)

    def forward(self, x: Tensor) -> tuple[Tensor, Routing]:
        routing = self.router(x)
        return self.experts(x, routing) + self.shared(x), routing


@contextmanager
def without(model: nn.Module, experts: ArrayLike) -> Iterator[None]:
    """Mask experts, numbers [M] in all layers or [L, M]: the top k is chosen and renormalised among the rest.

    ValueError when fewer than k would remain.
    """
    routers = [module for module in model.modules() if isinstance(module, Router)]
    numbers = np.asarray(experts, np.int64)
    layers = np.broadcast_to(numbers, (len(routers), numbers.shape[-1])).tolist()
    if max(len(set(layer)) for layer in layers) > len(routers[0].weight) - routers[0].k:
        raise ValueError(f"a token needs {routers[0].k} experts")
    biases = [router.bias.detach().clone() for router in routers]
    try:
        for router, layer in zip(routers, layers, strict=True):
            router.bias.data[:, layer] = MASKED
        yield
    finally:
        for router, bias in zip(routers, biases, strict=True):
            router.bias.data.copy_(bias)


def alone(part: Tensor) -> Tensor:
    """The sum over one process."""
    return part


def balance_loss(routings: Sequence[Routing], mask: Tensor, total: Total = alone) -> Tensor:
    """Load balance over the whole batch (arXiv 2501.11873 on Switch, arXiv 2101.03961, eq. 4-6); 1 at uniform.

    `mask` [N] is true where a token counts.
    """
    share = load(routings, mask, total)
    probs = total(torch.stack([r.probs[mask].sum(dim=0) for r in routings])) / total(mask.sum())  # [L, E]
    return share.shape[1] * (share / share.sum(dim=1, keepdim=True) * probs).sum(dim=-1).mean()


def load(routings: Sequence[Routing], mask: Tensor, total: Total = alone) -> Tensor:
    """How many of the tokens that `mask` [N] counts each expert was chosen for [L, E], in float32."""
    ids = torch.stack([r.ids[mask] for r in routings]).flatten(1)  # [L, N*K]
    counts = torch.zeros(len(routings), routings[0].probs.shape[-1], device=ids.device)
    return total(counts.scatter_add_(1, ids, torch.ones_like(ids, dtype=counts.dtype)))


def z_loss(routings: Sequence[Routing], mask: Tensor, total: Total = alone) -> Tensor:
    """Keeps the router's logits small (ST-MoE, arXiv 2202.08906, eq. 5). `mask` [N] is true where a token counts."""
    squares = torch.stack([r.logits[mask].logsumexp(dim=-1).square().sum() for r in routings])
    return (total(squares) / total(mask.sum())).mean()


def category_loss(routings: Sequence[Routing], categories: Tensor, n_categories: int, total: Total = alone) -> Tensor:
    """Minus the mutual information I(E; C) of expert and category in nats, mean over the layers; 0 at worst.

    `categories` [N] holds each token's category, -1 for none. All categories of the batch weigh the same:
    I(E; C) = H(mean over c of p(e|c)) - mean over c of H(p(e|c)).
    """
    member = F.one_hot(categories + 1, n_categories + 1)[:, 1:].to(torch.float32)  # [N, C]
    sizes = total(member.sum(dim=0))
    sums = total(torch.stack([member.T @ r.probs for r in routings]))  # [L, C, E]
    if not sizes.any():
        return sums.sum()
    given = sums[:, sizes > 0] / sizes[sizes > 0].unsqueeze(-1)
    information = _entropy(given.mean(dim=1)) - _entropy(given).mean(dim=1)
    return -information.mean()


def prior_loss(routings: Sequence[Routing], categories: Tensor, total: Total = alone) -> Tensor:
    """Draws each token to the expert of its category, number c mod E, until that has half of the router's probability.

    `categories` [N] holds each token's category, -1 for none. In nats, mean over tokens and layers.
    """
    known = categories >= 0
    own = (categories[known] % routings[0].probs.shape[-1]).unsqueeze(-1)
    sums = torch.stack([-r.probs[known].gather(1, own).clamp(1e-9, 0.5).mul(2).log().sum() for r in routings])
    return (total(sums) / total(known.sum()).clamp_min(1)).mean()


def _entropy(probs: Tensor) -> Tensor:
    return -(probs * probs.clamp_min(1e-9).log()).sum(dim=-1)
