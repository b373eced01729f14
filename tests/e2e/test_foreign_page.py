"""The widget on a shop's own page, of another origin and with a strict content security policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.pages import open_chat, said, say, visit
from tests.stack import EmbeddedStack

KEY = "pk_elsewhere"
ADD_WORKSPACE = (
    "from supportbot.workspaces.models import Workspace;"
    "Workspace.objects.create(name='Elsewhere', slug='elsewhere', key='{key}', allowed_origins=['{origin}'])"
)


class Shop(ThreadingHTTPServer):
    """One page that embeds the widget and allows nothing but the widget's server."""

    def __init__(self, widget: str) -> None:
        self.widget = widget
        super().__init__(("127.0.0.1", 0), Page)

    def origin(self, host: str) -> str:
        """This shop under one of the machine's names, which are different origins."""
        return f"http://{host}:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    """Answers everything with the page."""

    server: Shop

    def do_GET(self) -> None:
        """Send the page with its policy."""
        widget = self.server.widget
        body = (
            f'<!doctype html><title>Shop</title><script async src="{widget}/widget.js" data-workspace="{KEY}"></script>'
        )
        policy = f"default-src 'none'; script-src {widget}; connect-src {widget} {widget.replace('http', 'ws', 1)}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop that may embed the chat under 127.0.0.1, and not under localhost."""
    with Shop(embedded_stack.url) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        embedded_stack.manage("shell", "-c", ADD_WORKSPACE.format(key=KEY, origin=server.origin("127.0.0.1")))
        yield server
        server.shutdown()


def test_widget_works_under_a_strict_policy_and_is_styled(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop.origin("127.0.0.1")) as page:
        open_chat(page)
        say(page, "hello from elsewhere")
        expect(page.get_by_text("Delivered")).to_be_visible()
        expect(said(page, "customer")).to_have_text(["hello from elsewhere"])
        expect(page.get_by_role("button", name="Chat with us")).to_have_css("position", "fixed")
        expect(page.get_by_role("dialog")).to_have_css("position", "fixed")
        assert page.context.cookies() == []


def test_page_of_an_origin_that_is_not_allowed_is_refused_in_words(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop.origin("localhost")) as page:
        open_chat(page)
        expect(page.get_by_text("This chat may not be used on this page.")).to_be_visible()
