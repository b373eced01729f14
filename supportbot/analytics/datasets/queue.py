"""Puts the work on datasets into its queue. Names the tasks only, for they import what is done."""

from __future__ import annotations

import structlog

from supportbot.celery import app

log = structlog.get_logger(__name__)
ROOM = "supportbot.analytics.datasets.tasks"


def take(upload_id: int) -> None:
    """An upload; the sweep finds it if the broker is away."""
    _send("take", upload_id)


def link(workspace_id: int) -> None:
    """What joins a workspace's rows to its conversations."""
    _send("link", workspace_id)


def forget(workspace_id: int) -> None:
    """What people have a right to."""
    _send("forget", workspace_id)


def _send(name: str, pk: int) -> None:
    try:
        app.send_task(f"{ROOM}.{name}", [pk], expires=600)
    except Exception as error:
        log.warning("not queued", task=name, error=repr(error))
