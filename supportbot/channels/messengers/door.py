"""The address to which a provider sends. What it tells is written down before it is thanked for."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from supportbot.channels.messengers import receiving
from supportbot.channels.messengers.adapter import Came, Request
from supportbot.channels.messengers.models import Arrival, Messenger, Thread
from supportbot.channels.messengers.registry import adapter_of
from supportbot.workspaces import pace
from supportbot.workspaces.sealing import Unsealable

log = structlog.get_logger(__name__)
MOST_BYTES = 1024 * 1024
MOST, WITHIN = 1200, 60  # requests to one messenger, seconds
MOST_REFUSED, REFUSED_WITHIN = 60, 600  # requests of one address that were not genuine, seconds
HEARD_EVERY = timedelta(minutes=1)
GARBLED = (ValueError, LookupError, TypeError, AttributeError)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def messenger(request: HttpRequest, messenger_key: str) -> HttpResponse:
    """Take what the provider tells: 200 once it is written down. Whatever is not from the provider is refused."""
    found = (
        Messenger.objects.in_open_workspaces()
        .select_related("workspace")
        .filter(key=messenger_key, enabled=True)
        .first()
    )
    if found is None:
        return _refuse(request, 404)
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES or len(body := request.body) > MOST_BYTES:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    came, adapter = Request.of(request, body), adapter_of(found)
    try:
        if not adapter.is_genuine(found, came):
            return _refuse(request, 403)
    except Unsealable as error:
        found.note_problem(str(error))
        return HttpResponse(status=503)
    if pace.is_too_much(f"messenger:{found.pk}", most=MOST, within=WITHIN):
        return _slow_down()
    if (greeting := adapter.greet(found, came)) is not None:
        return greeting
    accept(found, body)
    return HttpResponse("ok", content_type="text/plain")


def accept(found: Messenger, body: bytes) -> None:
    """Write down what a genuine request tells; what is known already changes nothing."""
    try:
        told = adapter_of(found).read(found, body)
    except GARBLED as error:
        log.warning("arrival not read", messenger=found.pk, error=repr(error))
        known = {"provider_id": hashlib.sha256(body).hexdigest(), "reason": f"It can't be read: {error!r}"[:300]}
        Arrival.objects.get_or_create(messenger=found, **known, defaults={"state": Arrival.State.ASIDE})
        return
    for came in told:
        _keep(found, came)
    now = timezone.now()
    stale = Messenger.objects.filter(Q(heard_at=None) | Q(heard_at__lt=now - HEARD_EVERY), pk=found.pk)
    stale.update(heard_at=now)


@transaction.atomic
def _keep(found: Messenger, came: Came) -> None:
    thread, _ = Thread.objects.get_or_create(messenger=found, address=came.address)
    about: dict[str, Any] = {"thread": thread, "place": came.place, "content": came.as_json()}
    _, is_new = Arrival.objects.get_or_create(messenger=found, provider_id=came.id, defaults=about)
    if is_new:
        transaction.on_commit(lambda: receiving.queue(thread.pk))


def _refuse(request: HttpRequest, status: int) -> HttpResponse:
    if pace.is_too_often(request, "messenger-refused", most=MOST_REFUSED, within=REFUSED_WITHIN):
        return _slow_down()
    if status == 404:
        raise Http404
    return HttpResponse("Not from the provider.", status=status, content_type="text/plain")


def _slow_down() -> HttpResponse:
    return HttpResponse("Too many requests.", status=429, headers={"Retry-After": "60"}, content_type="text/plain")
