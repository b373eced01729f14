"""What the benchmarks print and ask; no test asserts a time."""

from __future__ import annotations

import json
from dataclasses import asdict

from benchmarks import quality
from benchmarks.held_out import Score
from benchmarks.questions import questions
from benchmarks.table import ratio, spread, table
from training import corpus


def test_a_table_is_markdown_with_figures_to_the_right() -> None:
    lines = table("Speed", ["", "p50", "p95"], [spread("first token", [0.010, 0.020, 0.030])]).splitlines()
    assert lines == ["### Speed", "", "|  | p50 | p95 |", "| --- | ---: | ---: |", "| first token | 20.0 | 29.0 |"]


def test_a_ratio_says_how_many_times_the_other() -> None:
    assert ratio(30.0, 20.0) == "1.50 x"


def test_every_figure_of_a_score_has_a_row() -> None:
    score = Score(category=0.9, right=0.8, off_topic=1.0, answered=0.7)
    shown = quality.rows(f"a line before\n{json.dumps(asdict(score))}\n")
    assert [share for _, share in shown] == ["90.0%", "80.0%", "100.0%", "70.0%"]


def test_questions_are_always_the_same_and_name_an_order_where_one_is_needed() -> None:
    needs_order = {intent.name for intent in corpus.intents() if intent.needs_order}
    asked = questions(32)
    assert asked == questions(32)
    assert len({question.brief.intent for question in asked}) > 24
    assert all("#1" in question.text for question in asked if question.brief.intent in needs_order)
    assert not any("{{" in question.text for question in asked)
