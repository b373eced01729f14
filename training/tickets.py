"""A company's own tickets of one new category: reads JSON Lines or CSV, says what is wrong with them, holds some back.

Knows the tokenizer's slots and lengths; nothing of the model.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.engine import REPLY_ROOM
from inference.prompt import BRIEF_ROOM, Act, Brief
from inference.tokenizer import Tokenizer
from training import corpus

LEAST = 50
LEAST_OF_INTENT = 5
HELD_BACK = 0.25
ALIKE = 0.6  # overlap of character 4-grams from which on two messages are twins
TOLD = 20  # problems that are listed
NAME = re.compile(r"[a-z][a-z0-9_]*")
FIELDS = ("id", "text", "reply")


class TicketError(Exception):
    """The file holds no tickets to learn from; the message says why, line by line."""


@dataclass(frozen=True)
class Ticket:
    """What a customer wrote and how it was answered; `act` is `ask` where the reply asks for the order."""

    line: int
    id: str
    text: str
    reply: str
    brief: Brief


def read(path: Path, category: str, tokenizer: Tokenizer, context: int) -> list[Ticket]:
    """The tickets of a file without doubles, in its order; TicketError with every line that is wrong."""
    rows = list(_rows(path))
    wrong = [f"line {line}: {problem}" for line, row in rows for problem in _problems(row, tokenizer, context)]
    wrong += _doubled([(line, row.get("id")) for line, row in rows])
    _refuse(path, wrong)
    tickets = _with_acts(path, category, list(_without_doubles(rows)))
    counts = Counter(ticket.brief.intent for ticket in tickets)
    few = [f"intent {name!r} has {n} tickets, at least {LEAST_OF_INTENT} are needed" for name, n in counts.items()]
    _refuse(path, [line for line, n in zip(few, counts.values(), strict=True) if n < LEAST_OF_INTENT])
    if len(tickets) < LEAST:
        raise TicketError(f"{path}: {len(tickets)} different tickets, at least {LEAST} are needed")
    return tickets


def needs_order(tickets: Sequence[Ticket]) -> list[str]:
    """The intents whose replies tell of an order."""
    return sorted({t.brief.intent for t in tickets if t.brief.act == "answer" and _of_order(t.reply)})


def split(tickets: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
    """Tickets to learn from, and a quarter of each intent to measure with; twins stay on one side.

    Replies may stand on both sides: an agent's standing answers come again and again. The same tickets are always
    split alike. TicketError when an intent's tickets are all twins.
    """
    rng = random.Random(0)
    held: set[str] = set()
    for intent in sorted({ticket.brief.intent for ticket in tickets}):
        own = [ticket for ticket in tickets if ticket.brief.intent == intent]
        groups = _groups(own)
        rng.shuffle(groups)
        room = HELD_BACK * len(own)
        for group in groups:
            if len(group) <= room:
                held |= {ticket.id for ticket in group}
                room -= len(group)
        if room == HELD_BACK * len(own):
            raise TicketError(f"the tickets of intent {intent!r} are too much alike to hold some back for the measure")
    return [t for t in tickets if t.id not in held], [t for t in tickets if t.id in held]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix not in (".jsonl", ".csv"):
        raise TicketError(f"{path}: unknown format; .jsonl (one JSON object a line) or .csv is read")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TicketError(f"{path}: cannot be read: {error}") from error
    yield from _csv(path, text) if path.suffix == ".csv" else _jsonl(path, text)


def _jsonl(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TicketError(f"{path}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise TicketError(f"{path}: line {number}: not a JSON object")
        yield number, row


def _csv(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines(keepends=True))
    missing = [name for name in FIELDS if name not in (reader.fieldnames or ())]
    if missing:
        raise TicketError(f"{path}: line 1: no column {', '.join(missing)}; the columns are id, text, reply and intent")
    for row in reader:
        yield reader.line_num, row


def _problems(row: dict[str, Any], tokenizer: Tokenizer, context: int) -> Iterator[str]:
    empty = [name for name in FIELDS if not isinstance(row.get(name), str) or not row[name].strip()]
    if empty:
        yield f"no {' and no '.join(empty)}"
        return
    if row.get("intent") and not NAME.fullmatch(str(row["intent"])):
        yield f"the intent {row['intent']!r} is no name of small letters, digits and _"
    yield from (
        f"unknown slot {{{{{name}}}}}" for name in corpus.SLOT.findall(row["reply"]) if name not in tokenizer.slots
    )
    if "{{" in corpus.SLOT.sub("", row["reply"]):
        yield "a broken slot: write {{name}}"
    room = context - REPLY_ROOM - BRIEF_ROOM - 2
    for name, ids, most in (
        ("message", tokenizer.encode(row["text"]), room),
        ("reply", tokenizer.encode_reply(row["reply"]), REPLY_ROOM - 1),
    ):
        if len(ids) > most:
            yield f"the {name} has {len(ids)} tokens, the context holds {most}"


def _doubled(ids: Sequence[tuple[int, Any]]) -> Iterator[str]:
    first: dict[Any, int] = {}
    for line, name in ids:
        if isinstance(name, str) and first.setdefault(name, line) != line:
            yield f"line {line}: the id {name!r} stands in line {first[name]} already"


def _refuse(path: Path, wrong: Sequence[str]) -> None:
    if wrong:
        more = [f"and {len(wrong) - TOLD} more"] if len(wrong) > TOLD else []
        raise TicketError("\n".join([f"{path}:", *wrong[:TOLD], *more]))


def _without_doubles(rows: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    seen: set[tuple[str, str]] = set()
    for line, row in rows:
        key = (" ".join(row["text"].lower().split()), " ".join(row["reply"].lower().split()))
        if key not in seen:
            seen.add(key)
            yield line, row


def _with_acts(path: Path, category: str, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Ticket]:
    """An intent needs an order when most of its replies tell of one; its other replies then ask for it."""
    of_order = Counter(_intent(row, category) for _, row in rows if _of_order(row["reply"]))
    every = Counter(_intent(row, category) for _, row in rows)
    tickets, wrong = [], []
    for line, row in rows:
        intent = _intent(row, category)
        needed, told = 2 * of_order[intent] > every[intent], _of_order(row["reply"])
        if told and not needed:
            wrong.append(f"line {line}: a slot of an order, but most replies of intent {intent!r} need no order")
        act: Act = "ask" if needed and not told else "answer"
        tickets.append(Ticket(line, row["id"], row["text"].strip(), row["reply"].strip(), Brief(category, intent, act)))
    _refuse(path, wrong)
    return tickets


def _intent(row: dict[str, Any], category: str) -> str:
    return row.get("intent") or category


def _of_order(reply: str) -> bool:
    return not corpus.shop()["order_slots"].keys().isdisjoint(corpus.SLOT.findall(reply))


def _groups(tickets: Sequence[Ticket]) -> list[list[Ticket]]:
    """Tickets whose messages are twins, or twins of a twin, together."""
    group = list(range(len(tickets)))
    for a, b in corpus.near_duplicates([(str(i), ticket.text) for i, ticket in enumerate(tickets)], ALIKE):
        old, new = group[int(a)], group[int(b)]
        group = [new if one == old else one for one in group]
    return [[ticket for ticket, own in zip(tickets, group, strict=True) if own == one] for one in sorted(set(group))]
