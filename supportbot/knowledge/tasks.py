"""Celery's entry points. Rules live in `indexing` and `imports`."""

from __future__ import annotations

import threading

from supportbot.celery import app
from supportbot.knowledge import indexing
from supportbot.knowledge.imports import service
from supportbot.knowledge.queue import queue_index

_indexing = threading.Lock()


@app.task
def index() -> None:
    """Index one batch of what is due, and come again while more is; one at a time, for replies need the processor."""
    if not _indexing.acquire(blocking=False):
        return  # whoever is at it looks again when it is done
    try:
        if indexing.is_due():
            from inference.encoder import shared_encoder  # noqa: PLC0415  (a web process must not load torch)

            indexing.index_due(shared_encoder().embed)
    finally:
        _indexing.release()
    if indexing.is_due():
        queue_index()


@app.task
def run_import(import_id: int) -> None:
    """Carry out an import."""
    service.carry_out(import_id)


@app.task
def sweep() -> None:
    """Queue what was missed."""
    service.queue_waiting()
    indexing.notice_settings()
    if indexing.is_due():
        queue_index()
