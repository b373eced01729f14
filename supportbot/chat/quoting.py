"""Answers in the words of a passage: which of its sentences answer a question, and how surely. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from supportbot.chat.grounding import MARKUP, sentences
from supportbot.knowledge.pages import OPEN
from supportbot.workspaces.models import Workspace

Find = Callable[[str, Sequence[tuple[str, Sequence[str]]]], list[list[float]]]  # as `Engine.find_answers`
QUOTE_FROM = 0.7  # probability that passages answer, from which they are quoted, unless the workspace has its own
UNSURE = 0.7  # below which what the next passage says is quoted, too,
BESIDE = 0.25  # if its best sentence has this part of the best one's probability
LEAST, MOST = 35, 75  # words of a quotation
ALSO = 0.4  # of the best sentence's probability, from which another of its passage is quoted, too
HEADING = re.compile(r"^(?:[^\s|]+ ){0,11}[^\s|]+[:?]$")  # as `passages.cut` marks it
ITEM = re.compile(r"(?:[-*•]|\d+[.)])\s+|.* \| ")  # of a list, or a row of a table
NUMBER = re.compile(r"\s*#?\b\d{5,}\b")  # of one order or invoice, which no help page knows
LEANS = re.compile(
    r"^(?:it|they|this|that|these|those|he|she|if not|otherwise|however|then|also|in (?:this|that))\b", re.I
)


@dataclass(frozen=True)
class Quote:
    """Sentences of one passage, word for word, and how likely they answer the question, from 0 to 1."""

    text: str
    passage: Any
    likely: float


@dataclass(frozen=True)
class Quotation:
    """What is quoted for a question, best first: of one passage or, where that is not sure, of two.

    `sureness` is how likely any sentence of the passages that were read answers, from 0 to 1.
    """

    quotes: tuple[Quote, ...]
    sureness: float


def threshold(workspace: Workspace) -> float:
    """The sureness from which a question is answered by a quotation."""
    return QUOTE_FROM if workspace.quote_from is None else workspace.quote_from


def best(question: str, passages: Sequence[Any], find: Find) -> Quotation | None:
    """The sentences that answer best; passages have `heading` and `text`. None without one that has no open slot."""
    passages = [passage for passage in passages if OPEN not in passage.text]
    parts = [_parts(passage.text) for passage in passages]
    likely = find(
        NUMBER.sub("", question),
        [(p.heading, [read for read, _ in own]) for p, own in zip(passages, parts, strict=True)],
    )
    ranked = sorted((at for at, own in enumerate(likely) if own), key=lambda at: -max(likely[at]))[:2]
    if not ranked:
        return None
    quotes = [_quote(passages[at], parts[at], likely[at]) for at in ranked[:1]]
    if quotes[0].likely < UNSURE:
        enough = BESIDE * max(likely[ranked[0]])
        quotes += [_quote(passages[at], parts[at], likely[at]) for at in ranked[1:] if max(likely[at]) >= enough]
    return Quotation(tuple(quotes), min(1.0, sum(map(sum, likely))))


def _quote(passage: Any, parts: Sequence[tuple[str, str]], likely: Sequence[float]) -> Quote:
    """What a passage says, with the probabilities of its units."""
    most = max(likely)
    answering = sorted((at for at, one in enumerate(likely) if one >= ALSO * most), key=lambda at: -likely[at])
    chosen = _chosen(parts, answering)
    units = [(at, parts[at][1]) for at in sorted(chosen)]
    return Quote(_joined(units), passage, min(1.0, sum(likely[at] for at in answering if at in chosen)))


def _parts(text: str) -> list[tuple[str, str]]:
    """The units of a passage, each as it is read and as it is quoted: a heading is read with what follows it."""
    units = units_of(text)
    parts: list[tuple[str, str]] = []
    heading = ""
    for unit, after in zip(units, [*units[1:], ""], strict=True):
        if after and HEADING.match(unit) and not ITEM.match(unit):
            heading = f"{heading}{unit}: "
        else:
            parts.append((f"{heading}{unit}", unit))
            heading = ""
    return parts


def units_of(text: str) -> list[str]:
    """Sentences, items of a list and rows of a table; what holds markup that no person reads is left out."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    units = [unit for line in lines for unit in ([line] if ITEM.match(line) else sentences(line))]
    return [unit for unit in units if not MARKUP.search(unit)]


def _chosen(parts: Sequence[tuple[str, str]], answering: Sequence[int]) -> set[int]:
    """The windows of the units that answer, best first, as long as they make a short quotation."""
    chosen: set[int] = set()
    for at in answering:
        more = chosen | set(_window(parts, at))
        if not chosen or _words([parts[one][1] for one in more]) <= MOST:
            chosen = more
    return chosen


def _window(parts: Sequence[tuple[str, str]], at: int) -> range:
    """The unit with what belongs to it: its whole list or table, or the sentences of its section that it needs."""
    units = [unit for _, unit in parts]
    begins = [read != unit for read, unit in parts]
    first, last = at, at
    while first > 0 and not begins[first] and (ITEM.match(units[first]) or LEANS.match(units[first])):
        first -= 1
    while last + 1 < len(units) and not begins[last + 1]:
        if not ITEM.match(units[last + 1]) and not _fits(units[first : last + 2]):
            break
        last += 1
    return range(first, last + 1)


def _joined(units: Sequence[tuple[int, str]]) -> str:
    """Numbered units as a text: an item, and what does not follow directly, begins a line."""
    text, last = "", -2
    for at, unit in units:
        text += f"\n{unit}" if ITEM.match(unit) or at != last + 1 else f" {unit}"
        last = at
    return text.strip()


def _fits(units: Sequence[str]) -> bool:
    """Whether the last of them still belongs to a short quotation."""
    return _words(units[:-1]) < LEAST and _words(units) <= MOST and not ITEM.match(units[-2])


def _words(units: Sequence[str]) -> int:
    return sum(len(unit.split()) for unit in units)
