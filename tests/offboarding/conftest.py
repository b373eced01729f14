"""An owner's browser, and two shops with a row of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.role import Role
from tests import prepared
from tests.database import sqlite_at
from tests.isolation.rows import Rows

PASSWORD = "quiet-harbour-lantern-47"


@pytest.fixture(autouse=True)
def apart(settings: Settings, tmp_path: Path) -> None:
    """Files of these shops lie elsewhere, and so do their models."""
    settings.MEDIA_ROOT, settings.MODELS = tmp_path / "files", tmp_path / "models"
    cache.clear()


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """One test, both databases; to be named before the shops."""
    if request.param == "postgresql":
        yield "postgresql"
        return
    with sqlite_at(shutil.copy(prepared.sqlite(), tmp_path / "copy.sqlite3")):
        yield "sqlite"


@pytest.fixture
def shop(transactional_db: None) -> Rows:
    """A shop that somebody owns."""
    return owned(Rows("fennmoor"))


@pytest.fixture
def other(shop: Rows) -> Rows:
    """The shop next door."""
    return owned(Rows("harbour"))


def owned(rows: Rows) -> Rows:
    """Its administrator is its owner."""
    rows.workspace.members.filter(user=rows.admin).update(role=Role.OWNER)
    return rows


def signed_in(user: User) -> Client:
    """The browser of somebody who has just given the password."""
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    assert client.post("/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert client.post("/account/confirm/?next=/account/", {"password": PASSWORD}).status_code == 302
    return client


def page(client: Client, workspace: Workspace) -> str:
    """What stands there of a workspace."""
    return client.get("/admin/data/", {"workspace": workspace.slug}).content.decode()
