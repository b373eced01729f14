"""Questions with the sentences that answer them: the invented companies of corpus/reading, and public sets.

Knows nothing of a model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.reader import Page
from training import corpus, sources

FOLDER = corpus.ROOT / "reading"
HELD_OUT = ("cobbarrow", "dashwren", "gearnook", "irisloft", "ledgerfern", "reringer", "safeharrow", "treadmoor")
QUESTION = re.compile(r"\? (?P<text>.+) \| (?P<ids>-|[a-z]\d+(?: [a-z]\d+)*)")
SENTENCE = re.compile(r"(?P<id>[a-z]\d+) (?P<text>\S.*)")
END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'])")
MOST = 180  # words of a public page
FULL = "squad1.1-dev"  # its answers are words of the page; in the other sets a reply stands beside it
NEED = 0.5  # share of a reply's words that its sentence has


@dataclass(frozen=True)
class Question:
    """What is asked, and the sentences that answer it, as (page, sentence) of its pool; empty: none does."""

    text: str
    answers: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Pool:
    """Pages that are looked through together, and questions about them."""

    name: str
    pages: tuple[Page, ...]
    questions: tuple[Question, ...]


class FormatError(ValueError):
    """A file of corpus/reading does not hold what its format says; the message names file and line."""


def company(path: Path) -> Pool:
    """One invented company; FormatError."""
    headings: list[str] = []
    sentences: list[list[str]] = []
    places: dict[str, tuple[int, int]] = {}
    questions: list[Question] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], 2):
        if line.startswith("## "):
            headings.append(line[3:])
            sentences.append([])
        elif asked := QUESTION.fullmatch(line):
            ids = () if asked["ids"] == "-" else asked["ids"].split()
            if unknown := [name for name in ids if name not in places]:
                raise FormatError(f"{path.name}, line {number}: no sentence {' '.join(unknown)}")
            questions.append(Question(asked["text"], frozenset(places[name] for name in ids)))
        elif (said := SENTENCE.fullmatch(line)) and headings and said["id"] not in places:
            places[said["id"]] = (len(headings) - 1, len(sentences[-1]))
            sentences[-1].append(said["text"])
        elif line:
            told = f"neither a title, a new sentence nor a question: {line[:60]}"
            raise FormatError(f"{path.name}, line {number}: {told}")
    pages = tuple(Page(heading, tuple(own)) for heading, own in zip(headings, sentences, strict=True))
    return Pool(path.stem, pages, tuple(questions))


def companies(*, held_out: bool) -> list[Pool]:
    """The companies to learn from, or those that are kept for the figures."""
    return [company(path) for path in sorted(FOLDER.glob("*.txt")) if (path.stem in HELD_OUT) == held_out]


def public() -> list[Pool]:
    """English rows of `grounded.train` whose answer stands in a sentence; none where the file is missing."""
    pages: dict[str, dict[str, int]] = defaultdict(dict)
    held: dict[str, list[Page]] = defaultdict(list)
    questions: dict[str, list[Question]] = defaultdict(list)
    for row in sources.rows("grounded.train"):
        if row["language"] != "en" or not row["answerable"]:
            continue
        pool = row["title"] if row["source"] == FULL else row["source"]
        sentences = _sentences(row["passage"])
        answers = _answering(sentences, row["answer"], exact=row["source"] == FULL)
        if not answers:
            continue
        first, kept = _part(sentences, answers)
        page = pages[pool].setdefault(" ".join(kept), len(held[pool]))
        if page == len(held[pool]):
            held[pool].append(Page(row["title"], tuple(kept)))
        questions[pool].append(Question(row["question"], frozenset((page, at - first) for at in answers)))
    return [Pool(name, tuple(held[name]), tuple(questions[name])) for name in held if len(held[name]) > 1]


def _sentences(passage: str) -> list[str]:
    return [part for line in passage.splitlines() for part in END.split(line.strip()) if part]


def _answering(sentences: list[str], answer: str, *, exact: bool) -> list[int]:
    """The sentences with the answer: its words as they stand, or the one that shares most words with the reply."""
    if exact:
        return [at for at, sentence in enumerate(sentences) if answer in sentence][:2]
    words = set(_words(answer))
    shared = [len(words & set(_words(sentence))) / (len(words) or 1) for sentence in sentences]
    best = max(range(len(shared)), key=shared.__getitem__, default=None)
    return [best] if best is not None and shared[best] >= NEED else []


def _words(text: str) -> Iterator[str]:
    return (found.group() for found in re.finditer(r"\w{3,}", text.lower()))


def _part(sentences: list[str], answers: list[int]) -> tuple[int, list[str]]:
    """As much of a long page around its answer as a passage holds, and the number of its first sentence."""
    first, last = answers[0], answers[-1] + 1
    while last - first < len(sentences):
        step = [at for at in (last, first - 1) if 0 <= at < len(sentences)]
        longer = sentences[min(first, step[0]) : max(last, step[0] + 1)]
        if sum(len(one.split()) for one in longer) > MOST:
            break
        first, last = min(first, step[0]), max(last, step[0] + 1)
    return first, sentences[first:last]
