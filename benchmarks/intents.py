"""How well messages are read on public intent sets, official test splits: `python -m benchmarks.intents`.

Prints the stored figures as Markdown; `--again` measures anew, which takes the public data (docs/model.md) and about an
hour on one core. The reader is the product's own (tuned encoder, triage head, out-of-scope score) without the routing
fingerprint, which belongs to a checkpoint; its peers learn from the same messages in the same run.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks import machine
from benchmarks.readers import OUTSIDE, Messages, Reader, frozen, ours, words
from benchmarks.table import table
from inference.weights import replace
from training import sources
from training.tune import SEED

STORED = Path(__file__).parent / "results" / "intents.json"
# Passes over a set, and layers of the encoder that do not learn: three, as in a checkpoint, where that is enough.
TUNING = {"banking77": (8, 0), "clinc150": (5, 0), "hwu64": (8, 3)}
REJECTED = 0.005  # share of the dev messages in scope and read right that a threshold may lose
BINS = 15
READERS = {
    "ours": "Supportbot: tuned encoder, words, scope",
    "frozen": "MiniLM as published + logistic regression",
    "words": "TF-IDF + linear SVM",
}
# What cannot be in CLINC150's scope, so that more than its own 100 messages can show what out of scope is: intents of
# HWU64 that it lacks, and questions about articles of an encyclopaedia.
STRANGE = (
    *("email_query", "email_sendemail", "email_querycontact", "email_addcontact", "social_post", "social_query"),
    *("news_query", "play_podcasts", "play_audiobook", "play_game", "qa_stock", "qa_factoid"),
    *("recommendation_events", "recommendation_movies", "music_likeness"),
)
QUESTIONS, LONGEST = 1800, 12  # questions, and words of one
STRANGE_FROM = 0.6  # how unsure the frozen encoder must be of an outlier's intent
OWN = 4  # how often the set's own messages out of scope count
# Published figures: accuracy in scope, recall out of scope, in percent.
PUBLISHED: dict[str, list[tuple[str, float, float | None]]] = {
    "banking77": [
        ("BERT-large, tuned (arXiv 2003.04807)", 93.66, None),
        ("USE + ConveRT (arXiv 2003.04807)", 93.36, None),
    ],
    "clinc150": [
        ("BERT, out of scope as a class (arXiv 1909.02027)", 96.9, 40.3),
        ("BERT, by threshold (arXiv 1909.02027)", 96.2, 52.3),
    ],
    "hwu64": [],
}


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1 on a test split, and the seconds of learning and reading.

    `accuracy` in scope, where a message rejected counts as wrong; `recall` and `auroc` of those out of scope; `ece` is
    the expected calibration error in scope.
    """

    accuracy: float
    recall: float | None
    auroc: float | None
    ece: float | None
    seconds: float


def read(name: str, part: str) -> Messages:
    """One split of a public set."""
    rows = list(sources.rows(f"intents/{name}.{part}"))
    return Messages([row["text"] for row in rows], np.asarray([row["intent"] for row in rows]))


def outliers(peer: Reader) -> Messages:
    """Messages of other sets that are out of CLINC150's scope, and that a peer finds strange."""
    foreign = read("hwu64", "train")
    texts = [text for text, intent in zip(foreign.texts, foreign.intents, strict=True) if intent in STRANGE]
    questions = [row["question"] for row in sources.rows("grounded.train") if row["source"] == "squad1.1-dev"]
    asked = {re.sub(r"[^\w' ]", "", question.lower()).strip() for question in questions}
    short = sorted(question for question in asked if len(question.split()) <= LONGEST)
    random.Random(0).shuffle(short)
    texts += short[:QUESTIONS]
    kept = [text for text, strange in zip(texts, peer(texts).outside, strict=True) if strange > STRANGE_FROM]
    return Messages(kept, np.full(len(kept), OUTSIDE))


def broadened(train: Messages) -> Messages:
    """The messages to learn from: where some are out of scope, with more of these."""
    own = np.flatnonzero(train.intents == OUTSIDE)
    if not len(own):
        return train
    again = np.tile(own, OWN - 1)
    return train + outliers(frozen(train)) + Messages([train.texts[i] for i in again], train.intents[again])


