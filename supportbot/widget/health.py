"""Whether the process lives, and whether it can do its work: two plain answers for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from redis import Redis


def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Database and queue answer; 503 if one doesn't."""
    checks = {"database": _database, "queue": _queue}
    results = {name: _result(check) for name, check in checks.items()}
    text = "".join(f"{name}: {result}\n" for name, result in results.items())
    is_ready = not any(result.startswith("failed") for result in results.values())
    return HttpResponse(text, content_type="text/plain", status=200 if is_ready else 503)


def _result(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        return f"failed ({type(error).__name__})"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _queue() -> str:
    if settings.EMBEDDED:
        return "in memory"
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3) as redis:
        return f"{redis.llen('inference')} waiting"
