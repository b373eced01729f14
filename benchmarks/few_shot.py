"""How well a workspace's own categories are read after a few examples of each: `python -m benchmarks.few_shot`.

Prints the stored curves as Markdown. `--again` measures anew, all sets or those named: some minutes each on one core.
Public sets are left out where the public data is not there (docs/model.md).
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from benchmarks import machine
from benchmarks.questions import MODEL
from benchmarks.table import table
from inference import checkpoint, triage
from inference.encoder import Encoder
from inference.fewshot import FewShot
from inference.lexical import masked
from inference.prompt import Turn, build
from inference.weights import replace
from training import corpus, sources

STORED = Path(__file__).parent / "results" / "few_shot.json"
SHOTS = (1, 2, 5, 10, 20, 50)
DRAWS = 5
POOL, TESTED = 60, 1000  # examples of a category that are drawn from, and test messages of a set
LEAST = 20  # test messages of a category of MultiDoGO: its rarest have none or one
ROOM, CHUNK = 352, 32  # tokens of a message, messages in one pass
SETS = {
    "corpus": "the corpus' 63 intents, held-out messages",
    "banking77": "BANKING77, test",
    "clinc150": "CLINC150 in scope, test",
    "hwu64": "HWU64, test",
    "multidogo": "MultiDoGO, dev, 20 to 40 messages of each intent",
}
READERS = {
    "words": "TF-IDF + linear SVM",
    "published": "encoder as published",
    "both": "both side by side: what `Engine.learn` uses",
    "routing": "both, and the routing vector",
}

Row = tuple[str, str]  # text, category


@dataclass(frozen=True)
class Messages:
    """Texts, categories, and what the model makes of them: vectors [n, width] by name."""

    texts: list[str]
    labels: NDArray[np.str_]
    vectors: dict[str, NDArray[np.float32]]

    def some(self, which: Sequence[int]) -> Messages:
        """Those at some positions."""
        vectors = {name: rows[list(which)] for name, rows in self.vectors.items()}
        return Messages([self.texts[i] for i in which], self.labels[list(which)], vectors)


def load(name: str) -> tuple[list[Row], list[Row]] | None:
    """Messages to draw examples from, and test messages; None where the public data is not there."""
    if name == "corpus":
        train = [(text, intent.name) for intent in corpus.intents() for text in intent.messages]
        test = [(text, label) for label, texts in corpus.held_out().items() for text in texts]
    elif not sources.path(f"intents/{name}.train").exists():
        return None
    else:
        train, test = _public(f"{name}.train"), _public(f"{name}.{'dev' if name == 'multidogo' else 'test'}")
    if name == "multidogo":
        test = _capped(test, 2 * LEAST)
        counts = {label: sum(own == label for _, own in test) for _, label in test}
        test = [(text, label) for text, label in test if counts[label] >= LEAST]
    known = {label for _, label in test}
    train = _capped([(text, label) for text, label in train if label in known], POOL)
    return train, random.Random(0).sample(test, min(TESTED, len(test)))


def curve(train: Messages, test: Messages) -> dict[str, list[list[float]]]:
    """Accuracy of each reader for each number of examples, one for each draw."""
    found: dict[str, list[list[float]]] = {name: [] for name in READERS}
    for shots in SHOTS:
        draws = [train.some(_draw(train.labels, shots, seed)) for seed in range(DRAWS)]
        for name in READERS:
            read = _words if name == "words" else _vectors(name)
            found[name].append([float(np.mean(read(own, test) == test.labels)) for own in draws])
    return found


@torch.inference_mode()
def look(texts: list[str]) -> dict[str, NDArray[np.float32]]:
    """Vectors of messages that open a conversation, as the engine has them, in batches."""
    model, tokenizer, _ = checkpoint.load(MODEL)
    encoder = Encoder()
    uppers = {"published": encoder.upper(), "tuned": encoder.upper(MODEL)}
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    order = np.argsort([len(text) for text in texts])
    for start in range(0, len(order), CHUNK):
        own = [texts[i] for i in order[start : start + CHUNK]]
        states = encoder.states([masked(text) for text in own])
        for name, upper in uppers.items():
            found[name].append(upper(*states).numpy())
        prompts = [build(tokenizer, [Turn("customer", text)], None, room=ROOM) for text in own]
        longest = max(len(prompt.ids) for prompt in prompts)
        ids = [prompt.ids + [tokenizer.pad] * (longest - len(prompt.ids)) for prompt in prompts]
        _, routing = model.hidden(torch.tensor(ids))
        weights = torch.stack([torch.zeros_like(r.probs).scatter(1, r.ids, r.weights) for r in routing])
        weights = weights.view(len(weights), len(own), longest, -1)  # [L, B, T, E]
        shares = [weights[:, i, prompt.words].mean(dim=1).ravel() for i, prompt in enumerate(prompts)]
        found["routing"].append(torch.stack(shares).numpy())
    back = np.argsort(order)
    return {name: np.concatenate(rows)[back] for name, rows in found.items()}


def _vectors(name: str) -> Callable[[Messages, Messages], NDArray[np.str_]]:
    def seen(messages: Messages) -> NDArray[np.float32]:
        if name == "published":
            return messages.vectors[name]
        parts = [messages.vectors["published"], messages.vectors["tuned"]]
        return np.hstack([*parts, triage.ROUTING * messages.vectors["routing"]] if name == "routing" else parts)

    def read(train: Messages, test: Messages) -> NDArray[np.str_]:
        few = FewShot.fit(seen(train), train.labels.tolist())
        found: NDArray[np.str_] = np.asarray(few.categories)[(seen(test) @ few.weights + few.bias).argmax(axis=1)]
        return found

    return read


def _words(train: Messages, test: Messages) -> NDArray[np.str_]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\b\w+\b", sublinear_tf=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")  # one example of each is meant
        model = make_pipeline(vectorizer, LinearSVC()).fit(train.texts, train.labels)
    return np.asarray(model.predict(test.texts))


def _draw(labels: NDArray[np.str_], shots: int, seed: int) -> list[int]:
    """Positions of `shots` examples of each category, all where it has fewer; a larger draw holds the smaller."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return [int(i) for label in np.unique(labels) for i in order[labels[order] == label][:shots]]


