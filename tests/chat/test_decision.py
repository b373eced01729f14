"""What the assistant decides, case by case."""

from __future__ import annotations

import pytest

from supportbot.chat import context
from supportbot.chat.decision import Decision, Situation, decide

TRACKING = {"category": "delivery", "intent": "track_order", "confidence": 0.9, "off_topic": 0.0, "threshold": 0.5}
CHATTING = {"category": "off_topic", "intent": "nonsense", "confidence": 0.3, "off_topic": 0.8, "threshold": 0.5}


@pytest.mark.parametrize(
    ("situation", "decision"),
    [
        (TRACKING, Decision("answer", "known")),
        (TRACKING | {"needs_order": True}, Decision("ask", "order_needed")),
        (TRACKING | {"needs_order": True, "order_named": True}, Decision("ask", "unknown_order")),
        (TRACKING | {"needs_order": True, "order_named": True, "order_known": True}, Decision("answer", "known")),
        (TRACKING | {"needs_order": True, "asks_before": 2}, Decision("hand_off", "repeated")),
        (TRACKING | {"confidence": 0.49}, Decision("hand_off", "unsure")),
        (TRACKING | {"intent": "talk_to_human", "confidence": 0.1}, Decision("hand_off", "asked")),
        (TRACKING | {"reserved": True}, Decision("hand_off", "reserved")),
        (TRACKING | {"angry_in_a_row": 2}, Decision("hand_off", "angry")),
        (TRACKING | {"repeats": 2}, Decision("hand_off", "repeated")),
        (TRACKING | {"confidence": 0.2, "found": 0.7, "found_threshold": 0.6}, Decision("answer", "found")),
        (TRACKING | {"confidence": 0.2, "found": 0.5, "found_threshold": 0.6}, Decision("hand_off", "unsure")),
        (TRACKING | {"needs_order": True, "found": 0.95, "found_threshold": 0.3}, Decision("ask", "order_needed")),
        (
            TRACKING | {"needs_order": True, "asks_how": True, "found": 0.95, "found_threshold": 0.3},
            Decision("answer", "found"),
        ),
        (TRACKING | {"needs_order": True, "asks_how": True, "found_threshold": 0.3}, Decision("ask", "order_needed")),
        (TRACKING | {"found": 0.95}, Decision("answer", "known")),
        (CHATTING | {"nearest": 0.4, "found": 0.8, "found_threshold": 0.3}, Decision("answer", "found")),
        (CHATTING | {"nearest": 0.4, "found": 0.2, "found_threshold": 0.3}, Decision("hand_off", "unsure")),
        (CHATTING | {"nearest": 0.3, "found": 0.8, "found_threshold": 0.3}, Decision("refuse", "off_topic")),
        (CHATTING | {"nearest": 0.1, "threshold": 0.9}, Decision("refuse", "off_topic")),
        (CHATTING | {"nearest": 0.1, "threshold": 0.9, "off_topic": 0.45}, Decision("hand_off", "unsure")),
        (CHATTING | {"nearest": 0.3, "threshold": 0.9}, Decision("hand_off", "unsure")),
        (TRACKING | {"reserved": True, "found": 0.95}, Decision("hand_off", "reserved")),
        (TRACKING | {"needs_order": True, "withheld": True}, Decision("hand_off", "reserved")),
        (TRACKING | {"withheld": True, "found": 0.7, "found_threshold": 0.6}, Decision("answer", "found")),
        (TRACKING | {"withheld": True, "found": 0.5, "found_threshold": 0.6}, Decision("hand_off", "reserved")),
        (TRACKING | {"readable": False}, Decision("hand_off", "unsure")),
        (CHATTING, Decision("refuse", "off_topic")),
        (CHATTING | {"off_topic": 0.4}, Decision("hand_off", "unsure")),
    ],
)
def test_decision_follows_from_what_is_known(situation: dict[str, object], decision: Decision) -> None:
    assert decide(Situation(**situation)) == decision  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Ordered the wrong thing just now. how long do I have to call it off?", True),
        ("my insurer wants a receipt, which paper do I hand them", True),
        ("Where can I see how far it is?", True),
        ("The parcel is back with you, how long till I'm paid", True),
        ("Rain all day on Sunday. Refund possible?", True),
        ("where is my order", False),
        ("my order is 40299, where is it", False),
        ("when will it come, and what does your system say", False),
        ("cancel it now", False),
        ("cancel it, how many times must it be said", False),
    ],
)
def test_who_asks_how_something_is_done_is_told_from_who_wants_it_done(text: str, how: bool) -> None:
    assert context.asks_how(text) is how


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("are you a real person?", "who_answers"),
        ("hi, am I talking to a bot", "who_answers"),
        ("Is this a chatbot or a real person?", "who_answers"),
        ("Sind Sie ein Mensch?", "who_answers"),
        ("¿Hablo con una persona?", "who_answers"),
        ("vous êtes un robot ?", "who_answers"),
        ("can I talk to a real person", ""),
        ("are you a bot? give me a human", ""),
        ("is this rug washable in the machine", ""),
        ("I don't want to chat with a robot", ""),
        ("😡😡😡", "no_words"),
        ("?", "no_words"),
        ("10023", ""),
    ],
)
def test_small_talk_is_told_from_questions(text: str, kind: str) -> None:
    assert context.small_talk(text) == kind


def test_who_asks_whether_a_program_answers_is_told_so_and_not_passed_on() -> None:
    wants_person = TRACKING | {"intent": "talk_to_human"}
    assert decide(Situation(**wants_person, small_talk="who_answers")) == Decision("answer", "who_answers")  # type: ignore[arg-type]
    assert decide(Situation(**TRACKING, small_talk="no_words")) == Decision("ask", "no_words")  # type: ignore[arg-type]
    assert decide(Situation(**TRACKING, small_talk="no_words", asks_before=2)).act == "hand_off"  # type: ignore[arg-type]
