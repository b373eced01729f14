"""How likely a message has nothing to do with what a checkpoint can answer: a calibrated score from 0 to 1.

A logistic model of what triage's logits and the encoder's vector say. Knows no text and no intent by name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as write_tensors
from torch import Tensor

from inference import triage
from inference.encoder import WIDTH
from inference.weights import replace

FILE = "scope.safetensors"
RIDGE = 1e-3  # share of the mean variance that is added to each direction: there are fewer messages than it takes


@dataclass(frozen=True)
class Scope:
    """Out-of-scope score of a message.

    `outside` [intents] is 1 for intents that are out of scope themselves; `whiten` [384, 384] makes the vectors' spread
    about their intents' `centres` [intents, 384] equal in all directions; `weights` [signals] and `bias` [1] are the
    logistic model's.
    """

    outside: Tensor
    whiten: Tensor
    centres: Tensor
    weights: Tensor
    bias: Tensor

    def score(self, vector: NDArray[np.float32], logits: Tensor) -> float:
        """Probability that a message with these triage features and logits [intents] is out of scope."""
        return float(self.scores(vector[None], logits[None])[0])

    def scores(self, vectors: NDArray[np.float32], logits: Tensor) -> NDArray[np.float32]:
        """`score` of many: features [n, ...] and logits [n, intents] to probabilities [n]."""
        found = _signals(vectors, logits, self.outside > 0, self.whiten.float(), self.centres.float())
        return np.asarray(torch.sigmoid(found @ self.weights + self.bias), np.float32)

    def save(self, directory: Path) -> None:
        """Put the score beside a checkpoint; a reader sees the old one or the new one."""
        tensors = {field.name: getattr(self, field.name).contiguous() for field in fields(self)}
        replace(directory / FILE, write_tensors(tensors))

    @classmethod
    def load(cls, directory: Path) -> Scope | None:
        """The score beside a checkpoint; None when it has none."""
        return cls(**load_file(directory / FILE)) if (directory / FILE).exists() else None


def fit(
    vectors: NDArray[np.float32],
    logits: Tensor,
    target: NDArray[np.int64],
    outside: NDArray[np.bool_],
    parts: triage.Split | None = None,
) -> Scope:
    """Fit the score on triage features [n, ...], logits [n, intents] and the number of each message's intent [n].

    `outside` [intents] says which intents are out of scope. Messages to learn from make centres and spread; those held
    back (`parts`, else `triage.split`) the logistic model. ValueError when one of the kinds is missing among these.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (a second that serving need not wait for)

    rest, held = parts or triage.split(len(target))
    answer = outside[target[held]]
    if answer.all() or not answer.any():
        raise ValueError("the messages held back must hold some in scope and some out of scope")
    known = rest[~outside[target[rest]]]
    whiten, centres = _spread(torch.from_numpy(vectors[known, :WIDTH]), torch.from_numpy(target[known]))
    found = _signals(vectors[held], logits[held], torch.from_numpy(outside), whiten, centres)
    scale = found.std(dim=0).clamp(min=1e-6)
    model = LogisticRegression(max_iter=1000).fit((found / scale).numpy(), answer)
    return Scope(
        outside=torch.from_numpy(outside).to(torch.uint8),
        whiten=whiten.half(),
        centres=centres.half(),
        weights=torch.from_numpy(model.coef_[0]).float() / scale,
        bias=torch.from_numpy(model.intercept_).float(),
    )


def _spread(vectors: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What whitens the vectors [n, 384] about their intents' means, and these means, whitened [intents, 384]."""
    names, own = target.unique(return_inverse=True)  # type: ignore[no-untyped-call]
    counts = torch.bincount(own).unsqueeze(1)
    means = vectors.new_zeros(len(names), vectors.shape[1]).index_add_(0, own, vectors) / counts
    apart = vectors - means[own]
    variances, directions = torch.linalg.eigh(apart.T @ apart / len(vectors))
    whiten = directions / (variances + RIDGE * variances.mean()).sqrt()
    return whiten, means @ whiten


def _signals(vectors: NDArray[np.float32], logits: Tensor, outside: Tensor, whiten: Tensor, centres: Tensor) -> Tensor:
    """What the logistic model sees [n, 3], each higher out of scope.

    The log odds of the intents that are out of scope; the energy of the others (arXiv 2010.03759, eq. 4, at temperature
    1); the squared Mahalanobis distance to the nearest centre (arXiv 1807.03888, eq. 2), by the number of dimensions.
    """
    inside = logits[:, ~outside].logsumexp(dim=1)
    odds = logits[:, outside].logsumexp(dim=1) - inside if outside.any() else torch.zeros(len(logits))
    apart = torch.cdist(torch.from_numpy(vectors[:, :WIDTH]) @ whiten, centres).amin(dim=1).square() / WIDTH
    return torch.stack([odds, -inside, apart], dim=1)
