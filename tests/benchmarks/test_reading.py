"""The benchmark of sentiment and language: its rows, and that it holds without the public data."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import reading
from inference.language import Languages
from training import sources


def test_a_row_tells_right_unknown_and_wrong_and_right_by_length() -> None:
    texts = [
        "10023",
        "where is my parcel",
        "Wo ist mein Paket?",
        "I have been waiting for my refund since Monday, please help",
    ]
    row = reading._told(Languages(), "English", "en", texts)
    assert row == ["English", "4", "50.0%", "25.0%", "25.0%", "0.0%", "50.0%", "100.0%", ""]


def test_sentiment_is_scored_beside_the_majority() -> None:
    assert reading._scored("calm", ["calm", "angry"], ["calm", "calm"]) == ["calm", "2", "50.0%", "0.222"]


def test_without_public_data_only_the_corpus_and_our_own_lines_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "PUBLIC", tmp_path)
    lines = reading.languages().splitlines()
    assert [line.split(" |")[0] for line in lines[4:]] == [
        "| en (held-out customer messages)",
        "| nl (written for this table)",
    ]
