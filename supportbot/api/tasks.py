"""Celery's entry points. Rules live in `webhooks`."""

from __future__ import annotations

from supportbot.api.models import Delivery, StoredAnswer
from supportbot.api.webhooks import queue, sending
from supportbot.celery import app


@app.task
def send(endpoint_id: int) -> None:
    """Send what an address has to hear."""
    sending.send(endpoint_id)


@app.task
def sweep() -> None:
    """Queue again what was missed or failed, and forget what is old."""
    for endpoint_id in sending.due():
        queue.now(endpoint_id)
    StoredAnswer.forget_old()
    Delivery.forget_old()
