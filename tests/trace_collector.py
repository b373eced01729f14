"""A collector of traces that speaks OTLP over HTTP, as Jaeger, Tempo and OpenTelemetry's own do."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.http_server import HttpServer


class TraceCollector(HttpServer):
    """Keeps every span that it gets."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.spans: list[Span] = []

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a process that sends its spans here, at once."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}", "OTEL_BSP_SCHEDULE_DELAY": "200"}

    def of(self, trace_id: str) -> dict[str, Span]:
        """The spans of one trace that have arrived, by their names."""
        return {span.name: span for span in list(self.spans) if span.trace_id.hex() == trace_id}

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a batch."""
        body = handler.rfile.read(int(handler.headers["content-length"]))
        if handler.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        batch = ExportTraceServiceRequest.FromString(body)
        self.spans += [span for part in batch.resource_spans for scope in part.scope_spans for span in scope.spans]
        handler.send_response(200)
        handler.send_header("content-type", "application/x-protobuf")
        handler.send_header("content-length", "0")
        handler.end_headers()
