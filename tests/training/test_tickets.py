"""A file of tickets is read, or refused in words that name its lines; twins stay on one side of the split."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from inference.tokenizer import Tokenizer
from training import corpus, tickets
from training.tickets import Ticket, TicketError

EXAMPLE = Path(tickets.__file__).parent / "examples" / "repairs.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in EXAMPLE.read_text("utf-8").splitlines()]


@pytest.fixture
def read(tmp_path: Path, shipped_tokenizer: Tokenizer) -> Any:
    """Reads rows as a file of JSON Lines."""

    def read(rows: list[Any]) -> list[Ticket]:
        path = tmp_path / "tickets.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
        return tickets.read(path, "repairs", shipped_tokenizer, 512)

    return read


def changed(line: int, **values: Any) -> list[dict[str, Any]]:
    """The example's rows, one of them changed."""
    return [row | values if number == line else row for number, row in enumerate(ROWS, 1)]


def test_the_example_is_read_with_its_intents_and_what_needs_an_order(read: Any) -> None:
    found = read(ROWS)
    assert len(found) == len(ROWS)
    assert tickets.needs_order(found) == ["warranty_repair"]
    acts = {ticket.brief.act for ticket in found if ticket.brief.intent == "warranty_repair"}
    assert acts == {"answer", "ask"}


def test_csv_says_the_same_as_json_lines(read: Any, tmp_path: Path, shipped_tokenizer: Tokenizer) -> None:
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    found = tickets.read(path, "repairs", shipped_tokenizer, 512)
    assert [(t.id, t.text, t.brief) for t in found] == [(t.id, t.text, t.brief) for t in read(ROWS)]


def test_without_intents_the_category_is_the_one_intent(read: Any) -> None:
    plain = [row for row in ROWS if row["intent"] != "warranty_repair"]
    found = read([{name: row[name] for name in ("id", "text", "reply")} for row in plain])
    assert {ticket.brief.intent for ticket in found} == {"repairs"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (changed(3, reply=" "), "line 3: no reply"),
        (changed(4, text=7), "line 4: no text"),
        (changed(5, id=ROWS[1]["id"]), "line 5: the id 'R-0002' stands in line 2 already"),
        (changed(6, reply="Call {{our_phone}}."), r"line 6: unknown slot \{\{our_phone\}\}"),
        (changed(6, reply="Call {{support_phone."), "line 6: a broken slot"),
        (changed(7, text="my kettle leaks " * 200), r"line 7: the message has \d+ tokens"),
        (changed(7, reply="we mend it " * 100), r"line 7: the reply has \d+ tokens"),
        (changed(8, intent="Repair cost!"), "line 8: the intent 'Repair cost!' is no name"),
        (changed(9, intent="rare"), "intent 'rare' has 1 tickets"),
        ([*ROWS[:2], "{broken"], "line 3: not JSON"),
        ([*ROWS[:2], "[1]"], "line 3: not a JSON object"),
        ([row | {"text": "x", "reply": "y", "intent": "x"} for row in ROWS], "1 tickets"),
        ([row for row in ROWS if row["intent"] == "repair_cost"], "28 different tickets, at least 50"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(read: Any, rows: list[Any], told: str) -> None:
    with pytest.raises(TicketError, match=told):
        read(rows)


def test_all_wrong_lines_are_told_at_once(read: Any) -> None:
    with pytest.raises(TicketError) as error:
        read([row | {"reply": ""} for row in ROWS])
    lines = str(error.value).splitlines()
    assert len(lines) == 2 + tickets.TOLD and lines[-1] == f"and {len(ROWS) - tickets.TOLD} more"


def test_a_slot_of_an_order_is_refused_where_no_order_is_needed(read: Any) -> None:
    line = next(number for number, row in enumerate(ROWS, 1) if row["intent"] == "repair_cost")
    with pytest.raises(TicketError, match=f"line {line}: a slot of an order"):
        read(changed(line, reply="Your order {{order_number}} is {{order_state}}."))


def test_an_unknown_format_and_a_missing_column_are_told(tmp_path: Path, shipped_tokenizer: Tokenizer) -> None:
    for name, content, told in (("t.xlsx", "x", "unknown format"), ("t.csv", "id,text\n1,a\n", "no column reply")):
        (tmp_path / name).write_text(content)
        with pytest.raises(TicketError, match=told):
            tickets.read(tmp_path / name, "repairs", shipped_tokenizer, 512)


def test_about_a_quarter_of_each_intent_is_held_back_and_no_twin_straddles(read: Any) -> None:
    train, held = tickets.split(read(ROWS))
    assert 0.15 < len(held) / len(ROWS) <= 0.25
    assert {t.brief.intent for t in held} == {t.brief.intent for t in train}
    for intent in {t.brief.intent for t in held}:
        own = [t for t in [*train, *held] if t.brief.intent == intent]
        pairs = corpus.near_duplicates([(t.id, t.text) for t in own], tickets.ALIKE)
        sides = {t.id for t in held}
        assert all((a in sides) == (b in sides) for a, b in pairs)


def test_messages_that_are_all_alike_cannot_be_measured(read: Any) -> None:
    rows = [row | {"text": f"can you mend my kettle of {year}", "intent": "x"} for year, row in enumerate(ROWS, 1900)]
    with pytest.raises(TicketError, match="intent 'x' are too much alike"):
        tickets.split(read([row for row in rows if "{{order" not in row["reply"]]))
