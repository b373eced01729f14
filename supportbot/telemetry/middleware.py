"""Counts and traces every HTTP request, by its route and never by its address."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from opentelemetry.trace import SpanKind

from supportbot.telemetry import metrics, tracing

Answer = Callable[[HttpRequest], HttpResponseBase]
LaterAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@sync_and_async_middleware
def watched(get_response: Answer | LaterAnswer) -> Answer | LaterAnswer:
    """The outermost middleware: what is refused by another one is counted, too."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponseBase:
            with _watching(request) as note:
                return note(await get_response(request))

        return later

    def now(request: HttpRequest) -> HttpResponseBase:
        with _watching(request) as note:
            return note(get_response(request))  # type: ignore[arg-type]  # not a coroutine here

    return now


@contextmanager
def _watching(request: HttpRequest) -> Iterator[Callable[[HttpResponseBase], HttpResponseBase]]:
    begun, method = time.perf_counter(), request.method if request.method in METHODS else "other"
    with tracing.span(f"{method}", kind=SpanKind.SERVER, parent=request.headers) as span:

        def note(response: HttpResponseBase) -> HttpResponseBase:
            match = request.resolver_match
            route = f"/{match.route}" if match else "none"  # a static file, or nothing
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": response.status_code})
            labels = metrics.REQUESTS.labels(method, route, response.status_code)
            labels.observe(time.perf_counter() - begun)
            return response

        yield note
