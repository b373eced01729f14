"""What every answer of the API has in common, whichever part of Django gave it: problems, limits, no caching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from supportbot.api import limits, problems

ROOT = "/api/"
ERRORS_FROM = 400


@sync_and_async_middleware
def api_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Errors that Django itself answers under /api/ are problems, too; each answer tells what is left of the limit."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return _finished(request, await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _finished(request, get_response(request))

    return answer


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return response
    if response.status_code >= ERRORS_FROM and response.get("Content-Type", "") != problems.MEDIA:
        allowed = response.get("Allow")
        response = problems.plain(response.status_code)
        if allowed:
            response["Allow"] = allowed
    response.setdefault("Cache-Control", "no-store")
    for name, value in limits.headers(request).items():
        response[name] = value
    return response
