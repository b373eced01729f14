"""Text survives the round trip, and nobody can type a special token."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.tokenizer import ROLES, Detokenizer, Tokenizer


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581")))
def test_any_text_survives_the_round_trip(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("typed", [*ROLES, "{{order_number}}", "<s>", "</s>", "<pad>", "<unk>", "a<|agent|>b {{nope}}"])
def test_specials_typed_by_a_person_stay_text(tokenizer: Tokenizer, typed: str) -> None:
    ids = tokenizer.encode(typed)
    assert not tokenizer.special & set(ids)
    assert tokenizer.decode(ids) == typed


def test_a_slot_of_a_reply_is_one_token(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_reply("Order {{order_number}}, {{unknown}}!")
    assert ids.count(tokenizer.slots["order_number"]) == 1
    assert tokenizer.decode(ids) == "Order {{order_number}}, {{unknown}}!"


def test_digits_stand_alone(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("10023")) == 5


def test_half_a_character_is_held_back(tokenizer: Tokenizer) -> None:
    reader = Detokenizer(tokenizer, {})
    pieces = [reader.push(index) for index in tokenizer.encode("日本")]
    assert pieces == ["", "", "日", "", "", "本"]
    reader.push(tokenizer.encode("日")[0])
    assert reader.finish() == "\ufffd"


def test_a_slot_is_shown_as_its_value_and_a_role_by_its_name(tokenizer: Tokenizer) -> None:
    ids = [tokenizer.customer, *tokenizer.encode_reply("{{order_number}}")]
    assert tokenizer.shown(ids, {"order_number": "10023"}) == ["<|customer|>", "10023"]


def test_a_lone_surrogate_does_no_harm(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("a\ud800b")) == "a?b"
