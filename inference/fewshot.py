"""Categories of a workspace's own, learnt from a few examples of each without training the model.

Linear discriminant analysis: the nearest class mean, in the metric of a within-class covariance that is shrunk towards
the identity, the more so the fewer examples there are. Knows vectors and labels only; `Engine.learn` makes them from
messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 4
SCALES = np.geomspace(0.01, 10, 60)  # of the logits
ALONE = 0.02  # where no category has two examples
TINY = 1e-9  # keeps the covariance of equal vectors invertible

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class FewShot:
    """A linear reader of vectors: `weights` [width, categories] and `bias` [categories]."""

    categories: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def predict(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Probabilities of the categories for one vector; they sum to 1."""
        probabilities = np.exp(_log_softmax((vector @ self.weights + self.bias).astype(np.float64)))
        return dict(zip(self.categories, probabilities.tolist(), strict=True))

    @classmethod
    def fit(cls, vectors: NDArray[np.float32], labels: Sequence[str]) -> FewShot:
        """Learn from vectors [n, width] and the category of each; ValueError for fewer than two categories.

        One scale of all logits makes those of examples left out in turn likeliest (temperature, arXiv 1706.04599).
        """
        names, own = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        check(dict.fromkeys(names.tolist(), ("",)))
        seen = np.asarray(vectors, np.float64)
        weights, bias = _discriminant(seen, own)
        scale = _scale(seen, own)
        return cls(tuple(names.tolist()), (scale * weights).astype(np.float32), (scale * bias).astype(np.float32))


def check(examples: Mapping[str, Sequence[str]]) -> None:
    """ValueError that says what is wrong with examples by category."""
    if len(examples) < 2:
        raise ValueError(f"{len(examples)} categories given, at least two are needed to tell them apart")
    if empty := [name for name, texts in examples.items() if not texts]:
        raise ValueError(f"no example of: {', '.join(empty)}")


def _discriminant(vectors: Floats, own: Indices) -> tuple[Floats, Floats]:
    """Weights [width, classes] and bias [classes] of vectors [n, width] whose classes are numbered from 0."""
    counts = np.bincount(own)
    means = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(means, own, vectors)
    means /= counts[:, None]
    middle = means.mean(axis=0)
    apart = means - middle
    weights = np.linalg.solve(_covariance(vectors - means[own], vectors - middle, len(counts)), apart.T)
    return weights, -0.5 * (apart.T * weights).sum(axis=0) - middle @ weights


def _covariance(inside: Floats, outside: Floats, classes: int) -> Floats:
    """Within the classes, shrunk towards the identity times the mean variance of all vectors."""
    width, free = inside.shape[1], len(inside) - classes
    part = width / (width + free)  # how much of it is the identity: all where each class has one example
    level = np.square(outside).mean() + TINY
    return np.asarray((1 - part) * inside.T @ inside / max(1, free) + part * level * np.eye(width))


def _scale(vectors: Floats, own: Indices) -> float:
    """The scale that suits logits of examples which the classes' means and covariance have not seen."""
    turn = _turns(own)
    unseen = [_left_out(vectors, own, turn == fold) for fold in range(FOLDS) if (turn == fold).any()]
    if not unseen:
        return ALONE
    logits, classes = np.concatenate([rows for rows, _ in unseen]), np.concatenate([known for _, known in unseen])
    rows = np.arange(len(classes))
    return float(max(SCALES, key=lambda scale: _log_softmax(scale * logits)[rows, classes].mean()))


def _log_softmax(logits: Floats) -> Floats:
    least = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(least - np.log(np.exp(least).sum(axis=-1, keepdims=True)))


def _turns(own: Indices) -> Indices:
    """In which fold each example is left out; -1, never, for the only one of its class."""
    turn = np.full(len(own), -1)
    for group in (np.flatnonzero(own == number) for number in range(own.max() + 1)):
        if len(group) > 1:
            turn[group] = np.arange(len(group)) % FOLDS
    return turn


def _left_out(vectors: Floats, own: Indices, left: NDArray[np.bool_]) -> tuple[Floats, Indices]:
    """Logits of the examples left out, by what the others tell; and their classes."""
    weights, bias = _discriminant(vectors[~left], own[~left])
    return vectors[left] @ weights + bias, own[left]
