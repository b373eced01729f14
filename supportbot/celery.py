"""The Celery app with its two queues, default and inference, and the worker thread of the embedded run."""

from __future__ import annotations

import os
import threading

from celery import Celery
from celery.signals import worker_ready
from celery.worker import state

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")

app = Celery("supportbot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["supportbot.chat", "supportbot.actions", "supportbot.knowledge"])


class EmbeddedWorker:
    """A worker for both queues on a thread of the server's process."""

    def __init__(self, concurrency: int) -> None:
        self._worker = app.WorkController(
            pool="threads",
            concurrency=concurrency,
            queues=["default", "inference"],
            without_heartbeat=True,
            without_gossip=True,
            without_mingle=True,
        )
        self._thread = threading.Thread(target=self._worker.start, name="worker", daemon=True)

    def start(self) -> None:
        """Begin to take tasks, and let the model load meanwhile, as a worker of its own would."""
        self._thread.start()
        app.loader.import_default_modules()
        worker_ready.send(sender=self._worker)

    def stop(self) -> None:
        """Take no more tasks, and give the thread a moment to end; it is a daemon and holds nothing."""
        state.should_stop = 0  # type: ignore[assignment]  # an exit code; the stubs know only its first value
        self._thread.join(1.5)
