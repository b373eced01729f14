"""Trains a checkpoint: tokenizer, packed data, pre-training, then support turns with the loss on the reply.

`python -m training.train` makes the one that ships; `--without-category` its twin, which differs in that term alone
and shares the pre-training, where no run has it. An interrupted run goes on where it stopped, to the same result.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional as F

from inference import checkpoint
from inference.config import ModelConfig
from inference.model import Decoder
from inference.moe import MoE, Routing, balance_loss, category_loss, prior_loss, z_loss
from inference.tokenizer import FILE, Tokenizer
from training import corpus, data, twins
from training.finish import finish

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "var" / "training"
SAVE_SECONDS = 60
NOISE_ENDS = 0.25


@dataclass(frozen=True)
class Stage:
    """One part of the training: how many tokens, in which batches, at which peak learning rate.

    `category` weighs the term that raises the mutual information of expert and category, `prior` the one that draws a
    category's tokens to the expert of its number; the latter falls to 0 over the stage.
    """

    name: str
    tokens: int
    batch_tokens: int
    learning_rate: float
    window: int = 0
    rounds: int = 0
    category: float = 0.0
    prior: float = 0.0

    @property
    def steps(self) -> int:
        """Optimiser steps of this stage."""
        return max(1, self.tokens // self.batch_tokens)


@dataclass(frozen=True)
class Router:
    """Weights of the terms that shape the routing; 0 switches one off."""

    noise: float
    balance: float
    z: float
    bias_rate: float
    hardening: float = 0.0


@dataclass(frozen=True)
class Config:
    """All that decides a run."""

    name: str
    seed: int
    model: ModelConfig
    router: Router
    stages: tuple[Stage, ...]
    variant: str = "moe"

    @classmethod
    def read(cls, path: Path, *, without_category: bool = False) -> Config:
        """Read a TOML file; without the category term it is the configuration of the twin."""
        raw = tomllib.loads(path.read_text("utf-8"))
        changed = {"category": 0.0, "prior": 0.0} if without_category else {}
        stages = tuple(Stage(**stage | changed) for stage in raw["stages"])
        variant = {"variant": raw["variant"]} if "variant" in raw else {}
        return cls(raw["name"], raw["seed"], ModelConfig(**raw["model"]), Router(**raw["router"]), stages, **variant)


@dataclass(frozen=True)
class Batch:
    """tokens, targets' mask, and categories (-1: none), each [B, T]; `real` is false where a row is padded."""

    tokens: Tensor
    mask: Tensor
    categories: Tensor
    real: Tensor


