"""The ways into Celery's queues. Knows tasks by their names only, so that models may ask for them."""

from __future__ import annotations

import structlog

from supportbot.celery import app

log = structlog.get_logger(__name__)
TASKS = "supportbot.knowledge.tasks"


def queue_index() -> None:
    """Ask a worker to index what is due; if the queue can't be reached, the sweep asks again."""
    _send("index")


def queue_import(import_id: int) -> None:
    """Ask a worker to carry out an import; if the queue can't be reached, the sweep asks again."""
    _send("run_import", import_id)


def _send(task: str, *arguments: int) -> None:
    try:
        app.send_task(f"{TASKS}.{task}", arguments, expires=60)
    except Exception as error:
        log.warning("not queued", task=task, error=repr(error))
