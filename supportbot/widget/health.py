"""Whether the process lives, and whether it can do its work: two plain answers for whoever watches it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from supportbot.celery import queue_lengths


class NotMigrated(Exception):
    """The database is older than this code."""


def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Database, schema, queue and the folder of files are as they must be; 503 if one isn't, and its name."""
    checks: dict[str, Callable[[], str]] = {"database": _database, "schema": _schema, "queue": _queue, "files": _files}
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
    return "in memory" if settings.EMBEDDED else f"{queue_lengths()['inference']} waiting"


@cache
def _schema() -> str:
    """Fails while this code knows migrations that the database lacks; more than it knows is no obstacle."""
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotMigrated(f"{len(missing)} migrations")
    return "ok"


def _files() -> str:
    if not os.access(settings.MEDIA_ROOT if settings.MEDIA_ROOT.exists() else settings.VAR, os.W_OK):
        raise PermissionError
    return "ok"
