"""Fixtures of the training tests."""

from __future__ import annotations

import pytest

from inference.tokenizer import FILE, Tokenizer
from tests.stack import ROOT


@pytest.fixture(scope="session")
def shipped_tokenizer() -> Tokenizer:
    """The tokenizer of the checkpoint that ships."""
    return Tokenizer(ROOT / "models" / "fennmoor" / FILE)
