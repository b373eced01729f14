"""A head learns new intents and says of the old ones what it said before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference import scope, triage
from inference.encoder import WIDTH
from inference.triage import Triage
from training.extend import extend, extend_scope, scope_without, widen, without

LAYERS, EXPERTS = 2, 3
SAID = {
    ("delivery", "track_order"): ["where is my parcel", "has my parcel been sent", "track the parcel"],
    ("returns", "refund"): ["I want my money back", "refund please", "when is the money back"],
    ("contact", "hours"): ["when are you open", "open on Saturday", "opening hours"],
    ("repairs", "mend"): ["can you mend my kettle", "mend a lamp for me", "please mend this"],
}
TEXTS = [text for texts in SAID.values() for text in texts] * 10
LABELS = [label for label, texts in SAID.items() for _ in texts] * 10


def vectors(experts: int) -> np.ndarray:
    """Random, but the same for the same message, and of as many experts."""
    rng = np.random.default_rng(0)
    rows = {text: rng.normal(size=(WIDTH + LAYERS * experts)).astype(np.float32) / 20 for text in dict.fromkeys(TEXTS)}
    return np.stack([rows[text] for text in TEXTS])


@pytest.fixture(scope="module")
def head() -> Triage:
    """Knows delivery, returns and contact."""
    old = [i for i, (category, _) in enumerate(LABELS) if category != "repairs"]
    return triage.fit(vectors(EXPERTS)[old], [TEXTS[i] for i in old], [LABELS[i] for i in old])


def test_a_wider_head_says_the_same_whatever_the_new_expert_did(head: Triage) -> None:
    vector = vectors(EXPERTS)[0]
    shares = vector[WIDTH:].reshape(LAYERS, EXPERTS)
    wide = np.concatenate([vector[:WIDTH], np.pad(shares, ((0, 0), (0, 1)), constant_values=7.0).ravel()])
    assert widen(head, LAYERS).posterior(wide, TEXTS[0]) == head.posterior(vector, TEXTS[0])


def test_it_tells_the_new_category_and_keeps_the_odds_among_the_old_ones(head: Triage) -> None:
    wide, rows = widen(head, LAYERS), vectors(EXPERTS + 1)
    extended = extend(wide, rows, TEXTS, LABELS)
    assert extended.intents == [*head.intents, ("repairs", "mend")]
    for vector, text, label in list(zip(rows, TEXTS, LABELS, strict=True))[:12]:
        categories, intents = extended.posterior(vector, text)
        assert extended.best(categories, intents) == label
        _, before = wide.posterior(vector, text)
        assert intents["track_order"] / intents["refund"] == pytest.approx(
            before["track_order"] / before["refund"], rel=1e-3
        )


def test_a_head_without_a_category_is_the_one_before(head: Triage) -> None:
    wide = widen(head, LAYERS)
    back = without(extend(wide, vectors(EXPERTS + 1), TEXTS, LABELS), "repairs")
    assert back.intents == wide.intents
    assert torch.equal(back.dense, wide.dense) and torch.equal(back.bias, wide.bias)


def test_the_out_of_scope_score_takes_the_new_intents_in_and_lets_them_go_again(head: Triage) -> None:
    old = [i for i, (category, _) in enumerate(LABELS) if category != "repairs"]
    new = [i for i, (category, _) in enumerate(LABELS) if category == "repairs"]
    vectors_ = vectors(EXPERTS)
    logits = torch.stack([head.logits(vectors_[i], TEXTS[i]) for i in old])
    target = np.array([head.intents.index(LABELS[i]) for i in old])
    outside = np.array([category == "contact" for category, _ in head.intents])
    everything = np.arange(len(old))
    before = scope.fit(vectors_[old], logits, target, outside, (everything, everything))
    rows = vectors(EXPERTS + 1)
    after = extend_scope(before, rows[new], [LABELS[i] for i in new])
    extended = extend(widen(head, LAYERS), rows, TEXTS, LABELS)
    assert len(after.outside) == len(extended.intents) and after.outside[-1] == 0
    repair = new[0]
    assert after.score(rows[repair], extended.logits(rows[repair], TEXTS[repair])) < 0.5
    back = scope_without(after, extended, "repairs")
    assert torch.equal(back.outside, before.outside) and torch.equal(back.centres, before.centres)
