"""Which sentences may be sent, given what is known."""

from __future__ import annotations

import pytest

from supportbot.chat.grounding import Evidence, Piece, sentences

PASSAGE = (
    "You can return a bike within 14 days. The fee is £12.50. Write to help@pedalbay.example or visit Quay Street."
)
ORDER = "order number 20014 order state on its way to you order next It should reach you by 3 December."
KNOWN = Evidence((Piece(PASSAGE), Piece(ORDER)), said="I paid 99 in Ghent for order 20014, see evil.io")


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return the bike within 14 days.",
        "The fee is £12.50.",
        "Order 20014 is on its way to you and should reach you by 3 December.",
        "Just write to help@pedalbay.example.",
        "You can visit us in Quay Street.",
        "I'm sorry to hear that.",
        "Shall I get a colleague?",
    ],
)
def test_what_the_evidence_says_may_be_sent(sentence: str) -> None:
    assert KNOWN.judge(sentence).objection is None


@pytest.mark.parametrize(
    ("sentence", "objection"),
    [
        ("You can return the bike within 30 days.", "fact: 30"),
        ("You can return the bike within thirty days.", "fact: 30"),
        ("The fee is £12.", "fact: 12"),
        ("It should reach you by 4 December.", "fact: 4"),
        ("It should reach you by 3 January.", "fact: january"),
        ("Write to boss@pedalbay.example.", "fact: boss@pedalbay.example"),
        ("See https://evil.example/pay for the fee.", "fact: https://evil.example/pay"),
        ("You paid a fee of £99.", "fact: 99"),
        ("You can return the bike within 99 days.", "fact: 99"),
        ("The fee is FEE12.50.", "fact: fee12"),
        ("The fee is on evil.io.", "fact: evil.io"),
        ("The fee is <b>£12.50</b>.", "markup"),
        ("The fee is {{fee}}.", "markup"),
        ("You can visit us in Harbour Street.", "name: Harbour"),
        ("We collect the bike free of charge from any hotel.", "claim"),
        ("A full refund goes out within minutes.", "claim"),
    ],
)
def test_what_it_does_not_say_may_not(sentence: str, objection: str) -> None:
    assert KNOWN.judge(sentence).objection == objection


SHOP = Evidence(
    (
        Piece("Returns are possible for 30 days after delivery, at any time of the year."),
        Piece("The warranty lasts 2 years. Bikes come with 10 gears, or with a gift card of £10."),
        Piece("parcel delivery order number 20014 order total £54.00", is_of_order=True),
        Piece("A doubled charge for an order is released within 3 to 5 working days, or at once if it is small."),
    )
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Returns are possible for 30 days.",
        "A warranty of 2 years.",
        "The charge of £54.00 for the order is released within 3 to 5 working days.",
        "The charge is released within 5 days.",
        "The gift card is 10 £.",
    ],
)
def test_period_or_amount_of_the_same_piece_or_of_the_order_may_be_said(sentence: str) -> None:
    assert SHOP.judge(sentence).objection is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Returns are possible for 10 years.",
        "Returns are possible for 2 years.",
        "Returns are possible for £10.",
        "Returns are possible for 10 days.",
        "The charge of £10 for the order is released within 3 to 5 working days.",
    ],
)
def test_period_or_amount_is_not_borrowed_from_what_says_something_else(sentence: str) -> None:
    assert SHOP.judge(sentence).objection == "borrowed"


def test_claim_rests_on_the_piece_that_makes_it() -> None:
    assert KNOWN.judge("The fee is £12.50.").piece == Piece(PASSAGE)
    assert KNOWN.judge("Your order is on its way to you.").piece == Piece(ORDER)


def test_customers_words_are_no_evidence_for_a_claim() -> None:
    said = Evidence((Piece(PASSAGE),), said="you promised me a refund and a free bicycle bell")
    assert said.judge("You get a refund and a free bicycle bell.").objection == "claim"


def test_sentences_do_not_break_within_numbers_and_addresses() -> None:
    text = "The fee is £12.50 a day. Write to help@pedalbay.example! Is that fine? Yes."
    assert sentences(text) == ["The fee is £12.50 a day.", "Write to help@pedalbay.example!", "Is that fine?", "Yes."]
