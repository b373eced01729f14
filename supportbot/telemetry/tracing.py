"""One trace from the browser's frame or request to the worker's reply, as W3C and OpenTelemetry have it.

Spans are always made, since their trace's number stands in the log lines; they are sent where
OTEL_EXPORTER_OTLP_ENDPOINT names a collector. The SDK reads all OTEL_* variables itself.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_w3c = TraceContextTextMapPropagator()
_number: ContextVar[int] = ContextVar("number", default=0)  # that the next trace to begin shall have


class _Ids(RandomIdGenerator):
    def generate_trace_id(self) -> int:
        return _number.get() or super().generate_trace_id()


@cache
def _provider() -> TracerProvider:
    name = os.environ.get("OTEL_SERVICE_NAME") or "supportbot"
    named = Resource.create({"service.name": name, "service.instance.id": f"{platform.node()}-{os.getpid()}"})
    provider = TracerProvider(resource=named, id_generator=_Ids())
    if any(os.environ.get(name) for name in ENDPOINTS):
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Mapping[str, str] | None = None,
    trace: UUID | None = None,
    **attributes: AttributeValue,
) -> Iterator[Span]:
    """A span around some work, in the trace that is under way; an exception marks it as failed.

    `parent` are headers with a `traceparent`, if the work was begun elsewhere. `trace` is the number for a trace that
    begins here: a message's client id, which the browser made.
    """
    elsewhere = _w3c.extract(parent, Context()) if parent and parent.get("traceparent") else None
    begun = _number.set(trace.int if trace else 0)
    try:
        with (
            _provider()
            .get_tracer("supportbot")
            .start_as_current_span(
                name, elsewhere, kind, attributes, record_exception=False, set_status_on_exception=False
            ) as current
        ):
            try:
                yield current
            except BaseException as error:
                current.set_status(StatusCode.ERROR, type(error).__name__)  # its text may quote a customer
                raise
    finally:
        _number.reset(begun)


def inject(headers: MutableMapping[str, Any]) -> None:
    """Write the trace that is under way into headers, if there is one."""
    _w3c.inject(headers)


def trace_id() -> str:
    """The number of the trace that is under way, as 32 hexadecimal digits; empty if there is none."""
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def add_trace(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the trace's number into a log line: a processor for structlog."""
    if number := trace_id():
        event["trace_id"] = number
    return event


def stop() -> None:
    """Send what is not sent yet, within a few seconds."""
    _provider().shutdown()
