"""Fits the sentiment head on the corpus' own messages: `python -m training.sentiment DIRECTORY` for a checkpoint."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch.nn import functional as F

from inference.encoder import Encoder
from inference.lexical import masked
from inference.sentiment import BUCKETS, SENTIMENTS, Sentiment, features
from training import corpus

C = 3.0  # inverse weight decay
FOLDS = 5


def vectors(directory: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Sentence vectors [n, WIDTH] by the checkpoint's encoder, as the engine has them."""
    encoder = Encoder()
    upper = encoder.upper(directory)
    with torch.no_grad():
        return np.concatenate([upper(*encoder.states([masked(text)])).numpy() for text in texts])


def fit(seen: NDArray[np.float32], texts: Sequence[str], labels: Sequence[str]) -> Sentiment:
    """The head for sentence vectors [n, WIDTH] of messages and their sentiments.

    One scale of all logits makes those of the messages left out in turn likeliest (temperature, arXiv 1706.04599).
    """
    rows, target = features(seen, texts), np.asarray([SENTIMENTS.index(label) for label in labels])
    unseen, answers = torch.from_numpy(_left_out(rows, target)), torch.from_numpy(target)
    scale = minimize_scalar(lambda s: float(F.cross_entropy(s * unseen, answers)), bounds=(0.1, 10), method="bounded").x
    model = LogisticRegression(C=C, max_iter=500).fit(rows, target)
    dense, lexical = np.split(scale * model.coef_, [-BUCKETS], axis=1)
    return Sentiment(
        dense=torch.from_numpy(dense).float().contiguous(),
        lexical=torch.from_numpy(lexical).half().contiguous(),
        bias=torch.from_numpy(scale * model.intercept_).float(),
    )


def judged(seen: NDArray[np.float32], texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """What a head that has not learnt from a message says of it, `FOLDS` parts left out in turn."""
    target = np.asarray([SENTIMENTS.index(label) for label in labels])
    return [SENTIMENTS[best] for best in _left_out(features(seen, texts), target).argmax(axis=1)]


def _left_out(rows: object, target: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logits [n, 3] of each message by a model fitted on the other folds."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    model = LogisticRegression(C=C, max_iter=500)
    return np.asarray(cross_val_predict(model, rows, target, cv=folds, method="decision_function"))


def finish(directory: Path) -> None:
    """Put a head beside the checkpoint."""
    rows = [(text, label) for label, texts in corpus.sentiments().items() for text in texts]
    texts = [text for text, _ in rows]
    fit(vectors(directory, texts), texts, [label for _, label in rows]).save(directory)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
