"""The invented companies that the reader learns from."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import reading
from training.reading import FormatError

FILE = """# Otters: bikes

## Deposits
a1 We hold £80.
a2 It comes back in 5 days.

## Hours
b1 We open at nine.

? when do you open | b1
? how much and for how long | a1 a2
? do you sell helmets | -
"""


def test_a_company_is_its_pages_and_the_sentences_that_answer(tmp_path: Path) -> None:
    (tmp_path / "otters.txt").write_text(FILE)
    pool = reading.company(tmp_path / "otters.txt")
    assert pool.name == "otters"
    assert [page.text for page in pool.pages] == [
        "Deposits\nWe hold £80.\nIt comes back in 5 days.",
        "Hours\nWe open at nine.",
    ]
    assert [sorted(question.answers) for question in pool.questions] == [[(1, 0)], [(0, 0), (0, 1)], []]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("? what is that | c7", "line 14: no sentence c7"),
        ("b1 We open at ten.", "line 14: neither a title, a new sentence nor a question: b1 We open at ten."),
        ("? no answer named", "line 14: neither a title, a new sentence nor a question"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, wrong: str, told: str) -> None:
    (tmp_path / "otters.txt").write_text(f"{FILE}\n{wrong}\n")
    with pytest.raises(FormatError, match=rf"^otters\.txt, {told}"):
        reading.company(tmp_path / "otters.txt")


def test_all_companies_of_the_corpus_are_read_and_none_is_on_both_sides() -> None:
    learnt, held_out = reading.companies(held_out=False), reading.companies(held_out=True)
    assert not {pool.name for pool in learnt} & {pool.name for pool in held_out}
    assert [pool.name for pool in held_out] == sorted(reading.HELD_OUT)
    assert all(len(pool.pages) == 12 and len(pool.questions) >= 110 for pool in learnt + held_out)
