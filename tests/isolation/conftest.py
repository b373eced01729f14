"""Two shops with a row of everything: one that is spied on, and one whose people try it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.isolation.rows import Rows


@pytest.fixture(autouse=True)
def apart(settings: Settings, tmp_path: Path) -> None:
    """Files of these shops lie elsewhere, and nobody has asked for anything yet."""
    settings.MEDIA_ROOT = tmp_path
    cache.clear()


@pytest.fixture
def shop(db: None) -> Rows:
    """The shop that nobody else may see."""
    return Rows("fennmoor")


@pytest.fixture
def other(db: None) -> Rows:
    """A shop of people who mean harm."""
    return Rows("harbour")
