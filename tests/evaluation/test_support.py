"""Which sentences the judge lets pass, and which it refuses."""

from __future__ import annotations

import pytest

from supportbot.evaluation.support import Knowledge, facts, sentences, unsupported

DEPOSIT = """We hold a deposit of €300 on your card when you collect the bike.

## When it is released

The hold is released on the day the bike comes back. Your bank shows it after 5 working days at most.
"""
KNOWN = Knowledge.of(
    [
        ("The deposit", DEPOSIT),
        ("How to reach us", "Call +353 91 555 0148 or write to hello@pedalbay.example. Visit 8 Mill Quay, H91 XK23."),
    ],
    ["Pedalbay"],
)
ORDER = ["40213", "PB-8833 is its invoice.", "Your order is on its way to you.", "It should reach you by 27 November."]


@pytest.mark.parametrize(
    "reply",
    [
        "We hold a deposit of 300 € on your card.",
        "- The hold is **released** on the day the bike comes back. [1]",
        "Your bank shows it after 5 working days at most.",
        "Write to hello@pedalbay.example or call +353 91 555 0148.",
        "Visit 8 Mill Quay, H91 XK23.",
        "Its invoice is PB-8833.",
        "Sorry to hear that. Glad to help!",
        "Your order 40213 is on its way to you. It should reach you by 27 November.",
    ],
)
def test_what_stands_in_an_article_or_the_order_is_supported(reply: str) -> None:
    assert unsupported(reply, KNOWN, said="where is 40213", order=ORDER) == []


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("We hold a deposit of €30 on your card.", "another amount"),
        ("We hold a deposit of €3,000 on your card.", "another amount"),
        ("Your bank shows it after 55 working days at most.", "another number"),
        ("It should reach you by 28 November.", "another date"),
        ("Write to help@pedalbay.example.", "another address"),
        ("Visit 8 Mill Quay, H92 XK23.", "another code"),
        ("Its invoice is PB-8834.", "another code"),
        ("The hold is released by Barclays on the day.", "a name that nobody named"),
        ("You may keep the bike overnight without paying anything.", "other words"),
    ],
)
def test_what_stands_nowhere_is_not(reply: str, why: str) -> None:
    assert unsupported(reply, KNOWN, said="and when?", order=ORDER) == [reply], why


def test_words_must_come_from_one_section() -> None:
    mixed = "Call your bank when the deposit bike is released, write the collect card day."
    assert unsupported(mixed, KNOWN, said="") == [mixed]


def test_number_may_be_the_customers_own() -> None:
    reply = "Your order 77123 is on its way to you."
    assert unsupported(reply, KNOWN, said="it is 77123", order=ORDER) == []
    assert unsupported(reply, KNOWN, said="", order=ORDER) == [reply]


def test_only_the_sentence_at_fault_is_named() -> None:
    reply = "We hold a deposit of €300 on your card. It costs €7 a day."
    assert unsupported(reply, KNOWN, said="") == ["It costs €7 a day."]


def test_text_is_cut_into_sentences_and_facts() -> None:
    assert sentences("Hello there! It costs €3.95.\n\n- one two\n- three four") == [
        "Hello there!",
        "It costs €3.95.",
        "one two",
        "three four",
    ]
    found = facts("Pay €3.95 by 27 November at shop.example, ask Orla on +353 91")
    assert found[:3] == ["shop.example", "27 November", "€3.95"]
    assert "Orla" in found
