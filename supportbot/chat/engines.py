"""The engines of a process, one for each checkpoint that answers, loaded beside one another. Knows no row.

A checkpoint that is not wanted any more stays until every reply that was begun with it is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from inference.engine import Engine

REST = 180.0  # seconds; longer than any reply's deadline
AGAIN = 30.0  # seconds until a checkpoint that could not be loaded is tried again


class Engines:
    """All of a process; the first that is loaded is the one that stands. Every method is thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[Path, Engine] = {}  # replaced, never changed, so that it is read without the lock
        self._unwanted: dict[Path, float] = {}
        self._tried: dict[Path, float] = {}
        self._alone: Path | None = None
        self.is_stopped = False

    def get(self, path: Path) -> Engine:
        """The engine of a checkpoint; while it is not loaded the one that stands, and if none does, wait for it."""
        path = self._alone or path
        return self._loaded.get(path) or self.standing or self.load(path)

    @property
    def standing(self) -> Engine | None:
        """The one that stands, if any is loaded."""
        return next(iter(self._loaded.values()), None)

    def load(self, path: Path) -> Engine:
        """The engine of a checkpoint, which takes seconds the first time; CheckpointError when it can't be read."""
        with self._lock:
            if path not in self._loaded:
                self._tried[path] = time.monotonic()
                self._loaded = {**self._loaded, path: _open(path)}
            return self._loaded[path]

    def have(self, paths: Sequence[Path]) -> bool:
        """Whether all of them are loaded."""
        return self._loaded.keys() >= set(paths)

    def due(self, paths: Sequence[Path]) -> list[Path]:
        """Those that are to be loaded now: not loaded, and not tried in vain a moment ago."""
        now = time.monotonic()
        return [path for path in paths if path not in self._loaded and now - self._tried.get(path, -AGAIN) >= AGAIN]

    def only(self, path: Path) -> None:
        """Have one checkpoint answer whatever is asked of this process, to try it; CheckpointError as `load`."""
        self.load(path)
        self._alone = path

    def keep(self, wanted: Sequence[Path]) -> None:
        """Let the first of them that is loaded stand; close what is not among them once its replies are over."""
        with self._lock:
            ahead = {path: self._loaded[path] for path in wanted if path in self._loaded}
            now = time.monotonic()
            self._unwanted = {path: self._unwanted.get(path, now) for path in self._loaded if path not in ahead}
            over = [path for path, since in self._unwanted.items() if ahead and now - since > REST]
            everything = {**ahead, **self._loaded}
            self._loaded = {path: engine for path, engine in everything.items() if path not in over}
            for path in over:
                everything[path].close()

    @contextmanager
    def borrowed(self, path: Path) -> Iterator[Engine]:
        """An engine for a while; one that answers nobody is closed after."""
        if serving := self._loaded.get(path):
            yield serving
            return
        engine = _open(path)
        try:
            yield engine
        finally:
            engine.close()

    def stop(self) -> None:
        """End all; what is being answered stays accepted, for the next process to answer."""
        with self._lock:
            self.is_stopped = True
            for engine in self._loaded.values():
                engine.close()


def _open(path: Path) -> Engine:
    slots = settings.INFERENCE_THREADS
    if settings.BACKEND:
        from inference import backends  # noqa: PLC0415  (nor load what it does not use)

        key, experts = settings.BACKEND_KEY, settings.BACKEND_EXPERTS
        return backends.load(path, settings.BACKEND, key=key, experts=experts, slots=slots)
    from inference.engine import Engine  # noqa: PLC0415  (a web process must not load torch)

    return Engine.load(path, slots=slots)
