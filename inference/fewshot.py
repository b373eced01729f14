"""Categories of a workspace's own, learnt from a few examples of each without training the model.

Nearest class mean, in the metric of a within-class covariance that is shrunk towards the identity: linear discriminant
analysis with shrinkage. Knows vectors and labels only; `Engine.learn` makes them from messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

SHRINKAGE = 0.8
TINY = 1e-9  # keeps the covariance of equal vectors invertible
# Scales of the logits: few examples would make them too sure, and one of each says nothing of it.
SCALES, ALONE = (0.01, 0.1), 0.03


@dataclass(frozen=True)
class FewShot:
    """A linear reader of vectors: `weights` [width, categories] and `bias` [categories]."""

    categories: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def predict(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Probabilities of the categories for one vector; they sum to 1."""
        return dict(zip(self.categories, softmax(vector @ self.weights + self.bias).tolist(), strict=True))

    @classmethod
    def fit(cls, vectors: NDArray[np.float32], labels: Sequence[str]) -> FewShot:
        """Learn from vectors [n, width] and the category of each; ValueError for fewer than two categories.

        The logits are scaled so that each example's, with its own part taken out of its class mean, are likeliest.
        """
        names, own = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        check(dict.fromkeys(names.tolist(), ("",)))
        counts = np.bincount(own)
        means = np.zeros((len(names), vectors.shape[1]))
        np.add.at(means, own, vectors)
        means /= counts[:, None]
        middle = means.mean(axis=0)  # the logits' differences do not depend on it, and their digits stay
        precision = np.linalg.inv(_covariance(vectors - means[own], vectors - middle, len(names)))
        weights = precision @ (means - middle).T
        bias = -0.5 * ((means - middle).T * weights).sum(axis=0)
        scale = _scale(vectors - middle, means - middle, own, counts, precision)
        return cls(
            tuple(names.tolist()),
            np.asarray(scale * weights, np.float32),
            np.asarray(scale * (bias - middle @ weights), np.float32),
        )


def check(examples: Mapping[str, Sequence[str]]) -> None:
    """ValueError that says what is wrong with examples by category."""
    if len(examples) < 2:
        raise ValueError(f"{len(examples)} categories given, at least two are needed to tell them apart")
    if empty := [name for name, texts in examples.items() if not texts]:
        raise ValueError(f"no example of: {', '.join(empty)}")


def _covariance(inside: NDArray[np.float64], all_of_it: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """The within-class covariance, shrunk towards the identity by the mean variance of all vectors."""
    free = max(1, len(inside) - classes)
    level = np.square(all_of_it).mean() + TINY
    return np.asarray((1 - SHRINKAGE) * inside.T @ inside / free + SHRINKAGE * level * np.eye(inside.shape[1]))


def _scale(
    vectors: NDArray[np.float64],
    means: NDArray[np.float64],
    own: NDArray[np.int64],
    counts: NDArray[np.int64],
    precision: NDArray[np.float64],
) -> float:
    """The scale of the logits; `ALONE` where no category has two examples."""
    several = np.flatnonzero(counts[own] > 1)
    if not len(several):
        return ALONE
    weights = precision @ means.T
    logits = vectors[several] @ weights - 0.5 * (means.T * weights).sum(axis=0)
    rows, classes = np.arange(len(several)), own[several]
    share = 1 / (counts[classes, None] - 1)
    left = means[classes] - (vectors[several] - means[classes]) * share  # the class mean without the example
    pulled = left @ precision
    logits[rows, classes] = (pulled * (vectors[several] - left / 2)).sum(axis=1)
    found = minimize_scalar(lambda s: -log_softmax(s * logits, axis=1)[rows, classes].mean(), bounds=SCALES)
    return float(found.x)