def _public(part: str) -> list[Row]:
    return [(row["text"], row["intent"]) for row in sources.rows(f"intents/{part}") if row["intent"] != "oos"]


def _capped(rows: list[Row], most: int) -> list[Row]:
    """Up to `most` of each category, drawn once for all."""
    groups: dict[str, list[str]] = defaultdict(list)
    for text, label in rows:
        groups[label].append(text)
    draw = random.Random(0)
    return [(t, label) for label, texts in sorted(groups.items()) for t in draw.sample(texts, min(most, len(texts)))]


def measure(name: str) -> dict[str, Any] | None:
    """The curve of one set, with date and machine; None where its data is not there."""
    found = load(name)
    if found is None:
        return None
    train, test = found
    vectors = look([text for text, _ in train + test])
    both = Messages([t for t, _ in train + test], np.asarray([label for _, label in train + test]), vectors)
    own, other = both.some(range(len(train))), both.some(range(len(train), len(train) + len(test)))
    sizes = {"categories": len(np.unique(own.labels)), "messages": len(test)}
    when = {"date": date.today().isoformat(), "machine": machine.describe()}
    return when | sizes | {"accuracy": curve(own, other)}


def report() -> str:
    """The tables of what is stored."""
    return "\n".join(tables(_stored()))


def tables(stored: dict[str, Any]) -> Iterator[str]:
    """A table for each set: mean and spread (standard deviation) over the draws, in percent."""
    for name, title in SETS.items():
        if name not in stored:
            continue
        result = stored[name]
        rows = [[label, *map(_spread, result["accuracy"][reader])] for reader, label in READERS.items()]
        head = f"{title}: {result['categories']} categories, {result['messages']} messages"
        yield table(head, ["examples of each category", *map(str, SHOTS)], rows)
        yield f"{result['date']}, {result['machine']}.\n"


def _stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(STORED.read_text("utf-8")) if STORED.exists() else {}
    return found


def _spread(draws: list[float]) -> str:
    return f"{100 * np.mean(draws):.1f} ± {100 * np.std(draws):.1f}"


def main() -> None:
    """Print what is stored; measure first if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", nargs="*", metavar="SET", help=f"measure these anew, or all: {', '.join(SETS)}")
    again = parser.parse_args().again
    if again is not None and (unknown := set(again) - SETS.keys()):
        parser.error(f"no such set: {', '.join(unknown)}")
    stored = _stored()
    for name in (again or SETS) if again is not None else ():
        if result := measure(name):
            stored[name] = result
            replace(STORED, (json.dumps(stored, indent=1) + "\n").encode())
    print(report())


if __name__ == "__main__":
    main()
