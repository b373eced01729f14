"""The sentiment head reads vectors, words and signs, and survives storage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference import sentiment
from inference.engine import Engine, Turn
from inference.sentiment import SENTIMENTS, Sentiment
from tests.stack import ROOT

WIDTH = 8


@pytest.fixture
def head() -> Sentiment:
    """Shouting is angry, the first number of the vector unhappy, "thanks" calm."""
    dense, lexical = torch.zeros(3, WIDTH + len(sentiment.signs(""))), torch.zeros(3, sentiment.BUCKETS)
    dense[2, WIDTH], dense[1, 0] = 5, 5
    lexical[0, sentiment.words(["thanks"]).indices] = 5
    return Sentiment(dense, lexical.half(), torch.zeros(3))


def read(head: Sentiment, text: str, first: float = 0) -> str:
    vector = np.zeros(WIDTH, np.float32)
    vector[0] = first
    found = head.read(vector, text)
    assert sum(found.values()) == pytest.approx(1)
    return max(found, key=found.__getitem__)


def test_vector_words_and_signs_all_count(head: Sentiment) -> None:
    assert read(head, "thanks") == "calm"
    assert read(head, "no", first=1) == "unhappy"
    assert read(head, "NOW") == "angry"


def test_it_is_the_same_after_storage(head: Sentiment, tmp_path: Path) -> None:
    assert Sentiment.load(tmp_path) is None
    head.save(tmp_path)
    loaded, vector = Sentiment.load(tmp_path), np.ones(WIDTH, np.float32)
    assert loaded is not None
    assert loaded.read(vector, "thanks!!") == head.read(vector, "thanks!!")
    assert [path.name for path in tmp_path.iterdir()] == [sentiment.HEAD]


@pytest.mark.parametrize("text", ["", "10023", "👍👍", "\ud800"])
def test_signs_of_texts_without_letters_stay_between_0_and_1(head: Sentiment, text: str) -> None:
    assert ((sentiment.signs(text) >= 0) & (sentiment.signs(text) <= 1)).all()
    read(head, text)


def test_the_shipped_head_hears_the_tone_and_not_the_topic() -> None:
    with Engine.load(ROOT / "models" / "fennmoor") as engine:
        readings = [
            engine.read([Turn("customer", text)])
            for text in (
                "hi, my lamp arrived broken, how do i return it?",
                "I am disappointed, I have been waiting for my refund for weeks and nobody answers",
                "you are thieves, give me my money back NOW!!!",
            )
        ]
    assert tuple(reading.sentiment for reading in readings) == SENTIMENTS
    assert all(sum(reading.sentiments.values()) == pytest.approx(1) for reading in readings)
