"""States that take long to make: made once for all workers of a run, copied from then on."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from tests.servers import stop_process
from tests.session import SHARED
from tests.stack import EmbeddedStack


def embedded() -> Path:
    """What a first `manage.py serve` leaves behind: migrated, with the demo shop, all articles indexed."""
    made = SHARED / "embedded"
    with (SHARED / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            first = EmbeddedStack({})
            try:
                first.start()
                stop_process(first.processes["serve"], kill=True)
                shutil.copytree(first.state, SHARED / "unfinished")
                (SHARED / "unfinished").rename(made)
            except TimeoutError as error:
                raise TimeoutError(f"{error}\n{first.logs()}") from error
            finally:
                first.stop()
    return made
