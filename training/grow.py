"""One expert more in every layer: it and its router rows learn, all else stays as it is, to the bit.

The expert learns from new tickets alone. Its router rows are calibrated on a mix of new tickets and old corpus (BAR and
FlexOlmo, arXiv 2507.02407), so that it is chosen for its category and for no other. Knows nothing of files.
Letters: B examples, T tokens, N tokens of all examples, E experts before, D hidden size, L expert layers.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from inference.model import Decoder
from inference.moe import MoE, Router
from training.progress import steps

BATCH_TOKENS = 1024
WARM = 0.1  # share of the steps
CHUNK = 16  # examples that are read at once
LENIENT = 1e-2  # `taken` of the first quarter
DECAY = 0.3  # weight decay of a router's row
ROUTING = 0.3  # weight of the term that marks the new category's states


@dataclass(frozen=True)
class Example:
    """Tokens, which of them count in the loss, and whether they are of the new category."""

    ids: list[int]
    mask: list[bool]
    new: bool


@dataclass(frozen=True)
class Schedule:
    """Steps and peak learning rates; the router's rows are fitted at the start and after one and three quarters.

    `taken` is the part of the old replies' tokens that may choose the new expert then.
    """

    steps: int = 160
    taken: float = 5e-4
    expert_rate: float = 3e-3
    all_rate: float = 6e-4


Batches = Iterator[tuple[Tensor, Tensor]]
Draw = Callable[[int], list[Example]]


def batches(draw: Draw, rng: np.random.Generator, tokens: int = BATCH_TOKENS) -> Batches:
    """Without end: tokens [B, T] and targets that count [B, T - 1], about `tokens` of them a batch.

    `draw` gives the examples of a pass by its number; like lengths come together.
    """
    for turn in itertools.count():
        examples = draw(turn)
        lengths = np.array([len(one.ids) for one in examples])
        order = np.argsort(lengths + rng.uniform(0, 24, len(lengths)))
        rows = max(1, tokens // int(lengths.mean()))
        cut = [order[i : i + rows] for i in range(0, len(order), rows)]
        for picks in rng.permutation(len(cut)):
            yield _padded([examples[i] for i in cut[picks]])


def _padded(examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    tokens = pad_sequence([torch.tensor(one.ids) for one in examples], batch_first=True)
    counts = pad_sequence([torch.tensor(one.mask) for one in examples], batch_first=True)[:, 1:]
    return tokens, counts


def grow(model: Decoder, donors: Sequence[int]) -> Decoder:
    """A copy with one expert more, the last: in layer l at first that of number donors[l], with its router row.

    Its selection bias is 0 at first.
    """
    grown = Decoder(replace(model.config, moe_num_experts=model.config.moe_num_experts + 1))
    state = copy.deepcopy(model.state_dict())
    layers = [name for name, block in model.named_modules() if isinstance(block, MoE)]
    for name, donor in zip(layers, donors, strict=True):
        for part in ("router.weight", "router.noise_weight", "experts.gate_up", "experts.down"):
            weight = state[f"{name}.{part}"]
            state[f"{name}.{part}"] = torch.cat([weight, weight[donor : donor + 1]])
        state[f"{name}.router.bias"] = F.pad(state[f"{name}.router.bias"], (0, 1))
    grown.load_state_dict(state)
    return grown.eval().requires_grad_(False)


def learn(model: Decoder, data: Batches, mixed: Sequence[Example], schedule: Schedule) -> None:
    """Teach the last expert, and fit its router rows to `mixed`; all else keeps every bit."""
    model.requires_grad_(False)
    layers = [block.mlp.experts for block in model.blocks if isinstance(block.mlp, MoE)]
    weights = [weight.requires_grad_(True) for layer in layers for weight in (layer.gate_up, layer.down)]
    for weight in weights:
        weight.register_hook(_last_alone)  # type: ignore[no-untyped-call]
    optimiser = torch.optim.AdamW([{"params": weights, "peak": schedule.expert_rate}], lr=0, weight_decay=0)
    fits = {0: LENIENT, schedule.steps // 4: schedule.taken, 3 * schedule.steps // 4: schedule.taken}
    for step in steps(schedule.steps, "the new expert"):
        if step in fits:
            fit_rows(model, mixed, fits[step])
        _step(optimiser, model, next(data), step / schedule.steps, ROUTING)
    for weight in weights:
        weight.requires_grad_(False).copy_(weight.to(torch.bfloat16))  # as a checkpoint stores it


def retrain(model: Decoder, data: Batches, schedule: Schedule) -> None:
    """Teach all weights for as many steps: what the new expert is compared with."""
    weights = [weight.requires_grad_(not name.endswith("router.bias")) for name, weight in model.named_parameters()]
    optimiser = torch.optim.AdamW([{"params": weights, "peak": schedule.all_rate}], lr=0, weight_decay=0)
    for step in steps(schedule.steps, "all weights, to compare"):
        _step(optimiser, model, next(data), step / schedule.steps, 0.0)


@torch.no_grad()
def fit_rows(model: Decoder, mixed: Sequence[Example], taken: float) -> None:
    """Fit the last expert's row and selection bias of each layer to the states that the examples have there.

    The bias lets the part `taken` of the tokens of old replies choose the expert. A layer is fitted before the states
    go on through it: else those that were routed wrongly below would pass for the new category above.
    """
    alike = sorted(mixed, key=lambda one: len(one.ids))
    parts = [alike[i : i + CHUNK] for i in range(0, len(alike), CHUNK)]
    padded = [_padded(part) for part in parts]
    real = [
        torch.cat([_first(one.ids, tokens) for one in part]) for part, (tokens, _) in zip(parts, padded, strict=True)
    ]
    new = torch.cat([torch.full((len(one.ids),), one.new) for one in alike])
    old_replies = ~new & torch.cat([torch.tensor(one.mask) for one in alike])
    steps = [model.step(tokens) for tokens, _ in padded]
    states = [model.embed(tokens) for tokens, _ in padded]
    blocks: list[Any] = list(model.blocks)
    for block in blocks:
        states = [
            x + block.attention(block.attention_norm(x), step, None) for x, step in zip(states, steps, strict=True)
        ]
        inputs = [block.mlp_norm(x).flatten(0, 1) for x in states]
        if isinstance(block.mlp, MoE):
            seen = torch.cat([x[rows] for x, rows in zip(inputs, real, strict=True)])
            _fit_row(block.mlp.router, seen, new, old_replies, taken)
            outputs = [block.mlp(x)[0] for x in inputs]
        else:
            outputs = [block.mlp(x) for x in inputs]
        states = [x + out.view_as(x) for x, out in zip(states, outputs, strict=True)]


def _first(ids: Sequence[int], tokens: Tensor) -> Tensor:
    """Which tokens of a padded row are those of the example."""
    return torch.arange(tokens.shape[1]) < len(ids)


def _fit_row(router: Router, x: Tensor, new: Tensor, old_replies: Tensor, taken: float) -> None:
    """The row is the logistic regression of the category's tokens against all others, beside the others' logits.

    States x [N, D]; `new` and `old_replies` [N] say what each token is of.
    """
    others = F.linear(x, router.weight[:-1])  # [N, E]
    row = _regression(x, new, others.logsumexp(dim=-1))
    router.weight[-1] = row
    scores = torch.cat([others, (x @ row).unsqueeze(-1)], dim=-1).softmax(dim=-1)[old_replies]
    rivals = (scores[:, :-1] + router.bias[:, :-1]).topk(router.k, dim=-1).values[:, -1]
    router.bias[0, -1] = -(scores[:, -1] - rivals).quantile(1 - taken)


@torch.enable_grad()
def _regression(x: Tensor, new: Tensor, others: Tensor) -> Tensor:
    """The row [D] whose logit beside the others' `others` [N] is likeliest to tell `new` [N] from states x [N, D]."""
    row = torch.zeros(x.shape[-1], requires_grad=True)
    optimiser = torch.optim.LBFGS([row], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimiser.zero_grad()
        wrong = F.binary_cross_entropy_with_logits(x @ row - others, new.float(), reduction="sum")
        value = wrong + DECAY / 2 * row.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return row.detach()


def _last_alone(gradient: Tensor) -> Tensor:
    kept = torch.zeros_like(gradient)
    kept[-1] = gradient[-1]
    return kept


def _step(
    optimiser: torch.optim.Optimizer, model: Decoder, batch: tuple[Tensor, Tensor], done: float, routing: float
) -> None:
    """One step on the replies; the rate warms up linearly, then falls as a cosine to 5 % of the peak.

    `routing` weighs minus the log of the last expert's probability over these tokens: each layer's expert learns to
    leave states by which the layers above know its category.
    """
    tokens, counts = batch
    hidden, routed = model.hidden(tokens[:, :-1])
    loss = F.cross_entropy(model.logits(hidden[counts]), tokens[:, 1:][counts])
    if routing:
        own = torch.stack([one.probs[counts.flatten(), -1] for one in routed])
        loss = loss - routing * own.clamp_min(1e-6).log().mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    part = min(1.0, (done + 0.01) / WARM) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * part
        nn.utils.clip_grad_norm_([weight for weight in group["params"] if weight.grad is not None], 1.0)
    optimiser.step()
