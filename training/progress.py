"""How far a loop is: a bar on a terminal, else lines in the log, for whoever runs it as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.progress import track

LINES = 40  # of one loop


def steps(count: int, what: str) -> Iterator[int]:
    """0 to count - 1."""
    if sys.stdout.isatty():
        yield from track(range(count), what)
        return
    for step in range(count):
        if step % max(1, count // LINES) == 0:
            print(f"{what}: {step} of {count}", flush=True)
        yield step
