"""A real HTTPS server of a shop that takes signed calls, checks them, and breaks in the ways that servers do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import trustme

from tests.http_server import HttpServer

Serve = Callable[["Request"], None]


@dataclass
class Request:
    """One call, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    headers: dict[str, str]
    raw: bytes
    released: threading.Event

    @property
    def id(self) -> str:
        """What is the same in every try of one call."""
        return self.headers["webhook-id"]

    @property
    def arguments(self) -> dict[str, Any]:
        """What shall be done."""
        arguments: dict[str, Any] = json.loads(self.raw)["data"]["arguments"]
        return arguments

    def is_signed_with(self, secret: str) -> bool:
        """Whether the signature is right, as docs/actions.md checks it."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.raw
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return hmac.compare_digest(expected, self.headers["webhook-signature"])

    def answer(self, code: int, body: str = "", **headers: str) -> None:
        """A whole answer."""
        self.handler.send_response(code)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(body.encode())))
        self.handler.end_headers()
        self.handler.wfile.write(body.encode())


def says(code: int, body: str | dict[str, Any] = "", **headers: str) -> Serve:
    """Answers so."""
    return lambda request: request.answer(code, body if isinstance(body, str) else json.dumps(body), **headers)


def hangs(request: Request) -> None:
    """Says nothing until the test is over."""
    request.released.wait(30)


@dataclass
class ShopServer(HttpServer):
    """Answers each call as the next of `serves` says, the last of them for good."""

    serves: list[Serve]
    asked: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    authority: trustme.CA = field(default_factory=trustme.CA)

    def tls(self) -> ssl.SSLContext:
        """A certificate of the test's own authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        return context

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"https://localhost:{self.port}/actions"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one call."""
        raw = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append(Request(handler, headers, raw, self.released))
        self.serves[min(len(self.asked), len(self.serves)) - 1](self.asked[-1])
