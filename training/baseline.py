"""What the training messages look like to a checkpoint's router: what a workspace's messages are held against later.

`python -m training.baseline models/fennmoor` leaves `baseline.json` in the directory, with the checkpoint's version:
for each category how many messages of the corpus it has, the experts' mean share of the router's weight on their words
[E], and `stray_from`, the gap from which a message counts as one that fits another category better. A gap is how much
more alike (`inference.trace.divergence`) a message's routing is to another category's than to its own; a part `STRAYS`
of the training messages have a wider one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.engine import Engine, Turn
from inference.trace import divergence
from training import corpus

FILE = "baseline.json"
MESSAGES = 250  # of each category, at most
STRAYS = 0.03
THREADS = 8


def measure(directory: Path, messages: int = MESSAGES) -> dict[str, Any]:
    """The content of `baseline.json`."""
    texts: dict[str, list[str]] = {}
    for intent in corpus.intents():
        texts.setdefault(intent.category, []).extend(intent.messages)
    rng = np.random.default_rng(0)
    sample = {name: rng.permutation(np.asarray(said, object))[:messages].tolist() for name, said in texts.items()}
    with Engine.load(directory) as engine, ThreadPoolExecutor(THREADS) as pool:
        version = engine.info.version
        shares = {
            name: np.stack(list(pool.map(lambda text: engine.read([Turn("customer", text)]).trace.share, said)))
            for name, said in sample.items()
        }
    each = {name: rows.mean(axis=1) for name, rows in shares.items()}  # [n, E]
    means = {name: rows.mean(axis=0) for name, rows in each.items()}
    return {
        "version": version,
        "messages": {name: len(said) for name, said in texts.items()},
        "words": {name: np.round(mean.astype(np.float64), 5).tolist() for name, mean in means.items()},
        "strays": STRAYS,
        "stray_from": round(stray_from(each, means), 4),
    }


def stray_from(each: Mapping[str, NDArray[np.floating]], means: Mapping[str, NDArray[np.floating]]) -> float:
    """The gap that a part `STRAYS` of the messages exceeds, by shares [n, E] and their means [E] of each category."""
    others, gaps = np.stack(list(means.values())), []
    for index, rows in enumerate(each.values()):
        far = np.stack([divergence(row, others) for row in rows])  # [n, C]
        gaps.append(far[:, index] - far.min(axis=1))
    return float(np.quantile(np.concatenate(gaps), 1 - STRAYS))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m training.baseline", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    (directory / FILE).write_text(json.dumps(measure(directory)), "utf-8")


if __name__ == "__main__":
    main()
