"""The prompt's layout, what is cut when it is too long, and which tokens count in training."""

from __future__ import annotations

import pytest

from inference.prompt import Turn, build, training_example
from inference.tokenizer import Tokenizer
from tests.inference.conftest import WHERE

HELLO, HI, WANT = Turn("customer", "hello"), Turn("agent", "hi"), Turn("customer", "my parcel?")


def test_layout(tokenizer: Tokenizer) -> None:
    t = tokenizer
    prompt = build(t, [HELLO, HI, WANT], WHERE, room=200)
    expected = [t.bos, t.customer, *t.encode("hello"), t.agent, *t.encode("hi"), t.customer, *t.encode("my parcel?")]
    brief = [t.context, *t.encode("delivery / track_order / answer"), t.agent]
    assert prompt.ids == expected + brief
    assert t.decode(prompt.ids[prompt.words]) == "my parcel?"


def test_the_prompt_without_brief_is_the_beginning_of_the_one_with(tokenizer: Tokenizer) -> None:
    turns = [HELLO, HI] * 30 + [WANT]
    for room in (60, 90, 120, 400):
        short, long = (build(tokenizer, turns, brief, room=room) for brief in (None, WHERE))
        assert long.ids[: len(short.ids)] == short.ids
        assert len(long.ids) <= room


def test_the_oldest_turns_go_first(tokenizer: Tokenizer) -> None:
    turns = [Turn("customer", "the first thing"), HI] * 20 + [WANT]
    prompt = build(tokenizer, turns, WHERE, room=100)
    assert prompt.ids[1] in (tokenizer.customer, tokenizer.agent)
    assert tokenizer.decode(prompt.ids[prompt.words]) == "my parcel?"


def test_a_turn_that_is_too_long_loses_its_beginning(tokenizer: Tokenizer) -> None:
    prompt = build(tokenizer, [Turn("customer", "word " * 1000 + "the end")], WHERE, room=100)
    assert len(prompt.ids) <= 100
    assert tokenizer.decode(prompt.ids[prompt.words]).endswith("the end")


def test_an_empty_turn_is_a_turn(tokenizer: Tokenizer) -> None:
    prompt = build(tokenizer, [Turn("customer", "")], None, room=100)
    assert prompt.ids == [tokenizer.bos, tokenizer.customer]
    assert prompt.ids[prompt.words] == []


def test_no_turns_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="turn"):
        build(tokenizer, [], WHERE, room=100)


def test_only_the_reply_and_its_end_count_in_training(tokenizer: Tokenizer) -> None:
    ids, mask = training_example(tokenizer, [WANT], WHERE, "Order {{order_number}}.")
    assert ids[: mask.index(True)] == build(tokenizer, [WANT], WHERE, room=200).ids
    counted = [index for index, counts in zip(ids, mask, strict=True) if counts]
    assert counted == [*tokenizer.encode_reply("Order {{order_number}}."), tokenizer.end]


def test_without_a_reply_nothing_counts_and_nothing_ends(tokenizer: Tokenizer) -> None:
    ids, mask = training_example(tokenizer, [WANT], WHERE, "")
    assert not any(mask)
    assert ids[-1] == tokenizer.agent
