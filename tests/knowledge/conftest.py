"""Either database under the same tests, and the encoder as the workers have it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from pytest_django import DjangoDbBlocker

from inference.encoder import shared_encoder
from supportbot.knowledge.retrieval import Embed
from supportbot.workspaces.models import Workspace


@contextmanager
def sqlite_at(path: Path) -> Iterator[None]:
    """The embedded run's database in the place of PostgreSQL."""
    postgres = connections["default"]
    given = {**postgres.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "TIME_ZONE": None}
    given["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
    connections["default"] = DatabaseWrapper(given, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = postgres


@pytest.fixture(scope="session")
def empty_sqlite(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    with django_db_blocker.unblock(), sqlite_at(path):
        call_command("migrate", verbosity=0, interactive=False)
    return path


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Iterator[str]:
    """One test, both databases."""
    if request.param == "postgresql":
        yield "postgresql"
        return
    with sqlite_at(shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "copy.sqlite3")):
        yield "sqlite"


@pytest.fixture
def shop(database: str) -> Workspace:
    """A workspace without articles."""
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor", settings={"return_days": "thirty days"})


@pytest.fixture(scope="session")
def embed() -> Embed:
    """The sentence encoder."""
    return shared_encoder().embed
