"""Packed tokens on disk, and the batches that a stage takes from them: a step always gets the same batch.

Knows nothing of texts or of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.config import Config, Stage

VALIDATION = "validation"  # the folder in a stage's own that holds what is put aside

Share = tuple[int, int]  # this process' number, and how many there are


class Packed:
    """Documents on disk, memory-mapped: tokens, mask and category of each token, and where documents begin."""

    def __init__(self, folder: Path) -> None:
        self.tokens: NDArray[np.uint16] = np.load(folder / "tokens.npy", mmap_mode="r")
        self.mask: NDArray[np.bool_] = np.load(folder / "mask.npy", mmap_mode="r")
        self.categories: NDArray[np.int8] = np.load(folder / "categories.npy", mmap_mode="r")
        self.offsets: NDArray[np.int64] = np.load(folder / "offsets.npy")


@dataclass(frozen=True)
class Batch:
    """tokens, targets' mask, and categories (-1: none), each [B, T]; `real` is false where a row is padded."""

    tokens: Tensor
    mask: Tensor
    categories: Tensor
    real: Tensor

    def to(self, device: str) -> Batch:
        """The same on another device."""
        return Batch(*(part.to(device) for part in (self.tokens, self.mask, self.categories, self.real)))


class Windows:
    """Equal windows of the packed stream, in an order of its own for each pass."""

    def __init__(self, packed: Packed, stage: Stage, seed: int, share: Share = (0, 1)) -> None:
        self.packed, self.seed, self.share = packed, seed, share
        self.width = min(stage.window + 1, len(packed.tokens))
        self.rows = max(1, stage.batch_tokens // stage.window)
        self.count = len(packed.tokens) // self.width
        self._order = lru_cache(2)(self._shuffled)

    def __call__(self, step: int) -> Batch:
        """This process' rows of a step's batch."""
        mine, of = self.share
        numbers = range(step * self.rows + mine, (step + 1) * self.rows, of)
        picks = np.array([self._order(n // self.count)[n % self.count] for n in numbers], np.int64)
        return _stack(self.packed, picks * self.width, np.full(len(picks), self.width))

    def _shuffled(self, turn: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, turn)).permutation(self.count)


class Buckets:
    """Whole documents of like length together, in an order of its own for each pass."""

    def __init__(self, packed: Packed, stage: Stage, seed: int, context: int, share: Share = (0, 1)) -> None:
        self.packed, self.seed, self.room, self.share = packed, seed, stage.batch_tokens, share
        self.lengths = np.minimum(np.diff(packed.offsets), context)
        self._turn, self._first, self._batches = 0, 0, self._shuffled(0)

    def __call__(self, step: int) -> Batch:
        """This process' rows of a step's batch."""
        if step < self._first:
            self._turn, self._first, self._batches = 0, 0, self._shuffled(0)
        while step - self._first >= len(self._batches):
            self._first += len(self._batches)
            self._turn += 1
            self._batches = self._shuffled(self._turn)
        mine, of = self.share
        picks = np.array(self._batches[step - self._first][mine::of], np.int64)
        return _stack(self.packed, self.packed.offsets[picks], self.lengths[picks])

    def _shuffled(self, turn: int) -> list[list[int]]:
        rng = np.random.default_rng((self.seed, turn))
        order = np.argsort(self.lengths + rng.uniform(0, 12, len(self.lengths)))
        batches: list[list[int]] = [[]]
        for index in order.tolist():
            if batches[-1] and self.lengths[index] * (len(batches[-1]) + 1) > self.room:
                batches.append([])
            batches[-1].append(index)
        rng.shuffle(batches)
        return batches


def source(folder: Path, config: Config, stage: Stage, share: Share = (0, 1)) -> Callable[[int], Batch] | None:
    """The batches of a stage from a packed folder; None when it holds nothing."""
    packed = Packed(folder)
    if len(packed.tokens) < 2:
        return None
    if stage.window:
        return Windows(packed, stage, config.seed, share)
    return Buckets(packed, stage, config.seed, config.model.max_position_embeddings, share)


def _stack(packed: Packed, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Batch:
    """Rows of the packed stream, padded to the longest; a process without any gets a row of padding."""
    if not len(starts):
        starts, lengths = np.zeros(1, np.int64), np.zeros(1, np.int64)
    steps = np.arange(max(2, lengths.max()))
    real = steps < lengths[:, None]
    places = np.where(real, starts[:, None] + steps, 0)
    return Batch(
        tokens=torch.from_numpy(np.where(real, packed.tokens[places], 0).astype(np.int64)),
        mask=torch.from_numpy(packed.mask[places] & real),
        categories=torch.from_numpy(np.where(real, packed.categories[places], -1).astype(np.int64)),
        real=torch.from_numpy(real),
    )
