"""Readers of public intent sets: the product's own, and its peers. Each learns, and then answers.

Knows messages and intents; no file, no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC
from torch import Tensor

from inference import scope, triage
from inference.encoder import WIDTH, Encoder, Upper
from inference.lexical import masked
from training.tune import tune

OUTSIDE = "oos"  # the intent of messages that are out of scope
CHUNK = 64


@dataclass(frozen=True)
class Messages:
    """Texts and the intent of each."""

    texts: list[str]
    intents: NDArray[np.str_]

    def __add__(self, other: Messages) -> Messages:
        return Messages(self.texts + other.texts, np.concatenate([self.intents, other.intents]))

    def inside(self) -> Messages:
        """Those in scope."""
        kept = np.flatnonzero(self.intents != OUTSIDE)
        return Messages([self.texts[i] for i in kept], self.intents[kept])


@dataclass(frozen=True)
class Answers:
    """What a reader says of n messages: the likeliest intent in scope, its probability, how far out of scope.

    `confidence` is None for a reader that gives no probabilities.
    """

    intents: NDArray[np.str_]
    confidence: NDArray[np.float64] | None
    outside: NDArray[np.float64]


Reader = Callable[[Sequence[str]], Answers]


def ours(train: Messages, dev: Messages, passes: int, lower: int) -> Reader:
    """The product's own: the tuned encoder and words, weighed on `dev`, and the score that `inference.scope` gives.

    The `lower` layers of the encoder do not learn.
    """
    both = train + dev
    parts = np.arange(len(train.texts)), np.arange(len(train.texts), len(both.texts))
    labels = [("outside" if intent == OUTSIDE else "inside", str(intent)) for intent in both.intents]
    encoder, upper = Encoder(), tune(both.texts, labels, parts, passes=passes, lower=lower)
    vectors = embed(encoder, upper, both.texts, lower)
    head = triage.fit(vectors, both.texts, labels, parts)
    names = np.asarray([intent for _, intent in head.intents])
    outside = names == OUTSIDE

    def look(texts: Sequence[str], found: NDArray[np.float32]) -> Tensor:
        return torch.stack([head.logits(vector, text) for vector, text in zip(found, texts, strict=True)])

    told = None
    if outside.any():
        target = np.asarray([head.intents.index(label) for label in labels])
        told = scope.fit(vectors, look(both.texts, vectors), target, outside, parts)

    def answer(texts: Sequence[str]) -> Answers:
        found = embed(encoder, upper, texts, lower)
        logits = look(texts, found)
        probabilities = logits[:, ~outside].softmax(dim=1).double().numpy()
        strange = told.scores(found, logits).astype(np.float64) if told else 1 - probabilities.max(axis=1)
        return Answers(names[~outside][probabilities.argmax(axis=1)], probabilities.max(axis=1), strange)

    return answer


@torch.inference_mode()
def embed(encoder: Encoder, upper: Upper, texts: Sequence[str], lower: int) -> NDArray[np.float32]:
    """Vectors [n, 384] of the tuned encoder, digits masked as in triage; texts of like length go together."""
    order = np.argsort([len(text) for text in texts])
    found = np.empty((len(texts), WIDTH), np.float32)
    for start in range(0, len(order), CHUNK):
        some = order[start : start + CHUNK]
        found[some] = upper(*encoder.states([masked(texts[i]) for i in some], lower)).numpy()
    return found


def frozen(train: Messages) -> Reader:
    """The published encoder and logistic regression; what it is not sure of is out of scope."""
    encoder, inside = Encoder(), train.inside()
    model = LogisticRegression(C=10, max_iter=300).fit(encoder.embed(inside.texts), inside.intents)

    def answer(texts: Sequence[str]) -> Answers:
        probabilities = model.predict_proba(encoder.embed(texts))
        best = probabilities.max(axis=1)
        return Answers(model.classes_[probabilities.argmax(axis=1)], best, 1 - best)

    return answer


def words(train: Messages) -> Reader:
    """TF-IDF of words and pieces of words with a linear support vector machine."""
    seen = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("pieces", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        ]
    )
    inside = train.inside()
    model = make_pipeline(seen, LinearSVC(C=1.0)).fit(inside.texts, inside.intents)

    def answer(texts: Sequence[str]) -> Answers:
        margins = model.decision_function(texts)
        return Answers(model.classes_[margins.argmax(axis=1)], None, -margins.max(axis=1))

    return answer
