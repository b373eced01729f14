"""The corpus keeps its own rules, and its checks tell intents apart."""

from __future__ import annotations

from collections import Counter

from inference.tokenizer import Tokenizer
from training import corpus
from training.support import support


def test_the_corpus_has_no_problems() -> None:
    assert corpus.problems() == []


def test_the_corpus_is_as_large_as_promised() -> None:
    per_category = Counter(intent.category for intent in corpus.intents())
    assert set(per_category) == {*corpus.CATEGORIES, corpus.OFF_TOPIC}
    assert min(per_category[category] for category in corpus.CATEGORIES) >= 4
    off_topic = [m for i in corpus.intents() if i.category == corpus.OFF_TOPIC for m in i.messages]
    assert len(off_topic) >= 200
    assert len(corpus.articles()) >= 60
    assert len(corpus.dialogues()) >= 200


def test_a_check_accepts_its_own_replies_and_refuses_the_others() -> None:
    own, others = corpus.check_rates()
    assert own == 1.0
    assert others < 0.005


def test_a_check_reads_filled_slots() -> None:
    intent = next(i for i in corpus.intents() if i.name == "track_order")
    slots = {"order_number": "10023", "order_state": "on its way to you", "order_next": "It comes tomorrow."}
    reply = corpus.SLOT.sub(lambda m: slots.get(m[1], m[0]), intent.replies[0])
    assert intent.accepts(reply, slots=slots)
    assert not intent.accepts(reply, slots=slots | {"order_state": "delivered"})


def test_near_duplicates_are_found_and_others_left() -> None:
    rows = [
        ("a", "where is my parcel"),
        ("b", "Where is my parcel?"),
        ("c", "cancel the lamp"),
        ("d", "👍"),
        ("e", "🎉"),
    ]
    assert corpus.near_duplicates(rows) == [("a", "b")]


def test_training_never_reads_a_held_out_message(shipped_tokenizer: Tokenizer) -> None:
    kept = {text for texts in corpus.held_out().values() for text in texts}
    trained = {m for i in corpus.intents() for m in i.messages} | {t.text for d in corpus.dialogues() for t in d.turns}
    assert not kept & trained
    texts = "\n".join(shipped_tokenizer.decode(d.ids) for d in support(shipped_tokenizer, seed=1, rounds=1))
    long_ones = [text for text in kept if len(text) > 60]
    assert long_ones
    assert not [text for text in long_ones if text in texts]
