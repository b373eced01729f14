"""One expert more in every layer: it and its router rows learn, all else stays as it is, to the bit.

The router's rows are calibrated on a mix of new tickets and old corpus (BAR and FlexOlmo, arXiv 2507.02407), so that
the new expert is chosen for its category and for no other. Knows nothing of files.
Letters: B examples, T tokens, E experts before, D hidden size, L expert layers.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from inference.model import Decoder
from inference.moe import MoE, Routing

BATCH_TOKENS = 1024
WARM = 0.1  # share of the steps
SURE = 1e-4  # the router's probability is pushed no nearer to 0 and 1


@dataclass(frozen=True)
class Example:
    """Tokens, which of them count in the loss, and whether they are of the new category."""

    ids: list[int]
    mask: list[bool]
    new: bool


@dataclass(frozen=True)
class Schedule:
    """Steps and peak learning rates; in the last `calibrate` steps only the router's rows move."""

    learn: int = 150
    calibrate: int = 30
    expert_rate: float = 3e-3
    row_rate: float = 1e-2
    all_rate: float = 6e-4
    routing: float = 0.5

    @property
    def steps(self) -> int:
        """All steps, of either arm."""
        return self.learn + self.calibrate


Batches = Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]
Draw = Callable[[int], list[Example]]


def batches(draw: Draw, rng: np.random.Generator) -> Batches:
    """Without end: tokens [B, T], targets that count [B, T - 1], real tokens [B, T], new examples [B].

    `draw` gives the examples of a pass; like lengths come together.
    """
    turn = 0
    while True:
        examples = draw(turn)
        turn += 1
        lengths = np.array([len(one.ids) for one in examples])
        order = np.argsort(lengths + rng.uniform(0, 24, len(lengths)))
        rows = max(1, BATCH_TOKENS // int(lengths.mean()))
        cut = [order[i : i + rows] for i in range(0, len(order), rows)]
        for picks in rng.permutation(len(cut)):
            yield _padded([examples[i] for i in cut[picks]])


def _padded(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    tokens = pad_sequence([torch.tensor(one.ids) for one in examples], batch_first=True)
    counts = pad_sequence([torch.tensor(one.mask) for one in examples], batch_first=True)[:, 1:]
    lengths = torch.tensor([len(one.ids) for one in examples]).unsqueeze(1)
    return tokens, counts, torch.arange(tokens.shape[1]) < lengths, torch.tensor([one.new for one in examples])


def grow(model: Decoder, donors: Sequence[int]) -> Decoder:
    """A copy with one expert more, the last: in layer l at first that of number donors[l], with its router row.

    Its selection bias is 0.
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
    return grown.eval()


def learn(model: Decoder, data: Batches, schedule: Schedule) -> None:
    """Teach the last expert and its router rows; the gradient of all else is 0, so it keeps every bit."""
    model.requires_grad_(False)
    layers = [block.mlp for block in model.blocks if isinstance(block.mlp, MoE)]
    rows = [layer.router.weight for layer in layers]
    experts = [weight for layer in layers for weight in (layer.experts.gate_up, layer.experts.down)]
    for weight in (*rows, *experts):
        weight.requires_grad_(True)
        weight.register_hook(_last_alone)
    groups = [{"params": rows, "peak": schedule.row_rate}, {"params": experts, "peak": schedule.expert_rate}]
    optimiser = torch.optim.AdamW(groups, lr=0, weight_decay=0)
    for step in track(range(schedule.steps), "the new expert"):
        if step == schedule.learn:
            _round(experts)
        _set_rates(optimiser, step, schedule.steps)
        tokens, counts, real, new = next(data)
        text, routing = _text_loss(model, tokens, counts)
        _step(optimiser, text + schedule.routing * routing_loss(routing, real, new))


def retrain(model: Decoder, data: Batches, schedule: Schedule) -> None:
    """Teach all weights on the same batches for as many steps: what the new expert is compared with."""
    model.requires_grad_(True)
    for block in model.blocks:
        if isinstance(block.mlp, MoE):
            block.mlp.router.bias.requires_grad_(False)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW([{"params": weights, "peak": schedule.all_rate}], lr=0, weight_decay=0)
    for step in track(range(schedule.steps), "all weights, to compare"):
        _set_rates(optimiser, step, schedule.steps)
        tokens, counts, _, _ = next(data)
        _step(optimiser, _text_loss(model, tokens, counts)[0])


def _round(experts: Sequence[Tensor]) -> None:
    """Stop teaching the experts and round them as a checkpoint stores them: what follows is measured of what is kept."""
    for weight in experts:
        weight.requires_grad_(False)
        weight.copy_(weight.to(torch.bfloat16))


def routing_loss(routing: Sequence[Routing], real: Tensor, new: Tensor) -> Tensor:
    """Cross-entropy of choosing the last expert for the new category's tokens and for no other, mean over layers.

    `real` [B, T] is false where a row is padded, `new` [B] true for examples of the category; both sorts weigh alike.
    """
    kind = (new.unsqueeze(1) & real).flatten(), (~new.unsqueeze(1) & real).flatten()
    chosen = torch.stack([r.probs[:, -1] for r in routing]).clamp(SURE, 1 - SURE)  # [L, N]
    parts = [-side[:, rows].log().mean() for side, rows in zip((chosen, 1 - chosen), kind, strict=True) if rows.any()]
    return torch.stack(parts).mean()


def _last_alone(gradient: Tensor) -> Tensor:
    kept = torch.zeros_like(gradient)
    kept[-1] = gradient[-1]
    return kept


def _text_loss(model: Decoder, tokens: Tensor, counts: Tensor) -> tuple[Tensor, list[Routing]]:
    hidden, routing = model.hidden(tokens)
    logits = model.logits(hidden[:, :-1][counts])
    return F.cross_entropy(logits, tokens[:, 1:][counts]), routing


def _set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Linear warm-up, then a cosine to 5 % of the peak."""
    done = (step + 1) / steps
    part = done / WARM if done < WARM else 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (done - WARM) / (1 - WARM)))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * part


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimiser.param_groups:
        nn.utils.clip_grad_norm_([w for w in group["params"] if w.grad is not None], 1.0)
    optimiser.step()
