"""The engine's own thread: admit, prefill in chunks, decode all running replies as one batch.

Slot i of the cache holds running job i, so that a batch is a plain slice of it: when a job leaves, the last moves into
its slot. Knows jobs and the model, nothing of turns or triage.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

import numpy as np
import torch

from inference.fused import FusedDecoder
from inference.job import Chosen, Job
from inference.model import Decoder, KVCache
from inference.moe import Routing
from inference.sampling import choose

log = logging.getLogger(__name__)

CHUNK = 128
BUDGET = 256  # tokens of prompts between two decode steps: what a running reply may have to wait for
KEPT = 16  # prompts that were read, kept for the reply that follows


class EngineBusy(Exception):
    """Back-pressure: the waiting list is full."""


class EngineStopped(Exception):
    """The engine was closed or has failed; nothing more will come of it."""


class Prefixes:
    """The last prompts that were only read, in slots of their own: the reply's prompt begins like one of them."""

    def __init__(self, cache: KVCache, first: int) -> None:
        self._cache = cache
        self._free = list(range(first, first + KEPT))
        self._kept: dict[int, tuple[list[int], list[Chosen]]] = {}  # oldest first

    def keep(self, job: Job, slot: int) -> None:
        """Remember a job's prompt, and forget the oldest when there is no room."""
        row = self._free.pop() if self._free else next(iter(self._kept))
        self._kept.pop(row, None)
        self._cache.copy(slot, row, job.fed)
        self._kept[row] = (job.prompt, job.chosen)

    def restore(self, job: Job, slot: int) -> None:
        """Start a job with the longest beginning that is known; its last token is always read anew."""
        lengths = {row: _common(ids, job.prompt[:-1]) for row, (ids, _) in self._kept.items()}
        row = max(lengths, key=lengths.__getitem__, default=None)
        if row is None or lengths[row] == 0:
            return
        self._cache.copy(row, slot, lengths[row])
        job.fed = lengths[row]
        left = job.fed
        for ids, weights in self._kept[row][1]:
            job.chosen.append((ids[:, :left], weights[:, :left]))
            left = max(0, left - ids.shape[1])


class Scheduler:
    """Runs jobs on one thread; `submit` and `close` may be called from any."""

    def __init__(self, model: Decoder, *, slots: int, waiting: int) -> None:
        self._model, self._fused = model, FusedDecoder(model)
        self._slots, self._limit = slots, waiting
        self._cache = KVCache.allocate(model.config, slots + KEPT)
        self._prefixes = Prefixes(self._cache, slots)
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []  # by slot; those that still read their prompt come last
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

    def close(self) -> None:
        """Stop the thread; jobs that are not finished fail with EngineStopped."""
        self._stop(EngineStopped("the engine was closed"))
        self._thread.join()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
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
        budget = BUDGET
        while budget > 0 and (job := self._admit()):
            budget -= self._prefill(job)
        self._decode()

    def _drop_overdue(self) -> None:
        with self._wake:
            late = [job for job in self._waiting if job.overdue()]
            self._waiting = deque(job for job in self._waiting if job not in late)
        for job in late:
            job.finish(job.overdue() or "cancelled")
        for job in list(self._running):
            if reason := job.overdue():
                self._leave(job)
                job.finish(reason)

    def _admit(self) -> Job | None:
        """The job whose prompt is next to be read: the one begun, or the first that waits."""
        if self._running and not self._running[-1].prefilled:
            return self._running[-1]
        with self._wake:
            if len(self._running) >= self._slots or not self._waiting:
                return None
            job = self._waiting.popleft()
        self._prefixes.restore(job, len(self._running))
        self._running.append(job)
        return job

    def _prefill(self, job: Job) -> int:
        """Read a chunk of a prompt and, at its end, choose the first token; returns how many tokens were read."""
        slot = len(self._running) - 1
        ids = job.prompt[job.fed : job.fed + CHUNK]
        positions = torch.arange(job.fed, job.fed + len(ids)).unsqueeze(0)
        hidden, routing = self._model.hidden(torch.tensor([ids]), self._cache.rows(slot, slot + 1), positions)
        job.chosen.append(_chosen(routing))
        job.fed += len(ids)
        if job.prefilled and job.choice is None:
            self._prefixes.keep(job, slot)
            self._leave(job)
            job.finish("length")
        elif job.prefilled:
            self._choose(hidden[:, -1], [job])
        return len(ids)

    def _decode(self) -> None:
        """One more token for every job that has read its prompt."""
        jobs = [job for job in self._running if job.prefilled]
        if not jobs:
            return
        embedded = self._model.embed(torch.tensor([job.reply[-1] for job in jobs]))
        hidden, ids, weights = self._fused.hidden(embedded, self._cache, np.array([job.fed for job in jobs]))
        for row, job in enumerate(jobs):
            job.chosen.append((ids[:, row : row + 1], weights[:, row : row + 1]))
            job.fed += 1
        self._choose(hidden, jobs)

    def _choose(self, hidden: torch.Tensor, jobs: list[Job]) -> None:
        chosen = choose(self._model.logits(hidden), [job.choice for job in jobs if job.choice])
        for job, token, logprob in zip(jobs, *chosen, strict=True):
            try:
                reason = job.accept(token, logprob)
            except Exception as error:
                self._leave(job)
                job.fail(error)
                continue
            if reason:
                self._leave(job)
                job.finish(reason)

    def _leave(self, job: Job) -> None:
        """Free a job's slot; the last that decodes takes it, and one that still reads takes the slot after those."""
        hole = self._running.index(job)
        decoding = sum(other.prefilled for other in self._running)
        for last in (decoding - 1, len(self._running) - 1):
            if last > hole:
                moved = self._running[last]
                self._cache.copy(last, hole, moved.fed)
                self._running[hole] = moved
                hole = last
        del self._running[hole]


def _chosen(routing: list[Routing]) -> Chosen:
    """A forward pass' choices as arrays: ids and weights [layer, token, k]."""
    ids = torch.stack([r.ids for r in routing]).to(torch.uint8)
    return ids.numpy(), torch.stack([r.weights for r in routing]).numpy()


def _common(one: list[int], other: list[int]) -> int:
    """How many tokens both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
