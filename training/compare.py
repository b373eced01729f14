"""Trains the twins on the same tokens: `python -m training.compare`; `python -m benchmarks twins` prints the tables.

Each arm differs from ours in one thing. A result is stored as soon as its run has ended; what is stored is not trained
again. Losses are of held-out support turns, times are of one thread's own processor time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference import checkpoint, weights
from inference.model import Decoder
from inference.moe import MoE, load
from inference.tokenizer import Tokenizer
from training import corpus, specialise, twins
from training.data import prepare
from training.finish import by_category
from training.masking import Batch, batches, reply_losses
from training.train import HERE, WORK, Config, Run

CONFIG = HERE / "compare.toml"
STORE = HERE / "compare.json"
SEEDS = (1, 2, 3)
EVERY = 25  # steps between two looks at the held-out loss
FEW, SOME, MANY = 8, 15, 40  # held-out messages of each category: for the curve, the specialisation, the loss

Change = Callable[[Config], Config]


@dataclass(frozen=True)
class Result:
    """What one run came to; losses in nats a token, `curve` holds (processor seconds, held-out loss).

    `load` is each layer's lowest and highest share of the choices by an even one, mean over the layers; `dead` counts
    experts under a hundredth of an even share. `experts` are the figures of `training.specialise`, where it applies.
    """

    arm: str
    seed: int
    parameters: int
    active: int
    tokens: int
    seconds: float
    curve: list[tuple[float, float]]
    loss: float
    categories: dict[str, float]
    load: tuple[float, float] | None
    dead: int | None
    experts: dict[str, float] | None


def _router(**changes: float) -> Change:
    return lambda config: replace(config, router=replace(config.router, **changes))


def _stages(**changes: float) -> Change:
    return lambda config: replace(config, stages=tuple(replace(s, **_where(s, changes)) for s in config.stages))


def _where(stage: object, changes: Mapping[str, float]) -> dict[str, Any]:
    """A weight that a stage does not use stays 0."""
    return {name: value for name, value in changes.items() if getattr(stage, name)}


def _variant(name: str, *more: Change) -> Change:
    return lambda config: _all(more)(replace(config, variant=name))


def _all(changes: tuple[Change, ...]) -> Change:
    def apply(config: Config) -> Config:
        for change in changes:
            config = change(config)
        return config

    return apply


FREE = _stages(category=0.0, prior=0.0)
LOOSE = _router(noise=0.0, balance=0.0, z=0.0, bias_rate=0.0)
TWINS: dict[str, Change] = {
    "ours": _all(()),
    "standard MoE": FREE,
    "pool of experts": _variant("pooled", FREE),
    "forced by category": _variant("forced", FREE, LOOSE),
    "dense, equal active": _variant("dense_active", FREE, LOOSE),
    "dense, equal total": _variant("dense_total", FREE, LOOSE),
    "fast feedforward": _variant("fff", FREE, LOOSE, _router(hardening=0.1)),
}
AGAIN = ("ours", "standard MoE")  # with the other seeds, too
ABLATIONS: dict[str, Change] = {
    "without noise": _router(noise=0.0),
    "without balance": _router(balance=0.0),
    "without z-loss": _router(z=0.0),
    "without selection bias": _router(bias_rate=0.0),
    "without prior": _stages(prior=0.0),
    "without category": _stages(category=0.0),
}
ARMS = TWINS | ABLATIONS


def run(arm: str, seed: int) -> Result:
    """Train one arm to its end and measure it."""
    config = ARMS[arm](replace(Config.read(CONFIG), seed=seed))
    folder = WORK / "compare" / f"{arm.replace(' ', '-')}-{seed}"
    tokenizer = prepare(config, WORK / "compare-data")
    training = Run(config, folder, WORK / "compare-data")
    few, many = (_held_out(tokenizer, n) for n in (FEW, MANY))
    curve: list[tuple[float, float]] = []
    tokens, seconds, load = 0.0, 0.0, None
    while training.step < training.total:
        began = time.process_time()
        tokens += training.advance()["tokens"]
        seconds += time.process_time() - began
        if training.step % EVERY == 0 or training.step == training.total:
            curve.append((round(seconds, 1), round(float(_losses(training, few).mean()), 4)))
            print(f"{arm}, seed {seed}: step {training.step} of {training.total}, {seconds:.0f} s, {curve[-1][1]}")
    each = _losses(training, many)
    load = _load(training.model, many)
    names = [corpus.CATEGORIES[batch.category] for batch in many for _ in batch.tokens]
    return Result(
        arm=arm,
        seed=seed,
        parameters=sum(p.numel() for p in training.model.parameters()),
        active=active(training.model),
        tokens=int(tokens),
        seconds=round(seconds, 1),
        curve=curve,
        loss=round(float(each.mean()), 4),
        categories={
            name: round(float(loss), 4) for name, loss in zip(corpus.CATEGORIES, by_category(each, names), strict=True)
        },
        load=(round(float(load.min(axis=1).mean()), 3), round(float(load.max(axis=1).mean()), 3))
        if load is not None
        else None,
        dead=int((load < 0.01).sum()) if load is not None else None,
        experts=_experts(training, tokenizer, folder),
    )


def active(model: Decoder) -> int:
    """Parameters that one token uses; the embedding counts once, for the logits."""
    idle = 0
    for block in model.blocks:
        if isinstance(block.mlp, MoE):
            experts = block.mlp.experts
            size = experts.gate_up.numel() + experts.down.numel()
            chosen = 1 if isinstance(block.mlp.router, twins.Tree | twins.ForcedRouter) else block.mlp.router.k
            idle += size - size * chosen // len(experts.down)
    return sum(p.numel() for p in model.parameters()) - idle


def _held_out(tokenizer: Tokenizer, messages: int) -> list[Batch]:
    return batches(tokenizer, specialise.sample(messages)[1])


def _losses(training: Run, data: list[Batch]) -> NDArray[np.float32]:
    training.model.eval()
    losses = []
    for batch in data:
        _tell(training.model, batch)
        losses.append(reply_losses(training.model, [batch]))
    training.model.train()
    return np.concatenate(losses)


def _tell(model: Decoder, batch: Batch) -> None:
    """A category is told for every token; no pool is closed when a model is judged."""
    tokens = batch.tokens[:, :-1]
    twins.tell(model, torch.full((tokens.numel(),), batch.category), tokens, context=-1)


@torch.inference_mode()
def _load(model: Decoder, data: list[Batch]) -> NDArray[np.float64] | None:
    """Each expert's share of the choices [L, E], by an even one."""
    model.eval()
    found = []
    for batch in data:
        _tell(model, batch)
        _, routing = model.hidden(batch.tokens[:, :-1])
        if not routing:
            return None
        found.append(load(routing, torch.ones(len(routing[0].ids), dtype=torch.bool)).numpy())
    counts = np.asarray(found, np.float64).sum(axis=0)
    return np.asarray(counts / counts.mean(axis=1, keepdims=True))


