"""Sentiment: whether a message sounds calm, unhappy or angry, which `corpus/README.md` defines.

One linear head over the tuned sentence vector, the message's words, and how it is written: capitals, marks, length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as write_tensors
from scipy.sparse import csr_matrix, hstack
from torch import Tensor
from torch.nn import functional as F

from inference.lexical import pairs
from inference.weights import replace

SENTIMENTS = ("calm", "unhappy", "angry")
HEAD = "sentiment.safetensors"
BUCKETS = 2**13
SHOUTED = re.compile(r"\b[A-Z]{2,}\b")
LONG = 200  # characters


@dataclass(frozen=True)
class Sentiment:
    """Weights of the head: `dense` [3, vector and signs], `lexical` [3, BUCKETS] and `bias` [3]."""

    dense: Tensor
    lexical: Tensor
    bias: Tensor

    def read(self, vector: NDArray[np.float32], text: str) -> dict[str, float]:
        """Probabilities of `SENTIMENTS` for a message and its sentence vector; they sum to 1."""
        row = words([text])
        found = F.linear(torch.from_numpy(row.data), self.lexical[:, row.indices].float())
        dense = torch.from_numpy(np.concatenate([vector, signs(text)]))
        logits = F.linear(dense, self.dense, self.bias) + found
        return dict(zip(SENTIMENTS, logits.softmax(dim=-1).tolist(), strict=True))

    def save(self, directory: Path) -> None:
        """Put the head beside a checkpoint; a reader sees the old one or the new one."""
        tensors = {"dense": self.dense, "lexical": self.lexical, "bias": self.bias}
        replace(directory / HEAD, write_tensors(tensors))

    @classmethod
    def load(cls, directory: Path) -> Sentiment | None:
        """The head beside a checkpoint; None when it has none."""
        return cls(**load_file(directory / HEAD)) if (directory / HEAD).exists() else None


def features(vectors: NDArray[np.float32], texts: Sequence[str]) -> csr_matrix:
    """What the head sees of messages: sentence vectors [n, width], signs and words, side by side."""
    written = np.stack([signs(text) for text in texts])
    return csr_matrix(hstack([np.hstack([vectors, written]), words(texts)]))


def words(texts: Sequence[str]) -> csr_matrix:
    """Words and pairs of words [n, BUCKETS], each row of unit length."""
    found = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(found, texts, strict=True):
        for bucket, count in pairs(text).items():
            row[bucket % BUCKETS] += count
    return csr_matrix(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12))


def signs(text: str) -> NDArray[np.float32]:
    """How a message is written, each from 0 to 1: capitals, ! and ?, marks in a row, shouted words, length."""
    letters = [character for character in text if character.isalpha()]
    found = (
        sum(map(str.isupper, letters)) / max(1, len(letters)),
        min(3, text.count("!")) / 3,
        min(3, text.count("?")) / 3,
        float(any(marks in text for marks in ("!!", "??", "?!", "!?"))),
        min(3, len(SHOUTED.findall(text))) / 3,
        min(LONG, len(text)) / LONG,
    )
    return np.asarray(found, np.float32)
