"""What is refused of questions and scripted customers, and how it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supportbot.evaluation.material import BadMaterial, Wish, customers, own_questions, questions

ROW: dict[str, Any] = {
    "id": "q1",
    "text": "how long may I keep it?",
    "language": "en",
    "kind": "plain",
    "expect": "answer",
    "articles": ["returns"],
    "must": [["30 days", "a month"]],
    "must_not": [],
}
TURN = {"say": "cancel it", "expect": "ask", "must": [], "must_not": []}
CUSTOMER: dict[str, Any] = {"id": "c1", "goal": "cancels", "resolvable": True, "turns": [TURN], "action": None}


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def table(path: Path, text: str) -> Path:
    """A CSV file."""
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "odd"}, "unknown kind 'odd'"),
        ({"expect": "shrug"}, "unknown act"),
        ({"language": "xx"}, "language 'xx'"),
        ({"text": " "}, "a text is expected"),
        ({"must": [[]]}, "an empty group"),
        ({"must": "30 days"}, "a list of texts is expected"),
        ({"extra": 1}, "missing or unknown: extra"),
    ],
)
def test_malformed_question_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMaterial, match=r"q\.jsonl, line 2: ") as error:
        questions(lines(tmp_path / "q.jsonl", ROW, ROW | change))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turns": []}, "a customer has turns"),
        ({"resolvable": "yes"}, "resolvable or not"),
        ({"turns": [{"say": "hello"}]}, "missing or unknown: expect, must, must_not"),
        ({"action": {"name": "cancel_order", "arguments": {}, "must_happen": 1}}, "must_happen is true or false"),
    ],
)
def test_malformed_customer_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMaterial) as error:
        customers(lines(tmp_path / "c.jsonl", CUSTOMER | change))
    assert said in str(error.value)


def test_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMaterial, match="line 1: no JSON object"):
        questions(table(tmp_path / "q.jsonl", "not json\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frage,article\nwhere?,a\n", "needs a column 'question'"),
        ("question,notes\nwhere?,a\n", "a column 'article' or 'facts'"),
        ("question,article\n", "has no questions"),
        ("question,article\n,a\n", "line 2: the question is empty"),
        ("question,article\nwhere?,\n", "name the article or the facts"),
        ("question,article,expect\nwhere?,a,perhaps\n", "expect is 'perhaps'"),
    ],
)
def test_csv_that_cannot_be_played_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadMaterial) as error:
        own_questions(table(tmp_path / "own.csv", text))
    assert said in str(error.value)


def test_csv_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes("question,facts\nwas kostet das für mich?,5 €\n".encode("cp1252"))
    with pytest.raises(BadMaterial, match="can't be read as a CSV file in UTF-8"):
        own_questions(tmp_path / "own.csv")


def test_csv_has_other_wordings_of_a_fact_and_several_articles(tmp_path: Path) -> None:
    text = "\ufeffQuestion,Article,Facts,Expect\nhow long?,returns; exchange,30 days | a month; free,\nbye,,,hand_off\n"
    first, second = own_questions(table(tmp_path / "own.csv", text))
    assert first.articles == ("returns", "exchange")
    assert first.wish == Wish(("answer",), (("30 days", "a month"), ("free",)))
    assert second.wish.acts == ("hand_off",)


def test_reply_is_right_with_one_wording_of_every_fact_and_no_forbidden_word() -> None:
    wish = Wish(("answer",), (("30 days", "a month"), ("free",)), ("€5",))
    assert wish.grants("answer", "It's FREE for a month.")
    assert not wish.grants("answer", "It's free.")
    assert not wish.grants("answer", "It's free for 30 days, then €5.")
    assert not wish.grants("hand_off", "It's free for 30 days.")
    assert wish.grants("act", "It's free for a month.")
