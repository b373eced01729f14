"""How well the checkpoint tells off-topic from support on held-out messages: `python -m benchmarks.off_topic`.

Reads each message with `Engine.read`; knows no product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.intents import calibration_error
from benchmarks.questions import MODEL
from benchmarks.table import table
from inference.engine import Engine, Turn
from training import corpus

THREADS = 16
FALSE_ALARMS = 0.05


def scores(engine: Engine, texts: Sequence[str]) -> NDArray[np.float64]:
    """Out-of-scope scores of single messages; those of a checkpoint that cannot tell are not numbers."""
    with ThreadPoolExecutor(THREADS) as pool:
        readings = pool.map(lambda text: engine.read([Turn("customer", text)]), texts)
        return np.asarray([reading.out_of_scope for reading in readings], np.float64)


def rows(off_topic: NDArray[np.float64], support: NDArray[np.float64]) -> list[list[str]]:
    """What the scores of messages of both kinds are worth."""
    said, true = np.concatenate([off_topic, support]), np.arange(len(off_topic) + len(support)) < len(off_topic)
    limit = np.quantile(support, 1 - FALSE_ALARMS)
    sure = np.maximum(said, 1 - said)
    return [
        ["area under the ROC curve", f"{roc_auc_score(true, said):.4f}"],
        [f"off-topic found at {FALSE_ALARMS:.0%} false alarms", f"{(off_topic > limit).mean():.1%}"],
        ["calibration error", f"{calibration_error(sure, (said > 0.5) == true):.1%}"],
    ]


def report(held_out: Mapping[str, Sequence[str]] | None = None) -> str:
    """The table of this part."""
    own = {intent.name for intent in corpus.intents() if intent.category == corpus.OFF_TOPIC}
    kept = held_out or corpus.held_out()
    said = {
        name: [text for intent in kept if (intent in own) == name for text in kept[intent]] for name in (True, False)
    }
    with Engine.load(MODEL) as engine:
        off_topic, support = scores(engine, said[True]), scores(engine, said[False])
    title = f"Out-of-scope score on {len(off_topic)} off-topic and {len(support):,} support messages, held out"
    return table(title, ["", "figure"], rows(off_topic, support))


if __name__ == "__main__":
    print(report())
