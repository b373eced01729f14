"""A pytest plugin: PostgreSQL for all workers of a run and a Redis for each, before Django reads its settings.

It also gives the workers their files, so that both cores have work: while one waits for browsers, another computes.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.servers import Postgres, Redis, free_port, remove

FOLDER = Path(tempfile.mkdtemp(prefix="supportbot-tests-"))
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# Of the process that started the workers, which inherit them.
SHARED = Path(os.environ.setdefault("SUPPORTBOT_TESTS", str(FOLDER)))
POSTGRES = Postgres(SHARED / "postgres", int(os.environ.setdefault("SUPPORTBOT_TESTS_PORT", str(free_port()))))
REDIS = Redis(FOLDER / "redis")
WAITING = ("services_stack", "embedded_stack", "browser")  # fixtures whose tests mostly wait for other processes
FOLDERS = ("faults", "e2e", "*", "training", "benchmarks")  # at the end, those that compute for long


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
    """Put the files that wait first and those that compute for long last."""
    used = defaultdict[Path, set[str]](set)
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()  # may name a fixture
        used[item.path].update(getattr(item, "fixturenames", ()), map(str, parameters))

    def place(item: pytest.Item) -> tuple[int, int]:
        waits = next((index for index, name in enumerate(WAITING) if name in used[item.path]), len(WAITING))
        folder = item.path.parent.name
        return waits, FOLDERS.index(folder if folder in FOLDERS else "*")

    items.sort(key=place)


class FromBothEnds(LoadFileScheduling):
    """The first worker takes files from the front, the others from the end; they meet somewhere in between."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is not self.nodes[0]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """How `--dist loadfile` gives out the files."""
    return FromBothEnds(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_unconfigure() -> None:
    """End the servers and delete what they wrote."""
    REDIS.kill()
    if not IS_WORKER:
        POSTGRES.stop()
    remove(FOLDER)
