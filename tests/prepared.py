"""States that take long to make: made once for all workers of a run, copied from then on."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.servers import Postgres, remove, stop_process
from tests.session import POSTGRES, SHARED
from tests.stack import ROOT, EmbeddedStack, running


def once(name: str, make: Callable[[Path], None]) -> Path:
    """What the first worker that wants it makes at a path."""
    path, unfinished = SHARED / name, SHARED / f"{name}.unfinished"
    with (SHARED / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(unfinished)
            unfinished.rename(path)
    return path


def embedded() -> Path:
    """What a first `manage.py serve` leaves behind: migrated, with the demo shop, all articles indexed, and its log."""
    return once("embedded", _serve)


def sqlite() -> Path:
    """A migrated file of SQLite."""
    return once("sqlite", _migrate_sqlite)


def postgres() -> Postgres:
    """The run's PostgreSQL, whose own database is migrated and nobody's: a template for all others."""
    once("postgres.migrated", _migrate_postgres)
    return POSTGRES


def _serve(made: Path) -> None:
    with running(EmbeddedStack({})) as first:
        stop_process(first.processes["serve"], kill=True)
        shutil.copytree(first.state, made)
        shutil.copy(first.folder / "serve.log", made)


def _migrate_sqlite(made: Path) -> None:
    stack = EmbeddedStack({})
    stack.manage("migrate", "--verbosity", "0")
    shutil.copy(stack.state / "supportbot.sqlite3", made)
    remove(stack.folder)


def _migrate_postgres(made: Path) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    made.touch()