def figures(reader: Reader, dev: Messages, test: Messages, begun: float) -> Figures:
    """Judge a reader on `test`, with the threshold that `dev` gives: it loses `REJECTED` of what is in scope there."""
    told, seen = reader(dev.texts), reader(test.texts)
    seconds = time.process_time() - begun
    out = test.intents == OUTSIDE
    limit = np.quantile(told.outside[told.intents == dev.intents], 1 - REJECTED) if out.any() else np.inf
    right = seen.intents == test.intents
    return Figures(
        accuracy=float((right & (seen.outside <= limit))[~out].mean()),
        recall=float((seen.outside > limit)[out].mean()) if out.any() else None,
        auroc=float(roc_auc_score(out, seen.outside)) if out.any() else None,
        ece=None if seen.confidence is None else calibration_error(seen.confidence[~out], right[~out]),
        seconds=seconds,
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over `BINS` bins of equal width (arXiv 1706.04599, eq. 3)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float((right[bins == b] - confidence[bins == b]).sum())) for b in range(BINS)]
    return sum(gaps) / len(right)


def measure(name: str, passes: int, lower: int) -> dict[str, Any]:
    """The figures of all readers on one set, ready for JSON."""
    train, dev, test = (read(name, part) for part in ("train", "dev", "test"))
    learned = broadened(train)
    readers: dict[str, Callable[[], Reader]] = {
        "frozen": lambda: frozen(train),
        "words": lambda: words(train),
        "ours": lambda: ours(learned, dev, passes, lower),
    }
    found = {}
    for reader, make in readers.items():
        begun = time.process_time()
        found[reader] = asdict(figures(make(), dev, test, begun))
        print(f"{name}, {reader}: {found[reader]}", flush=True)
    return {
        "learned": len(learned.texts),
        "dev": len(dev.texts),
        "test": len(test.texts),
        "passes": passes,
        "frozen_layers": lower,
        "seed": SEED,
        "date": date.today().isoformat(),
        "machine": machine.describe(),
        "readers": found,
    }


def store(name: str, row: dict[str, Any]) -> None:
    """Put the figures of one set among those stored; a reader sees the old ones or the new ones."""
    replace(STORED, (json.dumps(stored() | {name: row}, indent=1) + "\n").encode())


def stored() -> dict[str, Any]:
    """What was measured, by set."""
    return json.loads(STORED.read_text("utf-8")) if STORED.exists() else {}


def report() -> str:
    """The tables of what is stored, one for each set."""
    return "\n".join(_table(name, row) for name, row in stored().items()) or "Nothing is stored yet.\n"


def _table(name: str, row: dict[str, Any]) -> str:
    heads = ["", "accuracy", "out-of-scope recall", "AUROC", "calibration error", "seconds"]
    rows = [[READERS[reader], *_cells(found)] for reader, found in row["readers"].items()]
    rows += [
        [label, f"{accuracy}%", f"{recall}%" if recall else "", "", "", ""]
        for label, accuracy, recall in PUBLISHED[name]
    ]
    title = f"{name}: {row['test']:,} test messages, {row['learned']:,} learned from ({row['date']})"
    return table(title, heads, rows)


def _cells(found: dict[str, Any]) -> list[str]:
    shares = [found[key] for key in ("accuracy", "recall", "auroc", "ece")]
    return [*("" if share is None else f"{share:.1%}" for share in shares), f"{found['seconds']:.0f}"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what is stored, or measure first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intents", description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure anew, and store")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"only these: {', '.join(TUNING)}")
    given = parser.parse_args(arguments)
    if unknown := set(given.sets) - TUNING.keys():
        parser.error(f"no such set: {', '.join(unknown)}")
    names = (given.sets or list(TUNING)) if given.again else []
    for name in names:
        if not sources.path(f"intents/{name}.train").exists():
            parser.error(f"there is no {name}: SUPPORTBOT_DATA must name the folder of the public data")
    torch.set_num_threads(1)
    for name in names:
        store(name, measure(name, *TUNING[name]))
    print(report())


if __name__ == "__main__":
    main()
