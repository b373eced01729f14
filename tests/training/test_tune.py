"""A short tuning of the encoder on a few messages."""

from __future__ import annotations

import numpy as np

from inference.encoder import Encoder
from training.tune import tune

SAID = {
    ("delivery", "track_order"): ["where is my order 10023", "when will it come", "track my parcel", "is it shipped"],
    ("returns", "refund"): ["i want my money back", "refund please", "when do i get the money", "pay it back"],
}


def test_messages_of_an_intent_move_together() -> None:
    labels, texts = zip(*[(label, text) for label, said in SAID.items() for text in said] * 5, strict=True)
    encoder = Encoder()
    states = encoder.states([*SAID["delivery", "track_order"], *SAID["returns", "refund"]])

    def apart(vectors: np.ndarray) -> float:
        near = vectors @ vectors.T
        return float(near[:4, :4].mean() + near[4:, 4:].mean() - 2 * near[:4, 4:].mean())

    tuned = tune(texts, labels, passes=20)
    assert apart(tuned(*states).detach().numpy()) > apart(encoder.upper()(*states).detach().numpy())
