"""One training run: steps, the state on disk, and what stops it. Needs torch, numpy and a packed folder.

Knows nothing of texts, screens or where its figures go.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.model import Decoder
from inference.moe import MoE, Routing, balance_loss, category_loss, load, prior_loss, z_loss
from inference.weights import replace
from training import batches, ranks, twins
from training.batches import VALIDATION, Batch
from training.config import Config, fingerprint
from training.corpus import CATEGORIES
from training.interrupt import Stopped, signals
from training.manifest import Manifest
from training.plan import Minutes, Place, Steps

STATE = "state.pt"
SAVE_SECONDS = 60
NOISE_ENDS = 0.25
LOOKS = 4  # validation batches each time

Figures = dict[str, float]


class Log(Protocol):
    """Takes the figures of each step; writes them at the latest when told to."""

    def __call__(self, step: int, figures: Mapping[str, float]) -> None: ...

    def flush(self) -> None:
        """Write what came so far."""


class Run:
    """A model in training with its state on disk. `prepared` is the folder that `training.data` packs."""

    def __init__(self, config: Config, folder: Path, prepared: Path, plan: Steps | Minutes | None = None) -> None:
        self.config, self.folder, self.prepared, self.plan = config, folder, prepared, plan or Steps(config)
        folder.mkdir(parents=True, exist_ok=True)
        self.device = ranks.device()
        auto = config.precision == "auto"
        self.dtype = fastest_dtype(self.device) if auto else getattr(torch, config.precision)
        self.context = Manifest.of(prepared).context
        torch.manual_seed(config.seed)
        self.model = twins.build(config.model, config.variant).to(self.device).train()
        self.optimiser = torch.optim.AdamW(_groups(self.model), lr=0, betas=(0.9, 0.95), fused=True)
        share = (ranks.number(), ranks.count())
        packed = [prepared / stage.name for stage in config.stages]
        self.sources = [batches.source(p, config, s, share) for p, s in zip(packed, config.stages, strict=True)]
        self.validation = [
            batches.source(p / VALIDATION, config, s, share) for p, s in zip(packed, config.stages, strict=True)
        ]
        self.step, self.seconds, self.saved = 0, 0.0, 0
        self._resume()
        self._forward: nn.Module = self.model
        if ranks.count() > 1:
            self._forward = nn.parallel.DistributedDataParallel(self.model, find_unused_parameters=True)

    @property
    def total(self) -> int:
        """Steps of all stages."""
        return self.config.steps

    def train(self, logs: Sequence[Log] = (), until: float = math.inf) -> bool:
        """Go on to the end of the plan, or to the moment `until` of `time.monotonic`; whether the end is reached.

        The state is saved each minute, at the end, and when a signal asks to stop: then KeyboardInterrupt follows.
        Stopped when the loss is no number or the disk is full.
        """
        saved = time.monotonic()
        with signals() as asked:
            while self.plan.at(self.step, self.seconds) is not None:
                began = time.monotonic()
                figures = self.advance()
                self._validate_when_due(figures)
                spent, interrupted = self._agree(time.monotonic() - began, asked())
                figures["tokens/s"] = figures.pop("tokens") / spent
                self.seconds += spent
                for log in logs:
                    log(self.step, figures)
                if self.step == self.config.stages[0].steps and isinstance(self.plan, Steps):
                    self.save(self._pretrained)
                due = interrupted or time.monotonic() >= until
                if due or time.monotonic() - saved > SAVE_SECONDS:
                    self.save(self.folder / STATE, logs)
                    saved = time.monotonic()
                if interrupted:
                    raise KeyboardInterrupt
                if due:
                    return False
        self.save(self.folder / STATE, logs)
        return True

    def advance(self) -> Figures:
        """One optimiser step; its figures for the log. Stopped before a weight has changed to nonsense."""
        place = self.plan.at(self.step, self.seconds)
        assert place is not None
        stage, source = self.config.stages[place.stage], self.sources[place.stage]
        if source is None:
            raise Stopped(f"{self.prepared / stage.name} holds no text: no source of the stage is there")
        batch = source(place.step).to(self.device)
        for group in self.optimiser.param_groups:
            group["lr"] = stage.learning_rate * place.rate
        torch.manual_seed((self.config.seed * 1_000_003 + self.step) * ranks.count() + ranks.number())
        self.model.set_noise(self.config.router.noise * max(0.0, 1 - place.whole / NOISE_ENDS))
        loss, figures, routing = self._loss(batch, place)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not math.isfinite(loss.item() + norm.item()):
            raise Stopped(
                f"the loss or its gradient is not a number at step {self.step}; the last good state, of step "
                f"{self.saved}, is in {self.folder}: lower the learning rate of '{stage.name}' and begin anew"
            )
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        figures |= self._balance(routing, batch.real.flatten())
        self.step += 1
        return figures | {"learning_rate": stage.learning_rate * place.rate}

    def _loss(self, batch: Batch, place: Place) -> tuple[Tensor, Figures, list[Routing]]:
        """Cross-entropy of the masked targets plus the router's terms, all over the batch of all processes."""
        stage, weights, total = self.config.stages[place.stage], self.config.router, ranks.total
        real, categories = batch.real.flatten(), batch.categories.flatten()
        losses, counted, routing = self._predict(batch)
        loss = text = total(losses) / total(counted).clamp_min(1)
        figures = {"loss": text.item(), "tokens": total(real.sum()).item()}
        if not routing:
            return loss, figures, routing
        terms: dict[str, tuple[float, Callable[[], Tensor]]] = {
            "balance": (weights.balance, lambda: balance_loss(routing, real, total)),
            "z": (weights.z, lambda: z_loss(routing, real, total)),
            "category": (stage.category, lambda: category_loss(routing, categories, len(CATEGORIES), total)),
            "prior": (stage.prior * (1 - place.part), lambda: prior_loss(routing, categories, total)),
            "hardening": (weights.hardening, lambda: twins.hardening_loss(routing, real, total)),
        }
        for name, (weight, term) in terms.items():
            with torch.set_grad_enabled(weight != 0):
                value = term()
            figures[name] = value.item()
            if weight:
                loss = loss + weight * value
        figures["mi"] = -figures.pop("category")
        return loss, figures, routing

    def _predict(self, batch: Batch) -> tuple[Tensor, Tensor, list[Routing]]:
        """Sum of the losses of the targets that count, how many these are, and the routing."""
        twins.tell(self.model, batch.categories.flatten(), batch.tokens, self.context)
        with torch.autocast(self.device.split(":")[0], self.dtype, enabled=self.dtype != torch.float32):
            out = (self._forward if torch.is_grad_enabled() else self.model)(batch.tokens)
        counted = batch.mask[:, 1:]
        targets = batch.tokens[:, 1:][counted]
        losses = F.cross_entropy(out.logits[:, :-1][counted].float(), targets, reduction="sum")
        return losses, counted.sum(), out.routing

    @torch.no_grad()
    def _balance(self, routing: list[Routing], real: Tensor) -> Figures:
        """Move the selection bias towards experts with less work; the health of the routing of this step.

        Shares of the work are by an even one; `dead` counts experts that no token chose; the entropy is of a token's
        probabilities, as a part of its highest value.
        """
        if not routing:
            return {}
        counts = load(routing, real, ranks.total)  # [L, E]
        if self.config.router.bias_rate:
            layers = [block.mlp.router for block in self.model.blocks if isinstance(block.mlp, MoE)]
            for router, one in zip(layers, counts, strict=True):
                router.bias.add_(self.config.router.bias_rate * (one.mean() - one).sign())
        shares = counts / counts.mean(dim=1, keepdim=True)
        entropy = torch.stack([torch.special.entr(r.probs[real]).sum() for r in routing]).mean()
        entropy = ranks.total(entropy) / ranks.total(real.sum()) / math.log(counts.shape[1])
        health = {"least": shares.min(), "most": shares.max(), "dead": (counts == 0).sum(), "entropy": entropy}
        return {name: value.item() for name, value in health.items()}

    @torch.no_grad()
    def _validate_when_due(self, figures: Figures) -> None:
        every = self.config.validate_every
        place = self.plan.at(self.step - 1, self.seconds)
        source = self.validation[place.stage] if place else None
        if source is None or not every or self.step % every:
            return
        self.model.eval()
        parts = [self._predict(source(look).to(self.device))[:2] for look in range(LOOKS)]
        self.model.train()
        losses, counted = (ranks.total(torch.stack(column).sum()) for column in zip(*parts, strict=True))
        figures["validation"] = (losses / counted.clamp_min(1)).item()

    def _agree(self, seconds: float, asked: bool) -> tuple[float, bool]:
        """The mean of the time that the processes took, and whether any was asked to stop."""
        if ranks.count() == 1:
            return seconds, asked
        both = ranks.total(torch.tensor([seconds, float(asked)], device=self.device))
        return both[0].item() / ranks.count(), bool(both[1] > 0)

    @property
    def _pretrained(self) -> Path:
        """Where the weights behind the first stage stand: for every run that does the same up to there."""
        return self.prepared / f"pretrained-{fingerprint(self.config.of_pretraining())}.pt"

    def save(self, path: Path, logs: Sequence[Log] = ()) -> None:
        """Write the whole state, or leave the one that is there; Stopped when the disk is full."""
        if ranks.number():
            return
        state = io.BytesIO()
        torch.save(
            {
                "step": self.step,
                "seconds": self.seconds,
                "firsts": self.plan.firsts if isinstance(self.plan, Minutes) else [],
                "model": self.model.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "config": self.config.described(),
            },
            state,
        )
        try:
            replace(path, state.getbuffer())
            for log in logs:
                log.flush()
        except OSError as error:
            raise Stopped(
                f"cannot write {path}: {error.strerror}. Free {len(state.getbuffer()) / 1e6:.0f} MB there and give the "
                f"same command again: it goes on from step {self.saved}, the last good state"
            ) from error
        self.saved = self.step

    def _resume(self) -> None:
        own = self.folder / STATE
        if own.exists():
            self._restore(own)
        elif self._pretrained.exists():
            self._restore(self._pretrained)
        elif any(self.prepared.glob("pretrained*.pt")) and not ranks.number():
            print(f"no weights in {self.prepared} come from this first stage: it is trained anew")

    def _restore(self, path: Path) -> None:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location=self.device)
        before, now = state.get("config", {}), self.config.described()
        changed = sorted(key for key in now if key != "name" and before.get(key) != now[key])
        if changed and path.name == STATE:
            raise Stopped(
                f"{path} comes from another configuration ({', '.join(changed)} changed): bring that one back, "
                f"or delete the file to begin anew"
            )
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = self.saved = state["step"]
        self.seconds = state["seconds"]
        if isinstance(self.plan, Minutes):
            self.plan.firsts = state["firsts"]


def fastest_dtype(device: str) -> torch.dtype:
    """bfloat16, unless this processor multiplies it slower than float32 (one without AVX512-BF16 does, by far)."""
    if device != "cpu":
        return torch.bfloat16
    dtypes = (torch.float32, torch.bfloat16)
    seconds = ranks.total(torch.tensor([_multiply_seconds(dtype) for dtype in dtypes]))
    return dtypes[int(seconds.argmin())]


def _multiply_seconds(dtype: torch.dtype) -> float:
    a, b = torch.ones(512, 256, dtype=dtype), torch.ones(256, 512, dtype=dtype)
    a @ b
    began = time.monotonic()
    for _ in range(4):
        a @ b
    return time.monotonic() - began


def _groups(model: Decoder) -> list[dict[str, Any]]:
    matrices = [p for p in model.parameters() if p.requires_grad and p.dim() > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.dim() <= 1]
    return [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
