"""The material that the assistant is judged with, and the checker that keeps it honest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.companies import FOLDER, SLUGS, Company, problems
from training import corpus


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the material, to be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "evaluation"))


def spoil(root: Path, number: int, **change: Any) -> None:
    """Change one of Pedalbay's questions."""
    path = root / "pedalbay/questions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[number] |= change
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_material_is_sound_and_none_of_it_stands_in_the_corpus() -> None:
    assert problems() == []


def test_there_is_as_much_as_promised() -> None:
    companies = [Company(slug) for slug in SLUGS]
    assert sum(len(company.questions) for company in companies) >= 440
    assert sum(len(company.customers) for company in companies) >= 80


def test_training_reads_none_of_it() -> None:
    read = {article.body for article in corpus.articles()}
    assert not read & {page.body for page in Company("pedalbay").pages.values()}


def test_unsound_rows_are_found(root: Path) -> None:
    trained = next(m for intent in corpus.intents() for m in intent.messages if len(m) > 30)
    spoil(root, 0, articles=["no-such-article"])
    spoil(root, 1, must=[["€43"]])
    spoil(root, 2, articles=[], must=[])
    spoil(root, 3, id="pedalbay-005")
    first = Company("pedalbay", root).questions[5].text
    spoil(root, 6, text=f"{first}!")
    spoil(root, 7, text=trained)
    path = root / "fennmoor/customers.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:30]))
    found = "\n".join(problems(root))
    for said in (
        "pedalbay-001: no article no-such-article",
        "pedalbay-002: none of ('€43',) stands there",
        "pedalbay-003: no article answers it",
        "pedalbay-005 stands twice",
        "asked twice: 'pedalbay-006",
        "stands in the corpus: ",
        "fennmoor: fewer than 40 customers",
    ):
        assert said in found
