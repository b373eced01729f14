"""Triage: from a message's words, embedding and routing to calibrated posteriors over intents and categories.

One linear head over the intents; a category's probability is the sum of its intents'.
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
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional as F

from inference.trace import RoutingTrace

HEAD, NAMES = "triage.safetensors", "triage.json"
BUCKETS = 2**14
DENSE, LEXICAL = 10.0, 30.0  # inverse weight decays of the two parts
TRUST = 1.5  # weight of the lexical part
ROUTING = 0.25  # scale of the fingerprint: the router has seen the messages that the head is fitted on
HELD_BACK = 0.15
# Pieces of words bear with slips of the pen, pairs of words with short messages.
PIECES = HashingVectorizer(
    analyzer="char_wb", ngram_range=(2, 5), n_features=BUCKETS, norm=None, alternate_sign=False, dtype=np.float32
)
PAIRS = HashingVectorizer(
    ngram_range=(1, 2),
    token_pattern=r"\b\w+\b",  # noqa: S106  (a token of text, no secret)
    n_features=BUCKETS,
    norm=None,
    alternate_sign=False,
    dtype=np.float32,
)


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
    temperature: float
    intents: list[tuple[str, str]]

    def posterior(self, vector: NDArray[np.float32], text: str) -> tuple[dict[str, float], dict[str, float]]:
        """Probabilities of all categories and of all intents for `features` and the message; each sums to 1."""
        row = lexical([text], self.idf.numpy())
        found = F.linear(torch.from_numpy(row.data), self.lexical[:, row.indices].float())
        logits = F.linear(torch.from_numpy(vector), self.dense, self.bias) + found
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
        tensors = {"dense": self.dense, "lexical": self.lexical.half(), "bias": self.bias, "idf": self.idf}
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, directory / HEAD)
        data = {"temperature": self.temperature, "intents": self.intents}
        (directory / NAMES).write_text(json.dumps(data, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, directory: Path) -> Triage | None:
        """The head beside a checkpoint; None when it has none yet."""
        if not (directory / NAMES).exists():
            return None
        data = json.loads((directory / NAMES).read_text("utf-8"))
        intents = [(category, intent) for category, intent in data["intents"]]
        return cls(**load_file(directory / HEAD), temperature=data["temperature"], intents=intents)


def lexical(texts: Sequence[str], idf: NDArray[np.float32]) -> csr_matrix:
    """TF-IDF of pieces and of pairs of words [texts, 2 * BUCKETS], each part of unit length."""
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    parts = []
    for vectorizer, weights in zip((PIECES, PAIRS), idf, strict=True):
        transformer = TfidfTransformer(sublinear_tf=True)
        transformer.idf_ = weights
        parts.append(transformer.transform(vectorizer.transform(clean)))
    return csr_matrix(hstack(parts), dtype=np.float32)


def fit(
    vectors: NDArray[np.float32], texts: Sequence[str], labels: Sequence[tuple[str, str]], *, seed: int = 0
) -> Triage:
    """Fit the head on `features` [n, ...], the messages and their (category, intent).

    The two parts are fitted apart, so that neither hides what the other knows, and their logits add up.
    A held-back part chooses the temperature (arXiv 1706.04599); then the head is fitted to all.
    """
    intents = sorted(set(labels))
    target = np.asarray([intents.index(label) for label in labels])
    found = [TfidfTransformer(sublinear_tf=True).fit(v.transform(texts)).idf_ for v in (PIECES, PAIRS)]
    idf = np.asarray(found, np.float32)
    words = lexical(texts, idf)
    order = np.random.default_rng(seed).permutation(len(target))
    held, rest = np.split(order, [int(len(target) * HELD_BACK)])
    dense, said = _regress(vectors[rest], target[rest], DENSE), _regress(words[rest], target[rest], LEXICAL)
    logits = dense.decision_function(vectors[held]) + TRUST * said.decision_function(words[held])
    temperature = _temperature(torch.from_numpy(logits), torch.from_numpy(target[held]))
    dense, said = _regress(vectors, target, DENSE), _regress(words, target, LEXICAL)
    bias = torch.from_numpy(dense.intercept_ + TRUST * said.intercept_).float()
    weight = torch.from_numpy(TRUST * said.coef_).half().contiguous()
    return Triage(
        torch.from_numpy(dense.coef_).float().contiguous(), weight, bias, torch.from_numpy(idf), temperature, intents
    )


def _regress(
    x: NDArray[np.float32] | csr_matrix, target: NDArray[np.int64], inverse_decay: float
) -> LogisticRegression:
    return LogisticRegression(C=inverse_decay, max_iter=300).fit(x, target)


def _temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature that makes held-back probabilities honest."""
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
