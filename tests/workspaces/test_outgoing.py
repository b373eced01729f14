"""What a tenant's address may lead to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pytest_django import Settings

from supportbot.workspaces import outgoing

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "2130706433",
    "0x7f000001",
    "localhost",
    "no-such-host.invalid",
]


class Hello(BaseHTTPRequestHandler):
    """Answers with the name it was called by; `/away` sends elsewhere."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("host", PRIVATE)
def test_private_address_in_any_spelling_is_refused(port: int, host: str) -> None:
    with outgoing.client() as http, pytest.raises(outgoing.NotPublic):
        http.get(f"http://{host}:{port}/")


@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:4700:4700::1111]", "[64:ff9b::5db8:d70e]"])
def test_public_address_is_allowed(host: str) -> None:
    assert outgoing.public_addresses(host.strip("[]"), 443) == [host.strip("[]")]


def test_this_machine_is_reached_only_where_the_setting_allows_it(port: int, settings: Settings) -> None:
    settings.OUTGOING_LOOPBACK = True
    with outgoing.client() as http:
        answer = http.get(f"http://localhost:{port}/")
        assert (answer.text, str(answer.request.url)) == (f"localhost:{port}", f"http://localhost:{port}/")
        with pytest.raises(outgoing.NotPublic):
            http.get(f"http://10.0.0.1:{port}/")


def test_redirect_is_not_followed_and_leads_nowhere_private(port: int, settings: Settings) -> None:
    settings.OUTGOING_LOOPBACK = True
    with outgoing.client() as http:
        assert http.get(f"http://127.0.0.1:{port}/away").is_redirect
    with outgoing.client(follow_redirects=True) as http, pytest.raises(outgoing.NotPublic):
        http.get(f"http://127.0.0.1:{port}/away")


def test_environment_proxies_are_not_used(port: int, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTGOING_LOOPBACK = True
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with outgoing.client() as http:
        assert http.get(f"http://127.0.0.1:{port}/").status_code == httpx.codes.OK