def _experts(training: Run, tokenizer: Tokenizer, folder: Path) -> dict[str, float] | None:
    """What `training.specialise` measures of a model whose router is asked."""
    config = training.config
    if config.variant not in ("moe", "pooled"):
        return None
    card = checkpoint.blank_card(folder.name, config.model)
    checkpoint.save(folder, training.model, config.model, tokenizer, card)
    found = specialise.measure(folder, SOME)
    return {
        "words": found.words.mean.value,
        "replies": found.replies.mean.value,
        "lift": found.lift.value,
        "ratio": found.ratio.value,
        "kept": found.kept["25"].value,
        "wrong": found.wrong_pool.value,
    }


def stored(path: Path = STORE) -> list[Result]:
    """All results so far."""
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [Result(**row) for row in rows]


def store(result: Result, path: Path = STORE) -> None:
    """Add a result; a reader sees the old file or the new one."""
    rows = [asdict(one) for one in (*stored(path), result)]
    weights.replace(path, ("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n").encode())


def main(arguments: list[str] | None = None) -> int:
    """Train what has no result yet."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    torch.set_num_threads(1)
    plan = [(arm, SEEDS[0]) for arm in TWINS] + [(arm, seed) for seed in SEEDS[1:] for arm in AGAIN]
    done = {(one.arm, one.seed) for one in stored()}
    for arm, seed in [*plan, *((arm, SEEDS[0]) for arm in ABLATIONS)]:
        if (arm, seed) not in done:
            store(run(arm, seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
