"""Celery's entry point of the routing: count what is new, watch the figures, forget what is old."""

from __future__ import annotations

from django.core.cache import cache

from supportbot.analytics.routing import rollup, watch
from supportbot.celery import app
from supportbot.chat import whatif
from supportbot.workspaces.models import Workspace

FORGET_EVERY = 3600  # seconds
BATCHES = 10


@app.task
def tend() -> None:
    """Count every reply that is new, and judge the workspaces that they are of."""
    touched: set[int] = set()
    for _ in range(BATCHES):  # a long history is counted bit by bit
        if not (counted := rollup.count()):
            break
        touched |= counted
    for workspace in Workspace.objects.filter(id__in=touched):
        watch.judge(workspace)
    whatif.expire()
    if cache.add("routing-forgotten", True, FORGET_EVERY):
        rollup.forget()
