"""Answers in the words of a passage: which of its sentences answer a question, and how surely. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.chat.grounding import MARKUP, content, sentences

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
KEPT = 20_000  # vectors: 30 MB
LEAST, MOST = 25, 75  # words of a quotation
ITEM = re.compile(r"^(?:[-*•]|\d+[.)])\s+")
LEANS = re.compile(r"^(?:it|they|this|that|these|those|he|she|if not|otherwise|however|then|also|in that case)\b", re.I)

_vectors: dict[tuple[Embed, str], NDArray[np.float32]] = {}


@dataclass(frozen=True)
class Quote:
    """Sentences of one passage, word for word, and how surely they answer the question, from 0 to 1."""

    text: str
    passage: Any
    sureness: float


def best(question: str, passages: Sequence[Any], embed: Embed) -> Quote | None:
    """The sentences that answer best; passages have `heading` and `text`. None without a passage."""
    units = [
        (passage, parts, at) for passage in passages for parts in [units_of(passage.text)] for at in range(len(parts))
    ]
    if not units:
        return None
    texts = [f"{_last(passage.heading)}: {parts[at]}" for passage, parts, at in units]
    scores = _embedded(texts, embed) @ embed([question])[0] + _coverage(
        question, [f"{p.heading} {parts[at]}" for p, parts, at in units]
    )
    index = int(scores.argmax())
    passage, parts, at = units[index]
    return Quote(_window(parts, at), passage, float(np.clip(scores[index] / 2, 0, 1)))


def units_of(text: str) -> list[str]:
    """Sentences and items of a list; what holds markup that no person reads is left out."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    units = [unit for line in lines for unit in ([line] if ITEM.match(line) else sentences(line))]
    return [unit for unit in units if not MARKUP.search(unit)]


def _embedded(texts: Sequence[str], embed: Embed) -> NDArray[np.float32]:
    """Their vectors; a passage's sentences come again with many a question, so what was made is kept."""
    if len(_vectors) > KEPT:
        _vectors.clear()
    kept = ((text, _vectors.get((embed, text))) for text in texts)
    known = {text: vector for text, vector in kept if vector is not None}
    if new := [text for text in dict.fromkeys(texts) if text not in known]:
        known |= dict(zip(new, embed(new), strict=True))
        _vectors.update({(embed, text): known[text] for text in new})
    return np.stack([known[text] for text in texts])


def _coverage(question: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """Which share of the question's words a text has; a word that few of the texts have weighs more."""
    asked, held = content(question), [content(text) for text in texts]
    weight = {word: np.log(1 + len(texts) / (0.5 + sum(word in one for one in held))) for word in asked}
    total = sum(weight.values()) or 1.0
    return np.array([sum(weight[word] for word in asked & one) / total for one in held])


def _window(units: Sequence[str], at: int) -> str:
    """The unit with what belongs to it: its whole list, or the sentences that it needs to be understood."""
    first, last = at, at
    while first > 0 and (ITEM.match(units[first]) or LEANS.match(units[first])):
        first -= 1
    while last + 1 < len(units) and (ITEM.match(units[last + 1]) or _fits(units[first : last + 2])):
        last += 1
    joined = " ".join(f"\n{unit}" if ITEM.match(unit) else unit for unit in units[first : last + 1])
    return joined.replace(" \n", "\n").strip()


def _fits(units: Sequence[str]) -> bool:
    """Whether the last of them still belongs to a short quotation."""
    return _words(units[:-1]) < LEAST and _words(units) <= MOST and not ITEM.match(units[-2])


def _words(units: Sequence[str]) -> int:
    return sum(len(unit.split()) for unit in units)


def _last(heading: str) -> str:
    return heading.rsplit(" › ", 1)[-1]
