"""What the benchmarks print and ask; no test asserts a time."""

from __future__ import annotations

from benchmarks import quality
from benchmarks.questions import questions
from benchmarks.table import ratio, spread, table
from training import corpus


def test_a_table_is_markdown_with_figures_to_the_right() -> None:
    lines = table("Speed", ["", "p50", "p95"], [spread("first token", [0.010, 0.020, 0.030])]).splitlines()
    assert lines == ["### Speed", "", "|  | p50 | p95 |", "| --- | ---: | ---: |", "| first token | 20.0 | 29.0 |"]


def test_a_ratio_says_how_many_times_the_other() -> None:
    assert ratio(30.0, 20.0) == "1.50 x"


def test_lines_of_label_and_figure_become_rows() -> None:
    printed = "held-out messages   3: 2 answer, 1 hand_off\ncategory accuracy   66.7%\n"
    assert quality.rows(printed) == [["held-out messages", "3: 2 answer, 1 hand_off"], ["category accuracy", "66.7%"]]


def test_questions_are_always_the_same_and_name_an_order_where_one_is_needed() -> None:
    needs_order = {intent.name for intent in corpus.intents() if intent.needs_order}
    asked = questions(32)
    assert asked == questions(32)
    assert len({question.brief.intent for question in asked}) > 24
    assert all("#1" in question.text for question in asked if question.brief.intent in needs_order)
    assert not any("{{" in question.text for question in asked)
