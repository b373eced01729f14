"""Which addresses may be asked, and that the one that was checked is the one that is asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from supportbot.workspaces import outgoing


class Echo(BaseHTTPRequestHandler):
    """Says which host was asked for."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/")
            self.end_headers()
            return
        body = self.headers["Host"].encode() * (1 if self.path == "/" else 1000)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    """A server on this machine, whose network is opened."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("2130706433", "[::1]", "[fe80::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        "nobody.invalid",
    ],
)
def test_address_that_is_not_public_is_refused(host: str) -> None:
    with outgoing.client() as client, pytest.raises(outgoing.Refused):
        client.get(f"http://{host}/")


def test_other_schemes_are_refused() -> None:
    with outgoing.client() as client, pytest.raises((outgoing.Refused, httpx.UnsupportedProtocol)):
        client.get("ftp://example.com/")


def test_public_address_is_allowed() -> None:
    assert outgoing.checked_address("8.8.8.8", 443) == "8.8.8.8"


def test_the_server_hears_the_name_though_an_address_is_asked(port: int) -> None:
    with outgoing.client() as client:
        answer = client.get(f"http://127.0.0.1:{port}/")
    assert answer.text == f"127.0.0.1:{port}" and str(answer.url) == f"http://127.0.0.1:{port}/"


def test_redirect_is_checked_too(port: int) -> None:
    with outgoing.client(follow_redirects=True) as client, pytest.raises(outgoing.Refused, match=r"10\.0\.0\.1"):
        client.get(f"http://127.0.0.1:{port}/away")


def test_answer_that_is_too_long_is_cut_off(port: int) -> None:
    with (
        outgoing.client() as client,
        client.stream("GET", f"http://127.0.0.1:{port}/long") as answer,
        pytest.raises(outgoing.TooLarge),
    ):
        outgoing.read(answer, 100)


def test_nothing_in_the_product_asks_an_address_in_another_way() -> None:
    room = Path(outgoing.__file__).parents[1]
    other = re.compile(
        r"httpx\.(Async)?(Client|HTTPTransport)\(|httpx\.(get|post|put|request|stream)\(|^import requests|urlopen"
    )
    found = {path.name for path in room.rglob("*.py") if other.search(path.read_text())}
    assert found == {"outgoing.py"}
