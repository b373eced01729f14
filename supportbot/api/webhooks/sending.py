"""Sends what the outbox holds: of one address one after the other, signed, and again after a failure.

Whoever sends has claimed the address, so an address that hangs holds up one thread and no other address. After a
failure the delivery waits longer each time, and the address rests a little before the next one is tried.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from supportbot.api.webhooks import notice, queue
from supportbot.api.webhooks.models import Delivery, Endpoint
from supportbot.workspaces import outgoing, signing
from supportbot.workspaces.sealing import Unsealable

log = structlog.get_logger(__name__)
PATIENCE = 10.0  # seconds for one try
CLAIM = timedelta(seconds=60)
ROUND = 30.0  # seconds after which others have their turn
KEPT_ANSWER = 1000  # characters of an answer, for the log
AGAIN = [timedelta(seconds=5), *(timedelta(minutes=m) for m in (5, 30, 120, 300, 600, 840, 1200))]
REST = [timedelta(seconds=s) for s in (5, 30, 120, 600)]
OFF_AFTER = timedelta(days=3)
State = Delivery.State


def due() -> list[int]:
    """The addresses that have something to hear now."""
    now = timezone.now()
    waiting = Delivery.objects.filter(endpoint=OuterRef("pk"), state=State.WAITING, due_at__lte=now)
    return list(_free().filter(Exists(waiting)).values_list("pk", flat=True)[:500])


def send(endpoint_id: int) -> None:
    """Send what is due to an address, the oldest first; nothing if somebody does, or if it rests."""
    if not _free().filter(pk=endpoint_id).update(free_at=timezone.now() + CLAIM):
        return
    begun, went_well = time.monotonic(), True
    while went_well and time.monotonic() - begun < ROUND:
        endpoint = Endpoint.objects.select_related("workspace").filter(pk=endpoint_id, is_active=True).first()
        delivery = _next(endpoint_id) if endpoint else None
        if endpoint is None or delivery is None:
            break
        went_well = _deliver(endpoint, delivery)
    if went_well:
        Endpoint.objects.filter(pk=endpoint_id).update(free_at=None)
        if _next(endpoint_id):  # written meanwhile, while nobody else could send it
            queue.now(endpoint_id)


def _free() -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(Q(free_at=None) | Q(free_at__lte=timezone.now()), is_active=True)


def _next(endpoint_id: int) -> Delivery | None:
    waiting = Delivery.objects.filter(endpoint=endpoint_id, state=State.WAITING, due_at__lte=timezone.now())
    return waiting.order_by("due_at", "id").first()


def _deliver(endpoint: Endpoint, delivery: Delivery) -> bool:
    """One try; whether it was taken."""
    attempt = _try(endpoint, delivery)
    taken, gone = not attempt["error"], attempt["status"] == httpx.codes.GONE
    with transaction.atomic():
        row = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if row:  # else its customer was erased meanwhile
            _note(row, attempt, taken=taken)
        if taken:
            Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None)
        else:
            _rest(endpoint, gone=gone)
    return taken


def _note(row: Delivery, attempt: dict[str, Any], *, taken: bool) -> None:
    row.attempts += 1
    row.tries = [*row.tries, attempt]
    if taken:
        row.state = State.DELIVERED
    elif row.attempts > len(AGAIN):
        row.state = State.FAILED
    else:
        row.due_at = timezone.now() + AGAIN[row.attempts - 1]
    row.save(update_fields=["attempts", "tries", "state", "due_at"])


def _rest(endpoint: Endpoint, *, gone: bool) -> None:
    """It failed: rest, longer each time, or be switched off for good and say so."""
    now = timezone.now()
    since = endpoint.failing_since or now
    rest = REST[min(endpoint.failures, len(REST) - 1)]
    rows = Endpoint.objects.filter(pk=endpoint.pk, is_active=True)
    rows.update(failures=F("failures") + 1, failing_since=since, free_at=now + rest)
    if gone or now - since > OFF_AFTER:
        why = "It answered 410: gone." if gone else f"Nothing was taken since {since:%d %B %Y, %H:%M} UTC."
        if rows.update(is_active=False, off_because=why):
            endpoint.note("webhook.switched_off", None, why=why)
            transaction.on_commit(lambda: notice.tell(endpoint, why))


def _try(endpoint: Endpoint, delivery: Delivery) -> dict[str, Any]:
    """One request, for the log; `error` is empty if it was taken."""
    begun, body = time.monotonic(), json.dumps(delivery.payload).encode()
    attempt: dict[str, Any] = {"at": timezone.now().isoformat(), "status": None, "error": "", "answer": ""}
    try:
        headers = signing.headers(endpoint.secret, str(delivery.id), body)
        with (
            outgoing.client(timeout=PATIENCE) as http,
            http.stream("POST", endpoint.address, content=body, headers=headers) as response,
        ):
            attempt["status"] = response.status_code
            attempt["answer"] = _beginning(response, begun + PATIENCE)
            if not response.is_success:
                attempt["error"] = f"It answered with {response.status_code}."
    except (httpx.HTTPError, ValueError, Unsealable) as error:
        attempt["error"] = attempt["error"] or str(error) or type(error).__name__
    attempt["seconds"] = round(time.monotonic() - begun, 3)
    return attempt


def _beginning(response: httpx.Response, end: float) -> str:
    """The first characters of the answer, which only the log wants; ReadTimeout if they come too slowly."""
    read = b""
    for piece in response.iter_raw():
        read += piece
        if len(read) >= KEPT_ANSWER:
            break
        if time.monotonic() > end:
            raise httpx.ReadTimeout("Its answer took too long.")
    return read[:KEPT_ANSWER].decode("utf-8", "replace").replace("\x00", "")
