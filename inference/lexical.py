"""TF-IDF of a message's pieces of words and pairs of words, hashed into buckets.

The same numbers as scikit-learn's HashingVectorizer and TfidfTransformer, without the second that their import takes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import mmh3
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

BUCKETS = 2**14
PIECE = range(2, 6)  # characters
WORD = re.compile(r"\b\w+\b")
DIGIT = re.compile(r"\d")


def masked(text: str) -> str:
    """The text with 0 for every digit, as triage reads it."""
    return DIGIT.sub("0", text)


def inverse_frequency(texts: Sequence[str]) -> NDArray[np.float32]:
    """How rare each bucket of pieces and of pairs is among the texts [2, BUCKETS]: ln((1 + n) / (1 + found)) + 1."""
    found = np.zeros((2, BUCKETS))
    for text in texts:
        for part, counts in enumerate(_counts(text)):
            found[part, list(counts)] += 1
    return np.asarray(np.log((1 + len(texts)) / (1 + found)) + 1, np.float32)


def lexical(texts: Sequence[str], idf: NDArray[np.float32]) -> csr_matrix:
    """TF-IDF of pieces and of pairs of words [texts, 2 * BUCKETS], each part of unit length."""
    indices, data, ends = [], [], [0]
    for text in texts:
        for part, counts in enumerate(_counts(text)):
            own = np.array(sorted(counts), np.int64)
            values = (np.log([counts[bucket] for bucket in own.tolist()]) + 1) * idf[part, own]
            indices.append(own + part * BUCKETS)
            data.append(values / max(np.linalg.norm(values), 1e-12))
        ends.append(ends[-1] + len(indices[-2]) + len(indices[-1]))
    parts = (np.concatenate(data).astype(np.float32), np.concatenate(indices), ends)
    return csr_matrix(parts, shape=(len(texts), 2 * BUCKETS))


def pairs(text: str) -> Counter[int]:
    """How often each bucket of words and pairs of words occurs in the text."""
    return _pairs(_clean(text))


def _counts(text: str) -> tuple[Counter[int], Counter[int]]:
    """How often each bucket of pieces, and each of words and pairs of words, occurs."""
    clean = _clean(text)
    return Counter(map(_bucket, _pieces(clean))), _pairs(clean)


def _pairs(text: str) -> Counter[int]:
    words = WORD.findall(text)
    return Counter(map(_bucket, [*words, *map(" ".join, zip(words, words[1:], strict=False))]))


def _clean(text: str) -> str:
    return masked(text.encode("utf-8", "replace").decode()).lower()


def _pieces(text: str) -> Iterable[str]:
    """Pieces of each word with a space on either side; a word shorter than a piece is one piece, once."""
    for word in text.split():
        padded = f" {word} "
        for length in PIECE:
            for start in range(max(1, len(padded) - length + 1)):
                yield padded[start : start + length]
            if length >= len(padded):
                break


def _bucket(piece: str) -> int:
    return abs(mmh3.hash(piece)) % BUCKETS
