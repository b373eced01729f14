"""The reader that ships finds the sentence that answers, and says when none does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.encoder import READING, shared_encoder
from inference.reader import Page, Reader

DEPOSIT = Page(
    "Deposits",
    (
        "We hold a deposit of £80 on your card when you collect the bike.",
        "It is released within 5 working days after you bring the bike back.",
        "Damage that costs more than the deposit is billed apart.",
    ),
)
HOURS = Page("Opening times", ("We open at 9 on weekdays and at 10 on Saturdays.", "On Sundays the shop is closed."))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load(READING)


def read(reader: Reader, question: str, *pages: Page) -> list[list[float]]:
    return reader.read(shared_encoder(), question, pages)


def test_the_sentence_that_answers_is_the_likeliest_of_all_pages(reader: Reader) -> None:
    likely = read(reader, "how many days until you release the money", HOURS, DEPOSIT)
    assert max(range(3), key=likely[1].__getitem__) == 1
    assert likely[1][1] > 0.5 > max(likely[0])


def test_what_no_sentence_answers_leaves_the_most_to_none(reader: Reader) -> None:
    answered = sum(map(sum, read(reader, "are you open on saturday morning", HOURS, DEPOSIT)))
    unanswered = sum(map(sum, read(reader, "which wine goes with grilled trout", HOURS, DEPOSIT)))
    assert answered > 0.7 > 0.3 > unanswered


def test_probabilities_are_in_the_order_of_the_pages(reader: Reader) -> None:
    there, back = read(reader, "sunday?", HOURS, DEPOSIT), read(reader, "sunday?", DEPOSIT, HOURS)
    assert [len(own) for own in there] == [2, 3]
    np.testing.assert_allclose(sum(there, []), sum(back[::-1], []), atol=1e-5)


def test_what_is_cut_off_is_not_believed_to_answer(reader: Reader) -> None:
    long = Page("Everything", ("A sentence that says nothing of use, again and again. " * 40, *HOURS.sentences))
    assert max(reader.logits(shared_encoder(), "are you open on sundays", [long])[1:]) < -10


def test_no_page_gives_nothing(reader: Reader) -> None:
    assert read(reader, "anyone?") == []
    assert read(reader, "anyone?", Page("Empty", ())) == [[]]


def test_a_reader_is_the_same_after_storage(reader: Reader, tmp_path: Path) -> None:
    reader.save(tmp_path)
    loaded = Reader.load(tmp_path)
    assert loaded.scale == reader.scale
    assert read(loaded, "sunday?", HOURS) == read(reader, "sunday?", HOURS)
