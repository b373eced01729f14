"""Counts and traces every Celery task: the trace goes with the task through the queue, and so does the hour."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import structlog
from celery import Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from opentelemetry.trace import SpanKind, StatusCode

from supportbot.telemetry import metrics, tracing

log = structlog.get_logger(__name__)
QUEUED_AT = "supportbot_queued_at"
TRACE = "traceparent"
WATCH = "supportbot_watch"


def watch() -> None:
    """Begin to count and to trace, in whatever queues or does tasks; LOG_LEVEL says how much of it is logged."""
    setup_logging.connect(_leave_logging)
    before_task_publish.connect(_send_along)
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


def _leave_logging(**_: object) -> None:
    """Somebody who listens keeps Celery from setting levels of its own."""


def _send_along(headers: dict[str, Any], **_: object) -> None:
    tracing.inject(headers)
    headers[QUEUED_AT] = time.time()


def _begin(task: Task[Any, Any], **_: object) -> None:
    request = task.request
    queue = (request.delivery_info or {}).get("routing_key") or "none"
    queued_at = request.get(QUEUED_AT)
    if queued_at and not request.eta:  # one that was put off has not waited
        metrics.TASK_WAIT.labels(queue).observe(max(0.0, time.time() - queued_at))
    watch, span = ExitStack(), None
    if trace := request.get(TRACE):  # what beat queues belongs to nothing that somebody did
        span = watch.enter_context(
            tracing.span(task.name, kind=SpanKind.CONSUMER, parent={TRACE: trace}, queue=queue, task=request.id)
        )
    setattr(request, WATCH, (watch, span, time.perf_counter()))


def _end(task: Task[Any, Any], state: str | None = None, **_: object) -> None:
    watch, span, begun = getattr(task.request, WATCH)
    seconds = time.perf_counter() - begun
    metrics.TASKS.labels(task.name, state or "none").observe(seconds)
    if span:
        log.info("task", task=task.name, state=state, seconds=round(seconds, 3))
    if span and state == "FAILURE":
        span.set_status(StatusCode.ERROR)
    watch.close()