class Windows:
    """Equal windows of the packed stream, in an order of its own for each pass."""

    def __init__(self, packed: data.Packed, stage: Stage, seed: int) -> None:
        self.packed, self.width, self.seed = packed, stage.window + 1, seed
        self.rows = stage.batch_tokens // stage.window
        self.count = len(packed.tokens) // self.width

    def __call__(self, step: int) -> Batch:
        """The batch of a step; the same step gives the same batch."""
        first = step * self.rows
        picks = [self._order((first + i) // self.count)[(first + i) % self.count] for i in range(self.rows)]
        return _stack(self.packed, [(p * self.width, (p + 1) * self.width) for p in picks])

    def _order(self, turn: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, turn)).permutation(self.count)


class Buckets:
    """Whole documents of like length together, in an order of its own for each pass."""

    def __init__(self, packed: data.Packed, stage: Stage, seed: int, context: int) -> None:
        self.packed, self.seed, self.room, self.context = packed, seed, stage.batch_tokens, context
        self.lengths = np.minimum(np.diff(packed.offsets), context)
        self._passes: list[list[list[int]]] = []

    def __call__(self, step: int) -> Batch:
        """The batch of a step; the same step gives the same batch."""
        turn = 0
        while step >= len(batches := self._batches(turn)):
            step, turn = step - len(batches), turn + 1
        starts = self.packed.offsets
        return _stack(self.packed, [(starts[i], starts[i] + self.lengths[i]) for i in batches[step]])

    def _batches(self, turn: int) -> list[list[int]]:
        while len(self._passes) <= turn:
            self._passes.append(self._shuffled(len(self._passes)))
        return self._passes[turn]

    def _shuffled(self, turn: int) -> list[list[int]]:
        rng = np.random.default_rng((self.seed, turn))
        order = np.argsort(self.lengths + rng.uniform(0, 12, len(self.lengths)))
        batches: list[list[int]] = [[]]
        for index in order.tolist():
            if batches[-1] and self.lengths[index] * (len(batches[-1]) + 1) > self.room:
                batches.append([])
            batches[-1].append(index)
        rng.shuffle(batches)
        return batches


def _stack(packed: data.Packed, spans: list[tuple[int, int]]) -> Batch:
    width = max(end - start for start, end in spans)
    tokens = torch.zeros(len(spans), width, dtype=torch.long)
    mask = torch.zeros(len(spans), width, dtype=torch.bool)
    categories = torch.full((len(spans), width), -1)
    real = torch.zeros(len(spans), width, dtype=torch.bool)
    for row, (start, end) in enumerate(spans):
        length = end - start
        tokens[row, :length] = torch.from_numpy(packed.tokens[start:end].astype(np.int64))
        mask[row, :length] = torch.from_numpy(packed.mask[start:end].copy())
        categories[row, :length] = torch.from_numpy(packed.categories[start:end].astype(np.int64))
        real[row, :length] = True
    return Batch(tokens, mask, categories, real)


class NotANumber(RuntimeError):
    """The loss has left the numbers; the message says where the last good state is."""


class Run:
    """One training run with its state on disk: model, optimiser, step, log."""

    def __init__(self, config: Config, folder: Path, prepared: Path) -> None:
        self.config, self.folder, self.prepared = config, folder, prepared
        folder.mkdir(parents=True, exist_ok=True)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.dtype = fastest_dtype(self.device)
        torch.manual_seed(config.seed)
        self.tokenizer = prepare(config, prepared)
        self.model = twins.build(config.model, config.variant).to(self.device).train()
        self.optimiser = torch.optim.AdamW(_groups(self.model), lr=0, betas=(0.9, 0.95), fused=True)
        self.sources = [self._source(stage, prepared / stage.name) for stage in config.stages]
        self.step = 0
        shared = prepared / "pretrained.pt"
        for state in (folder / "state.pt", shared):
            if state.exists():
                self._restore(state)
                break

    def _source(self, stage: Stage, folder: Path) -> Callable[[int], Batch]:
        packed = data.Packed(folder)
        if stage.window:
            return Windows(packed, stage, self.config.seed)
        return Buckets(packed, stage, self.config.seed, self.config.model.max_position_embeddings)

    @property
    def total(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.config.stages)

    def train(self) -> None:
        """Go on to the last step; saves the state each minute and when interrupted."""
        saved = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress, (self.folder / "log.csv").open("a", newline="") as file:
            task = progress.add_task("training", total=self.total, completed=self.step)
            log = csv.writer(file)
            try:
                while self.step < self.total:
                    began = time.monotonic()
                    row = self.advance()
                    speed = row.pop("tokens") / (time.monotonic() - began)
                    log.writerow([self.step, *(f"{value:.5g}" for value in row.values()), f"{speed:.0f}"])
                    told = " ".join(f"{name} {value:.3f}" for name, value in row.items())
                    progress.update(task, completed=self.step, description=f"{told} {speed:,.0f} tokens/s")
                    if self.step == self.config.stages[0].steps and not self.config.stages[0].category:
                        self._save(self.prepared / "pretrained.pt")
                    if time.monotonic() - saved > SAVE_SECONDS:
                        self._save(self.folder / "state.pt")
                        file.flush()
                        saved = time.monotonic()
            except NotANumber:
                raise  # the state on disk is the last good one
            except BaseException:
                self._save(self.folder / "state.pt")
                raise
            self._save(self.folder / "state.pt")

    def advance(self) -> dict[str, float]:
        """One optimiser step; its figures for the log. NotANumber before a weight has changed."""
        index, local = 0, self.step
        while local >= self.config.stages[index].steps:
            local, index = local - self.config.stages[index].steps, index + 1
        stage = self.config.stages[index]
        batch = self.sources[index](local)
        for group in self.optimiser.param_groups:
            group["lr"] = stage.learning_rate * _schedule(local / stage.steps, warm=20 / stage.steps)
        self.model.set_noise(self.config.router.noise * max(0.0, 1 - self.step / self.total / NOISE_ENDS))
        loss, parts, routing = self._loss(batch, stage.category, stage.prior * (1 - local / stage.steps))
        if not math.isfinite(loss.item()):
            raise NotANumber(f"the loss of step {self.step} is not a number; the last good state is in {self.folder}")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._move_bias(routing, batch.real.to(self.device).flatten())
        self.step += 1
        return parts | {"tokens": float(batch.real.sum())}

    def _loss(
        self, batch: Batch, category_weight: float, prior_weight: float
    ) -> tuple[Tensor, dict[str, float], list[Routing]]:
        """Cross-entropy of the masked targets plus the router's terms, all over the whole batch."""
        tokens, weights = batch.tokens.to(self.device), self.config.router
        categories = batch.categories.to(self.device).flatten()
        twins.tell(self.model, categories, tokens, self.tokenizer.context)
        with torch.autocast(self.device, self.dtype, enabled=self.dtype != torch.float32):
            out = self.model(tokens)
        counted = batch.mask[:, 1:].to(self.device)
        text = F.cross_entropy(out.logits[:, :-1][counted].float(), tokens[:, 1:][counted])
        if not out.routing:
            return text, {"loss": text.item(), "balance": 0.0, "mi": 0.0}, out.routing
        real = batch.real.to(self.device).flatten()
        balance, z = balance_loss(out.routing, real), z_loss(out.routing, real)
        category = category_loss(out.routing, categories, len(corpus.CATEGORIES))
        loss = text + weights.balance * balance + weights.z * z + category_weight * category
        loss = loss + prior_weight * prior_loss(out.routing, categories)
        loss = loss + weights.hardening * twins.hardening_loss(out.routing, real)
        return loss, {"loss": text.item(), "balance": balance.item(), "mi": -category.item()}, out.routing

    @torch.no_grad()
    def _move_bias(self, routing: list[Routing], real: Tensor) -> None:
        if not self.config.router.bias_rate:
            return
        layers = [block.mlp.router for block in self.model.blocks if isinstance(block.mlp, MoE)]
        for router, routed in zip(layers, routing, strict=True):
            load = torch.bincount(routed.ids[real].flatten(), minlength=router.bias.numel()).float()
            router.bias.add_(self.config.router.bias_rate * (load.mean() - load).sign())

    def _save(self, path: Path) -> None:
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def _restore(self, path: Path) -> None:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        self.step = state["step"]


def fastest_dtype(device: str) -> torch.dtype:
    """bfloat16, unless this processor multiplies it slower than float32 (one without AVX512-BF16 does, by far)."""
    if device != "cpu":
        return torch.bfloat16
    seconds = {dtype: _multiply_seconds(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return min(seconds, key=seconds.__getitem__)


def _multiply_seconds(dtype: torch.dtype) -> float:
    a, b = torch.ones(512, 256, dtype=dtype), torch.ones(256, 512, dtype=dtype)
    a @ b
    began = time.monotonic()
    for _ in range(4):
        a @ b
    return time.monotonic() - began


def prepare(config: Config, folder: Path) -> Tokenizer:
    """Tokenizer and packed data of a run, made once."""
    if (folder / "done").exists():
        return Tokenizer(folder / FILE)
    tokenizer = Tokenizer.train(data.tokenizer_texts(), folder, config.model.vocab_size, sorted(corpus.slots()))
    for stage in config.stages:
        if stage.rounds:
            documents = data.support(tokenizer, config.seed, stage.rounds)
        else:
            documents = data.pretrain(tokenizer, config.seed)
        data.Packed.write(folder / stage.name, documents)
    (folder / "done").touch()
    return tokenizer


def _groups(model: Decoder) -> list[dict[str, Any]]:
    matrices = [p for p in model.parameters() if p.requires_grad and p.dim() > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.dim() <= 1]
    return [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]


def _schedule(done: float, warm: float) -> float:
    """Linear warm-up, then a cosine to 5 % of the peak."""
    if done < warm:
        return done / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warm) / max(1e-9, 1 - warm))))


def main(arguments: list[str] | None = None) -> int:
    """Train, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=HERE / "fennmoor.toml")
    parser.add_argument("--without-category", action="store_true", help="train the twin without the category term")
    parser.add_argument("--out", type=Path, help="checkpoint directory; models/NAME unless given")
    given = parser.parse_args(arguments)
    config = Config.read(given.config, without_category=given.without_category)
    name = f"{config.name}-twin" if given.without_category else config.name
    run = Run(config, WORK / name, WORK / f"{config.name}-data")
    try:
        run.train()
    except KeyboardInterrupt:
        print(f"stopped at step {run.step} of {run.total}; the same command goes on from there")
        return 130
    out = given.out or (WORK / f"{name}-model" if given.without_category else HERE.parent / "models" / name)
    cards = [{"name": f"expert {index}", "categories": []} for index in range(config.model.moe_num_experts)]
    version = checkpoint.save(out, run.model, config.model, run.tokenizer, {"name": name, "experts": cards})
    if not given.without_category:
        print("fitting triage")
        finish(out)
    print(f"wrote {out}, version {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
