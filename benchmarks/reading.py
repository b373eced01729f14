"""How well a message's sentiment and language are read: `python -m benchmarks.reading`. Takes a minute.

Sentiment on the corpus' own held-out messages, beside the majority and beside the head's own training messages left out
in turn; language on held-out English messages and, where the public data is there (docs/model.md), on other languages.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from benchmarks import machine
from benchmarks.questions import MODEL
from benchmarks.table import table
from inference.engine import Engine, Turn
from inference.language import UNKNOWN, Languages
from inference.sentiment import SENTIMENTS
from training import corpus, sentiment, sources

Rows = list[list[str]]
UNLIKE = 0.6  # cosine of the published encoder's vectors
LENGTHS = (15, 30, 60)  # characters
SHORT = 60
SAMPLE = 600
OTHERS = 200
# Parallel sentences that people wrote as such; the help pages are full of English product names.
SPOKEN = ("tatoeba", "django-oscar")
DUTCH = (  # the public data has none
    "waar blijft mijn bestelling",
    "ik wil graag mijn geld terug",
    "hoe kan ik mijn wachtwoord wijzigen?",
    "de lamp is kapot aangekomen",
    "kan ik dit ruilen voor een grotere maat",
    "Wanneer wordt mijn pakket bezorgd?",
    "ik heb twee keer betaald",
    "mag ik een factuur op naam van mijn bedrijf",
    "bedankt voor je hulp",
    "ik kan niet inloggen",
)


def report() -> str:
    """All tables."""
    with Engine.load(MODEL) as engine:
        return f"{tone(engine)}\n{languages()}"


def tone(engine: Engine) -> str:
    """The tables of sentiment."""
    kept, known = _rows(corpus.held_out_sentiments()), _rows(corpus.sentiments())
    said = _said(engine, [text for text, _ in kept])
    true = [label for _, label in kept]
    seen = sentiment.vectors(MODEL, [text for text, _ in known])
    again = sentiment.judged(seen, [text for text, _ in known], [label for _, label in known])
    unlike = _unlike(engine, [text for text, _ in kept], [text for text, _ in known])
    rows = [
        _scored("held out", true, said),
        _scored(
            f"- no training message nearer than a cosine of {UNLIKE}",
            [true[i] for i in unlike],
            [said[i] for i in unlike],
        ),
        _scored("training messages, left out in turn", [label for _, label in known], again),
        _scored("held out, always calm", true, [SENTIMENTS[0]] * len(true)),
    ]
    counts = confusion_matrix(true, said, labels=SENTIMENTS)
    confused = [[f"is {name}", *map(str, row)] for name, row in zip(SENTIMENTS, counts, strict=True)]
    return "\n".join(
        [
            table("Sentiment", ["", "messages", "accuracy", "macro F1"], rows),
            table("Sentiment, held out: said to be", ["", *SENTIMENTS], confused),
            table("What other held-out messages are said to be", ["intent", "messages", *SENTIMENTS], _shares(engine)),
        ]
    )


def languages() -> str:
    """The tables of language, by length of the message."""
    reader = Languages()
    english = [text for name, texts in corpus.held_out().items() if name != "nonsense" for text in texts]
    rows = [_told(reader, "en (held-out customer messages)", "en", english)]
    rows += [_told(reader, code, code, texts) for code, texts in sorted(_foreign().items())]
    rows.append(_told(reader, "nl (written for this table)", "nl", DUTCH))
    bins = [f"under {LENGTHS[0]}", *(f"to {end - 1}" for end in LENGTHS[1:]), f"{LENGTHS[-1]} and more"]
    heads = ["language", "messages", "right", UNKNOWN, "wrong", *(f"right, {name} characters" for name in bins)]
    return table("Language, with English at home", heads, rows)


def _rows(messages: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(text, label) for label, texts in messages.items() for text in texts]


def _said(engine: Engine, texts: Sequence[str]) -> list[str]:
    return [engine.read([Turn("customer", text)]).sentiment or "" for text in texts]


def _scored(name: str, true: Sequence[str], said: Sequence[str]) -> list[str]:
    f1 = f1_score(true, said, labels=SENTIMENTS, average="macro", zero_division=0)
    return [name, str(len(true)), f"{accuracy_score(true, said):.1%}", f"{f1:.3f}"]


def _unlike(engine: Engine, texts: Sequence[str], others: Sequence[str]) -> list[int]:
    """Which of the texts resemble none of the others."""
    nearest = (engine.embed(texts) @ engine.embed(others).T).max(axis=1)
    return [int(i) for i in np.flatnonzero(nearest < UNLIKE)]


def _shares(engine: Engine) -> Rows:
    """How often messages that bear no label of sentiment are said to be what: a look, no measure."""
    kept = corpus.held_out()
    groups = {name: kept[name] for name in ("praise", "complaint", "hostile")}
    others = [text for name, texts in kept.items() if name not in groups for text in texts]
    groups["others, a sample"] = random.Random(0).sample(others, OTHERS)
    rows = []
    for name, texts in groups.items():
        said = _said(engine, texts)
        rows.append([name, str(len(texts)), *(f"{said.count(label) / len(said):.1%}" for label in SENTIMENTS)])
    return rows


def _foreign() -> dict[str, list[str]]:
    """Up to `SAMPLE` short sentences of each language that the public data has; none without it."""
    found = defaultdict(list)
    for row in sources.rows("parallel.dev"):
        code = row["tgt_lang"][:2]
        if len(row["tgt"]) < SHORT and (row["source"] in SPOKEN or code in ("it", "pt")):
            found[code].append(row["tgt"])
    draw = random.Random(0)
    return {code: draw.sample(texts, min(SAMPLE, len(texts))) for code, texts in found.items()}


def _told(reader: Languages, name: str, code: str, texts: Sequence[str]) -> list[str]:
    """A row: how often the language is right, unknown, wrong, and right by length."""
    said = [reader.read(text) for text in texts]
    sizes = np.digitize([len(text) for text in texts], LENGTHS)
    right = np.asarray([own == code for own in said])
    shares = [right.mean(), said.count(UNKNOWN) / len(said)]
    shares.append(1 - sum(shares))
    parts = [right[sizes == size] for size in range(len(LENGTHS) + 1)]
    return [name, str(len(said)), *(f"{s:.1%}" for s in shares), *(f"{p.mean():.1%}" if len(p) else "" for p in parts)]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"Machine: {machine.describe()}; {date.today():%d %B %Y}.\n")
    print(report())
