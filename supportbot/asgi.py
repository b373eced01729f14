"""The server's entry point: HTTP, websockets, and what starts and ends with the process."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

http = get_asgi_application()

from supportbot.celery import EmbeddedWorker  # noqa: E402
from supportbot.chat import assistant, counting, events  # noqa: E402
from supportbot.chat.attachments.service import limit_bytes  # noqa: E402
from supportbot.routing import websockets  # noqa: E402
from supportbot.telemetry import metrics, tracing  # noqa: E402

SWEEP_EVERY = 5.0  # seconds
UPLOADS = re.compile(r"^/(?:widget|inbox)/[^/]+/attachments/$")
FORM_BYTES = 16 * 1024  # of an upload beside its file
TOO_LARGE = [(b"access-control-allow-origin", b"*"), (b"connection", b"close")]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Tell events which loop serves; the embedded run also has its worker and its sweep here."""
    await receive()
    events.use_loop(asyncio.get_running_loop())
    metrics.serve(settings.METRICS, counting.Waiting(), counting.EngineLoad(assistant.loaded))
    worker = EmbeddedWorker(settings.INFERENCE_THREADS) if settings.EMBEDDED else None
    sweeping = asyncio.create_task(_sweep_for_ever()) if worker else None
    if worker:
        worker.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if worker and sweeping:
        sweeping.cancel()
        await asyncio.to_thread(assistant.stop)
        await asyncio.to_thread(worker.stop)
    await asyncio.to_thread(tracing.stop)
    await send({"type": "lifespan.shutdown.complete"})


async def _sweep_for_ever() -> None:
    """What Celery's beat does in production, all of it at the same pace."""
    due = [import_string(str(entry["task"])) for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        for task in due:
            await asyncio.to_thread(task)


async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Refuse an upload that says itself to be too large, or nothing, before Django takes down all of it."""
    if scope["method"] == "POST" and UPLOADS.search(scope["path"]):
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit() or int(length) > limit_bytes() + FORM_BYTES:
            await send({"type": "http.response.start", "status": 413, "headers": TOO_LARGE})
            await send({"type": "http.response.body", "body": b""})
            return
    await http(scope, receive, send)


application = ProtocolTypeRouter({"http": limited, "websocket": websockets, "lifespan": lifespan})
