"""The Celery app with its queues (`QUEUES`), and the embedded workers."""

from __future__ import annotations

import os
import threading

from celery import Celery
from celery.signals import worker_ready
from celery.worker import WorkController, state
from django.conf import settings
from redis import Redis

from supportbot.telemetry import tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")

app = Celery("supportbot")
app.config_from_object("django.conf:settings", namespace="CELERY")
ROOMS = ["chat", "chat.authoring", "chat.rules", "actions", "knowledge", "billing", "analytics", "analytics.datasets"]
ROOMS += ["analytics.routing", "api", "channels", "offboarding"]
app.autodiscover_tasks([f"supportbot.{room}" for room in ROOMS])
tasks.watch()

QUEUES = ("default", "inference", "background", "translation", "webhooks", "rules")
# What waits for others, and what may wait itself, so that replies don't.
OUTSIDE = (
    "chat.tasks.translate",
    "chat.rules.tasks.run",
    "api.tasks.send",
    "channels.tasks.poll",
    "channels.tasks.send",
    "channels.tasks.receive",
    "channels.tasks.post",
)
WAITING = 8  # of them at once in the embedded run; docker-compose.yml has its own number


def queue_lengths() -> dict[str, int]:
    """Tasks of each queue that no worker has taken; nothing where the queue is in memory. RedisError if it is away."""
    if settings.EMBEDDED:
        return {}
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3) as redis:
        return {name: int(redis.llen(name)) for name in QUEUES}


class EmbeddedWorker:
    """The workers of the server's process, each on a thread: for replies, and for what waits for others."""

    def __init__(self, concurrency: int) -> None:
        # Celery keeps the queues that a worker serves in its app, so the second worker has one of its own.
        app.loader.import_default_modules()
        other = Celery("supportbot", set_as_current=False)
        other.config_from_object("django.conf:settings", namespace="CELERY")
        for name in OUTSIDE:
            other.tasks.register(app.tasks[f"supportbot.{name}"])
        waiting = _worker(other, "translator", WAITING, ["translation", "webhooks", "rules"])
        self._worker = _worker(app, "worker", concurrency, ["default", "inference", "background"])
        workers = {"translator": waiting, "worker": self._worker}
        self._threads = [threading.Thread(target=work.start, name=name, daemon=True) for name, work in workers.items()]

    def start(self) -> None:
        """Begin to take tasks, and let the model load meanwhile, as a worker of its own would."""
        for thread in self._threads:
            thread.start()
        worker_ready.send(sender=self._worker)

    def stop(self) -> None:
        """Take no more tasks, and give the threads a moment to end; they are daemons and hold nothing."""
        state.should_stop = 0  # type: ignore[assignment]  # an exit code; the stubs know only its first value
        for thread in self._threads:
            thread.join(1.5)


def _worker(its_app: Celery, name: str, concurrency: int, queues: list[str]) -> WorkController:
    worker: WorkController = its_app.WorkController(
        hostname=name,
        pool="threads",
        concurrency=concurrency,
        queues=queues,
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
    )
    return worker
