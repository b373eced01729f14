"""A pytest plugin: PostgreSQL for all workers of a run and a Redis for each, before Django reads its settings."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.servers import Postgres, Redis, free_port, remove

FOLDER = Path(tempfile.mkdtemp(prefix="supportbot-tests-"))
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# Of the process that started the workers, which inherit them.
SHARED = Path(os.environ.setdefault("SUPPORTBOT_TESTS", str(FOLDER)))
POSTGRES = Postgres(SHARED / "postgres", int(os.environ.setdefault("SUPPORTBOT_TESTS_PORT", str(free_port()))))
REDIS = Redis(FOLDER / "redis")
LONG = ("faults", "e2e", "benchmarks", "training")  # files that take up to minutes, longest folders first


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Start the servers; pytest-django loads the settings right after."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is stopped ends its servers, too
    FOLDER.chmod(0o755)
    if not IS_WORKER:
        POSTGRES.create()
    REDIS.start()
    os.environ.update(
        SUPPORTBOT_ENV="production",
        DJANGO_SECRET_KEY="only-for-the-tests-" + "x" * 40,
        DATABASE_URL=POSTGRES.url,
        REDIS_URL=REDIS.url,
        ALLOWED_HOSTS="127.0.0.1,localhost,testserver",
        CSRF_TRUSTED_ORIGINS="http://127.0.0.1,http://localhost",
        **{f"SUPPORTBOT_{kind}_API": "https://nowhere.invalid" for kind in ("TELEGRAM", "WHATSAPP", "SLACK")},
    )
    return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: LONG.index(folder) if (folder := item.path.parent.name) in LONG else len(LONG))


def pytest_unconfigure() -> None:
    """End the servers and delete what they wrote."""
    REDIS.kill()
    if not IS_WORKER:
        POSTGRES.stop()
    remove(FOLDER)
