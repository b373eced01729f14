"""What is counted of messages and replies, and what Prometheus is told when it asks: who waits, how full the engine is.

Called on commit where rows are concerned, so that nothing is counted that was not saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from supportbot.celery import queue_lengths
from supportbot.chat.models import Message
from supportbot.telemetry import metrics

if TYPE_CHECKING:
    from inference.engine import Completion, Engine, RoutingTrace

BATCHES = (1, 2, 4, 8, 16, 32, 64)  # replies at once: the bounds of the histogram


def replied(message: Message, record: Mapping[str, Any]) -> None:
    """Count a saved reply; `record` has the fields of its Generation."""
    metrics.REPLIES.labels(record.get("act", ""), record.get("reason", "")).inc()
    if "wait_s" in record:
        metrics.REPLY_WAIT.observe(record["wait_s"])
    metrics.REPLY_TIME.observe(_since(message.created_at))


def shown(message: Message) -> None:
    """Count the time to the first word of a reply to this message."""
    metrics.FIRST_TOKEN.observe(_since(message.created_at))


def read(trace: RoutingTrace) -> None:
    """Count what triage has read."""
    metrics.TOKENS.labels("triage").inc(len(trace.tokens))
    _count_experts(trace)


def wrote(completion: Completion) -> None:
    """Count what the engine has read and written for a reply."""
    metrics.TOKENS.labels("prompt").inc(completion.prompt_tokens)
    metrics.TOKENS.labels("reply").inc(completion.completion_tokens)
    seconds = completion.total_s - completion.first_token_s
    if completion.completion_tokens > 1 and seconds > 0:
        metrics.TOKEN_RATE.observe((completion.completion_tokens - 1) / seconds)
    if completion.trace.ids.size:
        _count_experts(completion.trace)


def _count_experts(trace: RoutingTrace) -> None:
    for expert, count in enumerate(trace.counts.sum(axis=0).tolist()):
        metrics.EXPERT_TOKENS.labels(expert).inc(count)


def _since(at: datetime) -> float:
    return (timezone.now() - at).total_seconds()


class Waiting(Collector):
    """Messages without an outcome, from the database, and the length of each queue; for a web process to tell."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry must not ask before anybody does."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Ask database and queue; a part that does not answer makes the visit fail, as it should."""
        try:
            pending = Message.objects.filter(outcome=Message.Outcome.PENDING)
            row = pending.aggregate(count=Count("id"), oldest=Min("created_at"))
        finally:
            connection.close()
        yield GaugeMetricFamily("supportbot_messages_pending", "Messages without an outcome.", row["count"])
        oldest = _since(row["oldest"]) if row["oldest"] else 0.0
        yield GaugeMetricFamily("supportbot_messages_pending_oldest_seconds", "How long the oldest waits.", oldest)
        lengths = GaugeMetricFamily("supportbot_queue_length", "Tasks that no worker has taken.", labels=["queue"])
        for queue, length in queue_lengths().items():
            lengths.add_metric([queue], length)
        yield lengths


class EngineLoad(Collector):
    """What the engine of this process does, if it has one."""

    def __init__(self, loaded: Callable[[], Engine | None]) -> None:
        self._loaded = loaded

    def describe(self) -> Iterable[Metric]:
        """Nothing: the engine may not be there yet."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Jobs that run and wait, and how many ran in each step."""
        engine = self._loaded()
        if engine is None:
            return
        usage = engine.usage
        jobs = GaugeMetricFamily("supportbot_engine_jobs", "Requests in the engine.", labels=["state"])
        jobs.add_metric(["running"], usage.running)
        jobs.add_metric(["waiting"], usage.waiting)
        yield jobs
        below = [0, *accumulate(usage.steps)]  # steps with fewer jobs than this
        buckets = [(f"{bound}.0", float(below[min(bound + 1, len(usage.steps))])) for bound in BATCHES]
        total = sum(size * steps for size, steps in enumerate(usage.steps))
        yield HistogramMetricFamily(
            "supportbot_engine_batch_size", "Jobs in one step of the engine.", [*buckets, ("+Inf", below[-1])], total
        )
