"""The packaged sentence encoder is the published one and tells meanings apart."""

from __future__ import annotations

import numpy as np
import pytest

from inference.encoder import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_vectors_are_of_unit_length(encoder: Encoder) -> None:
    vectors = encoder.embed(["where is my parcel?", "", "🎁", "a\ud800"])
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_same_meaning_is_near(encoder: Encoder) -> None:
    a, b, c = encoder.embed(["where is my parcel?", "my package hasn't arrived", "I forgot my password"])
    assert a @ b > a @ c + 0.2


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, 384)
