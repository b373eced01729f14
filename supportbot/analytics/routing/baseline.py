"""What the training messages looked like to the installed checkpoint's router, as `training.baseline` stored it.

Letters: C categories, E experts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.trace import divergence
from supportbot.chat.versions import registry

FILE = "baseline.json"


@dataclass(frozen=True)
class Baseline:
    """Messages of each category in training, the experts' mean share of their words, and what counts as a stray."""

    version: str
    messages: Mapping[str, int]
    words: Mapping[str, NDArray[np.float64]]
    strays: float
    stray_from: float

    def fit(self, share: NDArray[np.floating], category: str) -> tuple[str, float]:
        """The category whose words are routed most like a share [E], and how much more like them than its own."""
        if category not in self.words:
            return "", 0.0
        names = list(self.words)
        far = divergence(share, np.stack([self.words[name] for name in names]))  # [C]
        return names[int(far.argmin())], float(far[names.index(category)] - far.min())

    def expected(self, mix: Mapping[str, float]) -> NDArray[np.float64]:
        """The experts' share [E] of the words that messages of this mix of categories would have had in training."""
        known = {name: part for name, part in mix.items() if name in self.words}
        total = sum(known.values()) or 1.0
        none = np.zeros_like(next(iter(self.words.values())))
        return sum((self.words[name] * part / total for name, part in known.items()), none)


def baseline_of(version: str) -> Baseline | None:
    """None where nothing was measured of these very weights."""
    path = (registry.find(version) or Path()) / FILE
    known = _read(path, path.stat().st_mtime_ns) if path.exists() else None
    return known if known and known.version == version else None


@lru_cache(maxsize=2)
def _read(path: Path, stamp: int) -> Baseline | None:
    try:
        data = json.loads(path.read_text("utf-8"))
        words = {str(name): np.asarray(share, np.float64) for name, share in data["words"].items()}
        messages = {str(name): int(count) for name, count in data["messages"].items()}
        return Baseline(str(data["version"]), messages, words, float(data["strays"]), float(data["stray_from"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
