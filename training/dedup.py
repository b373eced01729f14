"""Duplicates and near-twins among texts: MinHash signatures in bands, and each pair that they bring checked exactly.

Overlap is Jaccard's, of character 4-grams of short texts or of runs of five words of long ones. Knows nothing of
sources, tokens or files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

BANDS, ROWS = 25, 5  # a pair of overlap s is brought with 1 - (1 - s^5)^25: 0.988 at 0.7, above 0.9999 at 0.8
SEED = 7
CHUNK = 2_000
CROWD = 300  # texts of one bucket among which each pair is tried; in a larger one, each with this many others
DOUBT = 0.15  # by how much a signature may tell too little: three standard deviations of 125 places
MIX = np.uint64(0x9E3779B97F4A7C15)
MASKS = (
    re.compile(r"\{+[^{}]*\}+"),  # placeholders
    re.compile(r"\S+@\S+|https?://\S+|www\.\S+"),
    re.compile(r"(?<=[a-z,] )[A-Z][a-z]+"),  # a capital inside a sentence: mostly a name
    re.compile(r"\S*\d\S*"),  # numbers and codes
)

Shingles = frozenset[str]
Shingler = Callable[[str], Shingles]


def normalised(text: str) -> str:
    """The text without case, accents, punctuation and runs of white space; one of signs alone stays as it is."""
    plain = text.lower()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w ]", " ", plain).split()) or text


def template(text: str) -> str:
    """The normalised text with placeholders, addresses, names and numbers masked: the pattern that it may come from."""
    for mask in MASKS:
        text = mask.sub(" 0 ", text)
    return normalised(text)


def grams(text: str) -> Shingles:
    """Character 4-grams, for short texts."""
    padded = f" {text} "
    return frozenset(padded[i : i + 4] for i in range(max(1, len(padded) - 3)))


def runs(text: str) -> Shingles:
    """Runs of five words, for long texts."""
    words = text.split()
    return frozenset(" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4)))


def overlap(a: Shingles, b: Shingles) -> float:
    """Jaccard's: what both have by what either has."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def twins(texts: Sequence[str], shingle: Shingler, least: float) -> list[int]:
    """For each text the place of an earlier one, itself without a twin, that it overlaps by `least`; or its own."""
    found, cached = list(range(len(texts))), lru_cache(200_000)(lambda i: shingle(texts[i]))
    for a, b in _candidates(texts, shingle, least):  # by b, then by a
        if found[a] == a and found[b] == b and overlap(cached(a), cached(b)) >= least:
            found[b] = a
    return found


def clusters(texts: Sequence[str], shingle: Shingler, least: float) -> list[int]:
    """For each text the smallest place in its cluster: pairs that overlap by `least`, joined transitively."""
    parent, cached = list(range(len(texts))), lru_cache(200_000)(lambda i: shingle(texts[i]))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    for a, b in _candidates(texts, shingle, least):
        one, other = root(a), root(b)
        if one != other and overlap(cached(a), cached(b)) >= least:
            parent[max(one, other)] = min(one, other)
    return [root(index) for index in range(len(texts))]


def _candidates(texts: Sequence[str], shingle: Shingler, least: float) -> list[tuple[int, int]]:
    """Pairs a < b that share a bucket and whose signatures do not speak against the overlap, sorted by b."""
    signatures = _signatures(texts, shingle)
    codes = [
        np.zeros(0, np.int64),
        *(_shared(bucketed) for bucketed in np.split(signatures.astype(np.uint64), BANDS, axis=1)),
    ]
    pairs = np.stack(np.divmod(np.unique(np.concatenate(codes)), len(texts) or 1), axis=1)[:, ::-1]
    alike = [
        np.mean(signatures[part[:, 0]] == signatures[part[:, 1]], axis=1)
        for part in np.split(pairs, range(CHUNK, len(pairs), CHUNK))
    ]
    return pairs[np.concatenate(alike) >= least - DOUBT].tolist()  # type: ignore[no-any-return]


def _shared(band: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Codes b * n + a of the pairs a < b whose rows [n, ROWS] are equal; in a crowd, of neighbours alone."""
    keys = np.zeros(len(band), np.uint64)
    for column in band.T:
        keys = (keys ^ column) * MIX
        keys ^= keys >> np.uint64(29)
    order = np.argsort(keys, kind="stable")
    found = []
    for step in range(1, min(CROWD, len(order))):
        same = keys[order[step:]] == keys[order[:-step]]
        if not same.any():
            break
        found.append(order[step:][same] * len(order) + order[:-step][same])
    return np.concatenate([np.zeros(0, np.int64), *found])


def _signatures(texts: Sequence[str], shingle: Shingler) -> NDArray[np.uint32]:
    width = BANDS * ROWS
    parts = [np.zeros((0, width), np.uint32)]
    for start in range(0, len(texts), CHUNK):
        sets = [list(shingle(text)) for text in texts[start : start + CHUNK]]
        parts.append(np.asarray(RMinHash.digest_matrix_from_token_sets(sets, width, SEED).to_rows(), np.uint32))
    return np.concatenate(parts)
