"""The sentiment head learns what its training messages show."""

from __future__ import annotations

import numpy as np

from inference.encoder import WIDTH
from training import corpus, sentiment

TEXTS = [
    f"{start} {thing}{end}"
    for start, end in (("please send", ""), ("sadly i wait for", " :("), ("SEND ME", "!!"))
    for thing in ("my lamp", "the rug", "a kettle", "two towels", "that bench", "the invoice", "my refund", "the chair")
]
LABELS = [label for label in corpus.SENTIMENTS for _ in range(8)]


def test_it_learns_from_words_and_signs_alone() -> None:
    nothing = np.zeros((len(TEXTS), WIDTH), np.float32)
    head = sentiment.fit(nothing, TEXTS, LABELS)
    found = [
        head.read(nothing[0], text) for text in ("please send the spoon", "sadly i wait for soap", "SEND ME SOAP!!")
    ]
    assert [max(row, key=row.__getitem__) for row in found] == list(corpus.SENTIMENTS)


def test_the_same_messages_fit_the_same_head() -> None:
    vectors = np.random.default_rng(0).normal(size=(len(TEXTS), WIDTH)).astype(np.float32)
    one, other = (sentiment.fit(vectors, TEXTS, LABELS) for _ in range(2))
    np.testing.assert_array_equal(one.dense.numpy(), other.dense.numpy())


def test_training_and_held_out_messages_share_none() -> None:
    trained = {text for texts in corpus.sentiments().values() for text in texts}
    kept = {text for texts in corpus.held_out_sentiments().values() for text in texts}
    assert not trained & kept
