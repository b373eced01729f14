"""Which sentences of a passage answer a question, on the real encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.encoder import READING, shared_encoder
from inference.reader import Page, Reader
from supportbot.chat import quoting


@dataclass(frozen=True)
class Text:
    heading: str
    text: str


DEPOSIT = Text(
    "Deposits",
    "We hold a deposit of £80 on your card when you collect the bike. It is released within 5 working days after you "
    "bring the bike back. Damage that costs more than the deposit is billed apart.",
)
PUNCTURE = Text(
    "Punctures › On the road",
    "A flat tyre is no drama.\n1. Turn the bike over.\n2. Take the wheel out.\n3. Put in the spare tube.",
)


READER = Reader.load(READING)


def find(question: str, pages: Sequence[tuple[str, Sequence[str]]]) -> list[list[float]]:
    return READER.read(shared_encoder(), question, [Page(head, tuple(own)) for head, own in pages])


def quotation(question: str, *passages: Text) -> quoting.Quotation:
    found = quoting.best(question, passages, find)
    assert found
    return found


def best(question: str, *passages: Text) -> quoting.Quote:
    return quotation(question, *passages).quotes[0]


def test_the_sentence_that_answers_is_quoted_from_the_right_passage() -> None:
    quote = best("When do I get my deposit back?", PUNCTURE, DEPOSIT)
    assert quote.passage is DEPOSIT and "released within 5 working days" in quote.text


def test_sentence_that_leans_on_the_one_before_comes_with_it() -> None:
    assert best("When is the deposit released?", DEPOSIT).text.startswith("We hold a deposit of £80")


def test_list_is_quoted_as_a_whole() -> None:
    quote = best("how do I take the wheel out with a flat tyre", DEPOSIT, PUNCTURE)
    assert quote.text.splitlines()[-3:] == [
        "1. Turn the bike over.",
        "2. Take the wheel out.",
        "3. Put in the spare tube.",
    ]


def test_nearer_question_is_the_surer_one() -> None:
    near, far = (
        quotation("How high is the deposit for a bike?", DEPOSIT),
        quotation("Who won the cup in 1998?", DEPOSIT),
    )
    assert near.sureness > 0.5 > 0.2 > far.sureness >= 0


def test_what_two_passages_may_answer_is_quoted_from_both() -> None:
    paused = "You can pause your plan for up to three months. While it is paused you pay €5 a month."
    pausing = Text("Pausing a plan", paused)
    ending = Text("Ending a plan", "You can end your plan at the end of any month. Tell us 14 days before.")
    both, one = (quotation(f"{asked} my plan", pausing, ending, DEPOSIT) for asked in ("can I stop", "I want to pause"))
    assert {quote.passage for quote in both.quotes} == {pausing, ending}
    assert both.sureness > 0.7 > both.quotes[0].likely
    assert [quote.passage for quote in one.quotes] == [pausing]


def test_no_passage_is_no_quote() -> None:
    assert quoting.best("How high is the deposit?", [], find) is None


def test_headings_within_a_passage_are_read_but_not_quoted() -> None:
    trips = Text(
        "Trips",
        "By boat:\nThe ferry leaves at nine. Bikes are free of charge on it.\nBy train:\nA bike needs a ticket of €6.",
    )
    quote = best("what does the ticket for a bike cost on the train", trips, DEPOSIT)
    assert quote.passage is trips and quote.text.endswith("A bike needs a ticket of €6.")
    assert "By train" not in quote.text


def test_table_is_quoted_as_a_whole() -> None:
    table = Text("Opening times", "Day | Hours\nMonday | 9:00 to 17:00\nSaturday | 10:00 to 14:00\nSunday | closed")
    assert best("until when are you open on saturdays", table, DEPOSIT).text == table.text


def test_quotation_stays_short_and_shows_where_it_skips() -> None:
    terms = Text(
        "Deposits",
        " ".join(
            f"The deposit of £80 is held for rule number {n} and for nothing else in the shop." for n in range(40)
        ),
    )
    assert len(best("how high is the deposit", terms).text.split()) < 110


def test_passage_with_a_slot_that_nobody_filled_is_not_quoted() -> None:
    assert quoting.best("How high is the deposit?", [Text("Deposits", "It is …")], find) is None
