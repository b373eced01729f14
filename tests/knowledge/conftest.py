"""Either database under the same tests, and the encoder as the workers have it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.encoder import shared_encoder
from supportbot.knowledge.retrieval import Embed
from supportbot.workspaces.models import Workspace
from tests import prepared
from tests.database import sqlite_at


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Iterator[str]:
    """One test, both databases."""
    if request.param == "postgresql":
        yield "postgresql"
        return
    with sqlite_at(shutil.copy(prepared.sqlite(), tmp_path / "copy.sqlite3")):
        yield "sqlite"


@pytest.fixture
def shop(database: str) -> Workspace:
    """A workspace without articles."""
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor", settings={"return_days": "thirty days"})


@pytest.fixture(scope="session")
def embed() -> Embed:
    """The sentence encoder."""
    return shared_encoder().embed
