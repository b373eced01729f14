"""Triage: from a message's words, embedding and routing to calibrated posteriors over intents and categories.

One linear head over the intents; a category's probability is the sum of its intents'. Words and embedding have 0 for
every digit: whether an order is number 10023 or 10024 says nothing of what is wanted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from inference.lexical import inverse_frequency, lexical
from inference.trace import RoutingTrace

HEAD, NAMES = "triage.safetensors", "triage.json"
DENSE, LEXICAL = 1.0, 30.0  # inverse weight decays of the two parts
ROUTING = 0.25  # scale of the fingerprint: the router has seen the messages that the head is fitted on
HELD_BACK = 0.1
Split = tuple[NDArray[np.int64], NDArray[np.int64]]  # positions of what is learned from, and of what is held back


def split(count: int) -> Split:
    """Which of `count` messages are learned from, and which are held back to tell how far the head is to be trusted."""
    order = np.random.default_rng(0).permutation(count)
    held = int(count * HELD_BACK)
    return order[held:], order[:held]


def features(embedding: NDArray[np.float32], trace: RoutingTrace) -> NDArray[np.float32]:
    """The embedding, then the scaled routing fingerprint: each layer's share of weight per expert over the message."""
    return np.concatenate([embedding, ROUTING * trace.share.ravel()])


@dataclass(frozen=True)
class Triage:
    """Weights of the two parts of the head, `dense` [intents, features] and `lexical` [intents, 2 * BUCKETS].

    `idf` [2, BUCKETS] weighs pieces and pairs of words; `intents` holds (category, intent) in the order of the rows.
    """

    dense: Tensor
    lexical: Tensor
    bias: Tensor
    idf: Tensor
    intents: list[tuple[str, str]]

    def posterior(self, vector: NDArray[np.float32], text: str) -> tuple[dict[str, float], dict[str, float]]:
        """Probabilities of all categories and of all intents for `features` and the message; each sums to 1."""
        return self.probabilities(self.logits(vector, text))

    def logits(self, vector: NDArray[np.float32], text: str) -> Tensor:
        """Calibrated logits [intents] for `features` and the message."""
        row = lexical([text], self.idf.numpy())
        found = F.linear(torch.from_numpy(row.data), self.lexical[:, row.indices].float())
        return F.linear(torch.from_numpy(vector), self.dense, self.bias) + found

    def probabilities(self, logits: Tensor) -> tuple[dict[str, float], dict[str, float]]:
        """`posterior` from `logits`."""
        probs = logits.softmax(dim=-1).tolist()
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
        tensors = {"dense": self.dense, "lexical": self.lexical.half(), "bias": self.bias, "idf": self.idf}
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, directory / HEAD)
        data = {"intents": self.intents}
        (directory / NAMES).write_text(json.dumps(data, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, directory: Path) -> Triage | None:
        """The head beside a checkpoint; None when it has none yet."""
        if not (directory / NAMES).exists():
            return None
        data = json.loads((directory / NAMES).read_text("utf-8"))
        intents = [(category, intent) for category, intent in data["intents"]]
        return cls(**load_file(directory / HEAD), intents=intents)


def fit(
    vectors: NDArray[np.float32],
    texts: Sequence[str],
    labels: Sequence[tuple[str, str]],
    parts: Split | None = None,
) -> Triage:
    """Fit the head on `features` [n, ...], the messages and their (category, intent).

    The two parts of the head are fitted apart, so that neither hides what the other knows, and their logits are added
    up. The messages held back (`parts`, else `split`) choose the weights, so that a probability is what it says
    (arXiv 1706.04599).
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (a second that serving need not wait for)

    intents = sorted(set(labels))
    target = np.asarray([intents.index(label) for label in labels])
    rest, held = parts or split(len(target))
    idf = inverse_frequency(texts)
    words = lexical(texts, idf)
    dense = LogisticRegression(C=DENSE, max_iter=300).fit(vectors[rest], target[rest])
    said = LogisticRegression(C=LEXICAL, max_iter=300).fit(words[rest], target[rest])
    heard = (dense.decision_function(vectors[held]), said.decision_function(words[held]))
    a, b = _weights([torch.from_numpy(part).float() for part in heard], torch.from_numpy(target[held]))
    return Triage(
        dense=torch.from_numpy(a * dense.coef_).float().contiguous(),
        lexical=torch.from_numpy(b * said.coef_).half().contiguous(),
        bias=torch.from_numpy(a * dense.intercept_ + b * said.intercept_).float(),
        idf=torch.from_numpy(idf),
        intents=intents,
    )


def _weights(parts: Sequence[Tensor], target: Tensor) -> list[float]:
    """The weights of logits [n, intents] whose sum is likeliest to give `target`; few messages leave them near 1."""
    weights, logits = torch.ones(len(parts), requires_grad=True), torch.stack(list(parts))
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        unlikely = F.cross_entropy(torch.einsum("p,pni->ni", weights, logits), target, reduction="sum")
        value = (unlikely + (weights - 1).square().sum()) / max(1, len(target))
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().tolist()
