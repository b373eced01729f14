"""Fixtures of the training tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.tokenizer import FILE, Tokenizer
from tests.stack import ROOT
from training.config import Config
from training.data import prepare

TINY = Path(__file__).with_name("tiny.toml")


@pytest.fixture(scope="session")
def shipped_tokenizer() -> Tokenizer:
    """The tokenizer of the checkpoint that ships."""
    return Tokenizer(ROOT / "models" / "fennmoor" / FILE)


@pytest.fixture(scope="session")
def tiny() -> Config:
    """A configuration that trains in a second."""
    return Config.read(TINY)


@pytest.fixture(scope="session")
def prepared(tiny: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tokenizer and packed data, from the corpus alone."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(tiny, folder)
    return folder
