"""Triage: from a message's embedding and its routing to calibrated posteriors over intents and categories.

One linear head over the intents; a category's probability is the sum of its intents'. Knows no text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from inference.trace import RoutingTrace

HEAD, NAMES = "triage.safetensors", "triage.json"
DECAYS = (3e-4, 1e-3, 3e-3)
HELD_BACK = 0.15


def features(embedding: NDArray[np.float32], trace: RoutingTrace) -> NDArray[np.float32]:
    """The embedding, then the routing fingerprint: each layer's share of weight per expert over the message."""
    return np.concatenate([embedding, trace.share.ravel()])


@dataclass(frozen=True)
class Triage:
    """weight [intents, features] and bias [intents] of the head; `intents` holds (category, intent) in that order."""

    weight: Tensor
    bias: Tensor
    temperature: float
    intents: list[tuple[str, str]]

    def posterior(self, vector: NDArray[np.float32]) -> tuple[dict[str, float], dict[str, float]]:
        """Probabilities of all categories and of all intents; each sums to 1."""
        logits = F.linear(torch.from_numpy(vector), self.weight, self.bias)
        probs = (logits / self.temperature).softmax(dim=-1).tolist()
        categories: dict[str, float] = {}
        for (category, _), p in zip(self.intents, probs, strict=True):
            categories[category] = categories.get(category, 0.0) + p
        return categories, {name: p for (_, name), p in zip(self.intents, probs, strict=True)}

    def best(self, categories: Mapping[str, float], intents: Mapping[str, float]) -> tuple[str, str]:
        """The likeliest category, and the likeliest of its intents."""
        category = max(categories, key=categories.__getitem__)
        return category, max((name for own, name in self.intents if own == category), key=intents.__getitem__)

    def save(self, directory: Path) -> None:
        """Put the head beside a checkpoint."""
        save_file({"weight": self.weight, "bias": self.bias}, directory / HEAD)
        data = {"temperature": self.temperature, "intents": self.intents}
        (directory / NAMES).write_text(json.dumps(data, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, directory: Path) -> Triage | None:
        """The head beside a checkpoint; None when it has none yet."""
        if not (directory / NAMES).exists():
            return None
        data = json.loads((directory / NAMES).read_text("utf-8"))
        head = load_file(directory / HEAD)
        return cls(head["weight"], head["bias"], data["temperature"], [(c, i) for c, i in data["intents"]])


def fit(vectors: NDArray[np.float32], labels: Sequence[tuple[str, str]], *, seed: int = 0) -> Triage:
    """Fit the head on `vectors` [n, features] and their (category, intent).

    A held-back part chooses weight decay and temperature; then the head is fitted to all.
    """
    intents = sorted(set(labels))
    target = torch.tensor([intents.index(label) for label in labels])
    x = torch.from_numpy(vectors).float()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    held, rest = order[: int(len(x) * HELD_BACK)], order[int(len(x) * HELD_BACK) :]
    trials = []
    for decay in DECAYS:
        weight, bias = _regress(x[rest], target[rest], len(intents), decay)
        temperature = _temperature(F.linear(x[held], weight, bias), target[held])
        loss = F.cross_entropy(F.linear(x[held], weight, bias) / temperature, target[held])
        trials.append((float(loss), decay, temperature))
    _, decay, temperature = min(trials)
    weight, bias = _regress(x, target, len(intents), decay)
    return Triage(weight, bias, temperature, intents)


def _regress(x: Tensor, target: Tensor, classes: int, decay: float) -> tuple[Tensor, Tensor]:
    """Logistic regression on standardised features; the scaling is folded into the weights returned."""
    mean, std = x.mean(dim=0), x.std(dim=0).clamp_min(1e-3)
    scaled = (x - mean) / std
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)

    def loss() -> Tensor:
        return F.cross_entropy(F.linear(scaled, weight, bias), target) + decay * weight.square().sum() / 2

    _minimise([weight, bias], loss)
    folded = (weight / std).detach()
    return folded, (bias - folded @ mean).detach()


def _temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature that makes held-back probabilities honest (arXiv 1706.04599)."""
    log = torch.zeros((), requires_grad=True)
    _minimise([log], lambda: F.cross_entropy(logits / log.exp(), target))
    return float(log.detach().exp())


def _minimise(weights: list[Tensor], loss: Callable[[], Tensor]) -> None:
    optimizer = torch.optim.LBFGS(weights, max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
