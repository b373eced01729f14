"""Fixtures that every folder uses."""

from __future__ import annotations

import pytest

from tests import session
from tests.servers import Postgres, Redis


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The session's PostgreSQL."""
    return session.POSTGRES


@pytest.fixture(scope="session")
def redis_server() -> Redis:
    """The session's Redis."""
    return session.REDIS
