"""The way into the queue of webhooks. Knows the task by its name only."""

from __future__ import annotations

import structlog
from django.db import transaction

from supportbot.celery import app

log = structlog.get_logger(__name__)


def soon(endpoint_id: int) -> None:
    """Have an address's deliveries sent once this transaction is saved."""
    transaction.on_commit(lambda: now(endpoint_id))


def now(endpoint_id: int) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.api.tasks.send", [endpoint_id], expires=60)
    except Exception as error:
        log.warning("webhooks not queued", endpoint=endpoint_id, error=repr(error))
