"""What an assistant is judged with: questions and scripted customers, read from JSON lines or from a company's own CSV.

Knows no database. A row that is not as it should be raises `BadMaterial`, which names the line and what is wrong.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACTS = ("answer", "ask", "refuse", "hand_off")
KINDS = (
    "plain",
    "typo",
    "angry",
    "two",
    "language",
    "order",
    "unanswerable",
    "off_topic",
    "person",
    "injection",
)
LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
Groups = tuple[tuple[str, ...], ...]


class BadMaterial(Exception):
    """A file that can't be played, in words for whoever wrote it."""


@dataclass(frozen=True)
class Wish:
    """What is wanted of one reply: an act, facts (of every group at least one), and words that must not come."""

    acts: tuple[str, ...]
    must: Groups = ()
    must_not: tuple[str, ...] = ()

    def grants(self, act: str, reply: str) -> bool:
        """Whether a reply is right. An action in progress counts as asking and as answering."""
        acts = ("ask", "answer") if act == "act" else (act,)
        return bool(set(acts) & set(self.acts)) and (act == "hand_off" or self.holds(reply)) and not self.breaks(reply)

    def holds(self, reply: str) -> bool:
        """Whether every fact is there."""
        text = plain(reply)
        return all(any(plain(fact) in text for fact in group) for group in self.must)

    def breaks(self, reply: str) -> bool:
        """Whether something is there that must not be."""
        text = plain(reply)
        return any(plain(words) in text for words in self.must_not)


@dataclass(frozen=True)
class Question:
    """One message in a conversation of its own.

    `articles` are the slugs of those of which each answers it; of two questions in one message, of all that it takes.
    """

    id: str
    text: str
    language: str
    kind: str
    wish: Wish
    articles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What a scripted customer says next, and what is wanted of the reply."""

    say: str
    wish: Wish


@dataclass(frozen=True)
class WantedAction:
    """An action that has to happen by the end of a conversation, or must not."""

    name: str
    arguments: Mapping[str, str]
    must_happen: bool


@dataclass(frozen=True)
class Customer:
    """A scripted customer; `resolvable` says whether the assistant alone can give what is wanted."""

    id: str
    goal: str
    resolvable: bool
    turns: tuple[Turn, ...]
    action: WantedAction | None = None


def plain(text: str) -> str:
    """Small letters, single spaces, straight apostrophes: how facts are compared."""
    return " ".join(text.lower().replace("’", "'").split())


def questions(path: Path) -> list[Question]:
    """The questions of a JSON-lines file."""
    return [_question(row, where) for where, row in _rows(path)]


def customers(path: Path) -> list[Customer]:
    """The scripted customers of a JSON-lines file."""
    return [_customer(row, where) for where, row in _rows(path)]


def own_questions(path: Path) -> list[Question]:
    """A company's own CSV: column `question`, and `article` (slugs) or `facts`, or both.

    Several articles or facts are parted by semicolons, other wordings of a fact by a bar: `30 days | a month; free`.
    A column `expect` may name the act; without it an answer is expected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            heads = [(head or "").strip().lower() for head in reader.fieldnames or ()]
            reader.fieldnames = heads
            rows = [(f"{path.name}, line {reader.line_num}", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadMaterial(f"{path} can't be read as a CSV file in UTF-8: {error}") from error
    if "question" not in heads or not {"article", "facts"} & set(heads):
        raise BadMaterial(f"{path.name} needs a column 'question' and a column 'article' or 'facts'; it has {heads}.")
    if not rows:
        raise BadMaterial(f"{path.name} has no questions.")
    return [_own_question(row, where, number) for number, (where, row) in enumerate(rows, 1)]


def _own_question(row: Mapping[str, Any], where: str, number: int) -> Question:
    text, act = (row.get("question") or "").strip(), (row.get("expect") or "").strip() or "answer"
    articles, facts = _parts(row.get("article"), ";"), _parts(row.get("facts"), ";")
    if not text:
        raise BadMaterial(f"{where}: the question is empty.")
    if act not in ACTS:
        raise BadMaterial(f"{where}: expect is {act!r}; put one of {', '.join(ACTS)}.")
    if act == "answer" and not articles and not facts:
        raise BadMaterial(f"{where}: name the article or the facts that a right answer holds.")
    wish = Wish((act,), tuple(_parts(fact, "|") for fact in facts))
    return Question(str(number), text, "", "own", wish, articles)


def _parts(cell: str | None, mark: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in (cell or "").split(mark)) if part)


def _rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        where = f"{path.parent.name}/{path.name}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadMaterial(f"{where}: no JSON object.") from error
        found.append((where, _object(row, where)))
    return found


def _question(row: dict[str, Any], where: str) -> Question:
    _demand(row, where, {"id", "text", "language", "kind", "expect", "articles", "must", "must_not"}, {"or"})
    if row["kind"] not in KINDS or row["language"] not in LANGUAGES:
        raise BadMaterial(f"{where}: unknown kind {row['kind']!r} or language {row['language']!r}.")
    return Question(
        _text(row["id"], where),
        _text(row["text"], where),
        row["language"],
        row["kind"],
        _wish(row, where),
        _texts(row["articles"], where),
    )


def _customer(row: dict[str, Any], where: str) -> Customer:
    _demand(row, where, {"id", "goal", "resolvable", "turns", "action"}, set())
    turns = []
    for turn in row["turns"] if isinstance(row["turns"], list) else ():
        _demand(_object(turn, where), where, {"say", "expect", "must", "must_not"}, {"or"})
        turns.append(Turn(_text(turn["say"], where), _wish(turn, where)))
    if not turns or not isinstance(row["resolvable"], bool):
        raise BadMaterial(f"{where}: a customer has turns, and is resolvable or not.")
    goal = _text(row["goal"], where)
    return Customer(_text(row["id"], where), goal, row["resolvable"], tuple(turns), _action(row["action"], where))


def _action(row: Any, where: str) -> WantedAction | None:
    if row is None:
        return None
    _demand(_object(row, where), where, {"name", "arguments", "must_happen"}, set())
    arguments = {name: _text(value, where) for name, value in _object(row["arguments"], where).items()}
    if not isinstance(row["must_happen"], bool):
        raise BadMaterial(f"{where}: must_happen is true or false.")
    return WantedAction(_text(row["name"], where), arguments, row["must_happen"])


def _wish(row: dict[str, Any], where: str) -> Wish:
    acts = (row["expect"], *_texts(row.get("or", []), where))
    if set(acts) - set(ACTS):
        raise BadMaterial(f"{where}: unknown act in {acts}; known are {', '.join(ACTS)}.")
    must = row["must"] if isinstance(row["must"], list) else [None]
    groups = tuple(_texts(group, where) for group in must)
    if not all(groups):
        raise BadMaterial(f"{where}: an empty group of facts.")
    return Wish(acts, groups, _texts(row["must_not"], where))


def _demand(row: dict[str, Any], where: str, needed: set[str], allowed: set[str]) -> None:
    if wrong := sorted((needed - set(row)) | (set(row) - needed - allowed)):
        raise BadMaterial(f"{where}: missing or unknown: {', '.join(wrong)}.")


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMaterial(f"{where}: an object is expected.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadMaterial(f"{where}: a text is expected where {value!r} stands.")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadMaterial(f"{where}: a list of texts is expected where {value!r} stands.")
    return tuple(_text(item, where) for item in value)
