"""The engine's own thread: admit, read prompts piece by piece, and give every running reply its next token.

Each step is one pass of the decoder over the last token of every reply and some tokens of prompts. Knows jobs and
slots, nothing of turns or triage.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.config import ModelConfig
from inference.fused import Rows, Scores
from inference.job import FinishReason, Job
from inference.slots import Slots

log = logging.getLogger(__name__)

BUDGET = 128  # tokens of prompts in one step: what a running reply may have to wait for
PATIENCE = 16  # how often the longest waiting job may be passed over for one of the running ones' pool
KEPT = 16  # prompts that were read, kept for the reply that follows


class Pass(Protocol):
    """What reads rows into slots: the compiled decoder, or the eager one."""

    config: ModelConfig

    def forward(self, rows: Rows, asking: NDArray[np.int64], slots: Slots) -> Scores:
        """See `FusedDecoder.forward`."""


class EngineBusy(Exception):
    """Back-pressure: the waiting list is full."""


class EngineStopped(Exception):
    """The engine was closed or has failed; nothing more will come of it."""


@dataclass(frozen=True)
class Usage:
    """Requests that run and wait now, and how many steps had 0, 1, 2, ... of them at once since the start."""

    running: int
    waiting: int
    steps: tuple[int, ...]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read or written."""
        return not self.running and not self.waiting


