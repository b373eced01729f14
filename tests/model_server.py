"""A real HTTP server that speaks OpenAI's chat protocol, and breaks it on request. Knows no model."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.http_server import HttpServer

Serve = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    body: dict[str, Any]
    released: threading.Event

    def status(self, code: int, body: str = "", **headers: str) -> None:
        """A whole answer."""
        self.handler.send_response(code)
        for name, value in {"content_type": "application/json", **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(body.encode())))
        self.handler.end_headers()
        self.handler.wfile.write(body.encode())

    def begin(self) -> None:
        """Start a stream of events."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.send({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})

    def send(self, data: Any) -> None:
        """One event; text goes as it stands."""
        text = data if isinstance(data, str) else json.dumps(data)
        self.handler.wfile.write(f": a comment\n\ndata: {text}\n\n".encode())
        self.handler.wfile.flush()

    def say(self, words: Iterable[str]) -> None:
        """An event for each word."""
        for word in words:
            logprobs = {"content": [{"token": word, "logprob": -0.5}]} if self.body.get("logprobs") else None
            self.send({"choices": [{"index": 0, "delta": {"content": word}, "logprobs": logprobs}]})

    def end(self, reason: str = "stop", **more: Any) -> None:
        """The last events of a whole reply."""
        self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": reason, **more}]})
        self.send({"choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 3}})
        self.send("[DONE]")

    def wait(self) -> None:
        """Say nothing until the test is over."""
        self.released.wait(30)

    def reset(self) -> None:
        """End the connection as a machine that crashes does."""
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.close()

    def gone(self) -> bool:
        """Wait until the other side has closed the connection; false when it does not."""
        self.handler.connection.settimeout(30)
        try:
            return self.handler.connection.recv(1) == b""
        except OSError:
            return True


def words(*said: str, reason: str = "stop") -> Serve:
    """Stream a reply."""

    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(said)
        exchange.end(reason)

    return serve


@dataclass
class ModelServer(HttpServer):
    """Answers each request as the next of `serves` says, the last of them for good."""

    serves: list[Serve] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/v1"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.asked.append({"path": handler.path, **body})
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        self.serves[min(len(self.asked), len(self.serves)) - 1](Exchange(handler, body, self.released))
