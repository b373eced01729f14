"""Why a run ends early: a signal that waits for the end of a step, or an error that leaves the state as it was."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(RuntimeError):
    """The run cannot go on; the message says why, and the state on disk is the last good one."""


@contextmanager
def signals() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM only leave a note, which the block asks for; a second one interrupts at once."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