class Scheduler:
    """Runs jobs on one thread; `submit` and `close` may be called from any."""

    def __init__(self, decoder: Pass, *, slots: int, waiting: int, patience: int = PATIENCE) -> None:
        """`slots` jobs run at once and `waiting` may wait; with a patience of 0 they are served as they came."""
        self._decoder = decoder
        self._places, self._limit, self._patience = slots, waiting, patience
        self._slots = Slots.allocate(decoder.config, slots + KEPT)
        self._free = list(range(slots + KEPT))
        self._kept: dict[int, list[int]] = {}  # prompts that were only read, by slot, oldest first
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._steps = [0] * (slots + 1)  # by the number of jobs in them
        self._wake = threading.Condition()
        self._stopped: EngineStopped | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. EngineBusy when too many wait, EngineStopped when nothing runs any more."""
        with self._wake:
            if self._stopped:
                raise self._stopped
            if len(self._waiting) >= self._limit:
                raise EngineBusy(f"{len(self._waiting)} requests are waiting already")
            self._waiting.append(job)
            self._wake.notify()

    @property
    def usage(self) -> Usage:
        """How busy it is; read without a lock, for whoever watches."""
        return Usage(len(self._running), len(self._waiting), tuple(self._steps))

    def close(self) -> None:
        """Stop the thread; jobs that are not finished fail with EngineStopped."""
        self._stop(EngineStopped("the engine was closed"))
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wait():
                self._step()
        except Exception as error:
            log.exception("the engine's thread failed")
            self._stop(EngineStopped(f"the engine's thread failed: {error!r}"))
        finally:
            self._fail_all()

    def _wait(self) -> bool:
        """Sleep until there is work; false when it is over."""
        with self._wake:
            self._wake.wait_for(lambda: self._stopped or self._waiting or self._running)
            return self._stopped is None

    def _stop(self, reason: EngineStopped) -> None:
        with self._wake:
            self._stopped = self._stopped or reason
            self._wake.notify()

    def _fail_all(self) -> None:
        reason = self._stopped or EngineStopped("the engine's thread has ended")
        for job in (*self._running, *self._waiting):
            job.fail(reason)
        self._running.clear()
        self._waiting.clear()

    def _step(self) -> None:
        self._drop_overdue()
        self._admit()
        parts = self._parts()
        if not parts:
            return
        self._steps[len(parts)] += 1
        rows: list[tuple[int, int, int]] = []
        asking: list[int] = []
        for job, part in parts:
            rows += zip(part, repeat(job.slot), range(job.fed, job.fed + len(part)), strict=False)
            job.fed += len(part)
            if job.answered and job.prefilled:
                asking.append(len(rows) - 1)
        read = np.array(rows, np.int64).T.copy()
        scores = self._decoder.forward(read, np.array(asking, np.int64), self._slots)
        self._advance([job for job, _ in parts], scores)

    def _drop_overdue(self) -> None:
        now = time.monotonic()
        if self._waiting:
            with self._wake:
                late = [job for job in self._waiting if job.overdue(now)]
                self._waiting = deque(job for job in self._waiting if job not in late)
            for job in late:
                self._finish(job, job.overdue(now) or "cancelled")
        for job in [job for job in self._running if job.overdue(now)]:
            self._finish(job, job.overdue(now) or "cancelled")

    def _admit(self) -> None:
        """Give the free places to those that wait."""
        while self._waiting and len(self._running) < self._places:
            with self._wake:
                job = self._next()
                self._waiting.remove(job)
            job.slot = self._free.pop()
            self._slots.off[job.slot] = job.off
            self._restore(job)
            if job.answered:
                self._slots.banned[job.slot] = job.banned
            self._running.append(job)

    def _next(self) -> Job:
        """The first of the pool that most of the running are of: together they read the weights of fewer experts.

        The job that has waited longest is passed over at most `patience` times.
        """
        waiting = _first(self._waiting)
        longest = waiting[0]
        if longest.passed_over >= self._patience:
            return longest
        running = Counter(job.pool for job in self._running)
        job = max(waiting, key=lambda other: running[other.pool])
        longest.passed_over += job is not longest
        return job

    def _restore(self, job: Job) -> None:
        """Start with the longest beginning that is known; a prompt's last token is always read anew.

        What is kept was read with all experts, so it serves no job that does without some.
        """
        if job.off.any():
            return
        lengths = {slot: _common(ids, job.prompt[:-1]) for slot, ids in self._kept.items()}
        slot = max(lengths, key=lengths.__getitem__, default=-1)
        if slot >= 0 and lengths[slot]:
            self._slots.copy(slot, job.slot, lengths[slot])
            job.fed = lengths[slot]

    def _parts(self) -> list[tuple[Job, list[int]]]:
        """What each job reads in this step: its newest token, or the next of its prompt while there is budget."""
        parts, budget = [], BUDGET
        for job in _first(self._running):
            if job.prefilled:
                parts.append((job, [job.last]))
            elif budget:
                parts.append((job, job.prompt[job.fed : job.fed + budget]))
                budget -= len(parts[-1][1])
        return parts

    def _advance(self, jobs: list[Job], scores: Scores) -> None:
        """Hand out the next tokens, and let go what is done."""
        best, total, row = scores.best.tolist(), scores.total.tolist(), 0
        for job in jobs:
            if not job.prefilled:
                continue
            if not job.answered:
                self._finish(job, "length")
                continue
            logits = scores.logits[row]
            token = job.sampler.draw(logits) if job.sampler else best[row]
            self._accept(job, token, float(logits[token]) - total[row])
            row += 1

    def _accept(self, job: Job, token: int, logprob: float) -> None:
        try:
            reason = job.accept(token, logprob)
        except Exception as error:
            self._leave(job)
            job.fail(error)
            return
        if reason:
            self._finish(job, reason)

    def _finish(self, job: Job, reason: FinishReason) -> None:
        routing = self._slots.routing(job.slot, job.fed)
        if job in self._running:
            self._leave(job)
        job.finish(reason, *routing)

    def _leave(self, job: Job) -> None:
        """Free a job's slot; that of a prompt which was only read is kept a while, for the reply to it."""
        self._running.remove(job)
        if job.answered or not job.prefilled:
            self._free.append(job.slot)
            return
        if len(self._kept) == KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._free.append(oldest)
        self._kept[job.slot] = job.prompt


def _first(jobs: Sequence[Job]) -> Sequence[Job]:
    """Those that go first: all that do not stay in the background, if there are any."""
    return [job for job in jobs if not job.background] or jobs


def _common(one: list[int], other: list[int]) -> int:
    """How many tokens both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
