"""Long work in a process of its own at the lowest priority, which a worker follows by what it prints."""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.conf import settings

LOOK_EVERY = 1.0  # seconds
TAIL = 2_000  # characters of a log


def follow(
    words: Sequence[str], told: Path, note: Callable[[str], bool], environment: Mapping[str, str] | None = None
) -> int | None:
    """Run it and have noted what it has printed so far; its exit status, None where `note` says to end it.

    What it prints lies in `told`. Without an environment it has this process's own.
    """
    with told.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            words, stdout=out, stderr=subprocess.STDOUT, cwd=settings.BASE_DIR, env=environment
        )
    atexit.register(process.kill)  # a worker that ends leaves nobody behind
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, 19)
        while process.poll() is None:
            time.sleep(LOOK_EVERY)
            if not note(told.read_text("utf-8", errors="replace")):
                return None
        return process.returncode
    finally:
        process.kill()
        process.wait()
        atexit.unregister(process.kill)


def tail(told: Path) -> str:
    """The end of what it printed, without the folder's name."""
    return told.read_text("utf-8", errors="replace").replace(str(told.parent), "")[-TAIL:].strip()
