"""The packaged sentence encoder is the published one and tells meanings apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

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


def test_the_upper_layers_as_published_make_the_same_vectors(encoder: Encoder) -> None:
    texts = ["where is my parcel? it was due on Monday", "hi", ""]
    vectors = encoder.upper()(*encoder.states(texts)).detach().numpy()
    np.testing.assert_allclose(vectors, encoder.embed(texts, encoder.published), atol=1e-4)


def test_tuned_layers_are_the_same_after_storage(encoder: Encoder, tmp_path: Path) -> None:
    upper = encoder.upper()
    with torch.no_grad():
        for weight in upper.parameters():
            weight.copy_((weight + 0.01).bfloat16())
    upper.save(tmp_path)
    states = encoder.states(["where is my parcel?"])
    loaded = encoder.upper(tmp_path)(*states)
    torch.testing.assert_close(loaded, upper(*states))
    assert not torch.allclose(loaded, encoder.upper()(*states), atol=1e-3)
