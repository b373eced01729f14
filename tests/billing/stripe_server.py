"""A real HTTP server that speaks the part of Stripe's API that plans need, and signs events as Stripe does."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from django.test import Client

from tests.http_server import HttpServer

SECRET = "whsec_of_the_test"
KEY = "sk_test_of_the_test"
NOW = int(time.time())
Json = dict[str, Any]


@dataclass
class StripeServer(HttpServer):
    """Objects by their id, as they are now; what was posted, by path."""

    objects: dict[str, Json] = field(default_factory=dict)
    posted: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    is_down: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What SUPPORTBOT_STRIPE_API says."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Make a session, change or show an object."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        self.keys.add(handler.headers["Authorization"])
        path = handler.path.partition("?")[0].removeprefix("/v1/")
        if self.is_down:
            return self._answer(handler, 400, {"error": {"message": "down", "type": "invalid_request_error"}})
        if handler.command == "POST":
            self.posted[path] = parse_qs(body)
        if path == "invoiceitems":
            return self._answer(handler, 200, {"id": "ii_1", "object": "invoiceitem"})
        if path in ("checkout/sessions", "billing_portal/sessions"):
            kind = path.replace("/", ".").removesuffix("s")
            return self._answer(handler, 200, {"id": "cs_1", "object": kind, "url": f"https://stripe.example/{path}"})
        found = self.objects.get(path.rpartition("/")[2])
        if found and handler.command == "POST" and "cancel_at_period_end" in body:
            found["cancel_at"] = NOW + 30 * 86_400
        return self._answer(handler, 200 if found else 404, found or {"error": {"message": "no such object"}})

    def subscribe(self, workspace: int, price: str = "price_team", **fields: Any) -> Json:
        """A subscription, as it is from now on."""
        one = {"id": "sub_1", "object": "subscription", "status": "active", "customer": "cus_1", "cancel_at": None}
        one |= {"billing_cycle_anchor": NOW, "ended_at": None, "metadata": {"workspace": str(workspace)}, **fields}
        one["items"] = {"object": "list", "data": [{"id": "si_1", "price": {"id": price, "object": "price"}}]}
        self.objects[one["id"]] = one
        return one

    def bill(self, workspace: int, **fields: Any) -> Json:
        """An invoice of that subscription, as it is from now on."""
        of = {"subscription": "sub_1", "metadata": {"workspace": str(workspace)}}
        one = {"id": "in_1", "object": "invoice", "number": "S-1", "status": "open", "total": 4900, "currency": "eur"}
        one |= {
            "created": NOW,
            "parent": {"subscription_details": of},
            "hosted_invoice_url": "https://stripe.example/i",
        }
        one |= {"status_transitions": {"paid_at": None}, **fields}
        self.objects[one["id"]] = one
        return one

    def _answer(self, handler: BaseHTTPRequestHandler, code: int, body: Json) -> None:
        raw = json.dumps(body).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)


def event(kind: str, about: Json) -> Json:
    """What Stripe tells."""
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": dict(about)}}


def call(told: Json, *, secret: str = SECRET, at: float | None = None) -> int:
    """Send an event to the product, signed; the status of its answer."""
    body, stamp = json.dumps(told), int(time.time() if at is None else at)
    signature = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    header = {"Stripe-Signature": f"t={stamp},v1={signature}"}
    return Client(headers=header).post("/billing/stripe/", body, content_type="application/json").status_code
