"""A shop's own site, of another origin than the chat, with pages that embed the widget in different ways."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.stack import EmbeddedStack

KEY = "pk_elsewhere"
MEMBERS = "pk_members"  # of a workspace in which only verified customers may chat
ASKS = "pk_asks"  # of a workspace that wants to know who is there
NONCE = "r4nd0m"
SECRET = "ids_only-for-the-tests-of-the-widget-on-pages-of-a-shop"
ADD_WORKSPACE = f"""
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.sealing import seal
fields = dict(name='Elsewhere', key='{KEY}', sealed_identity_secret=seal('{SECRET}'), allowed_origins=['%s'])
shop, _ = Workspace.objects.update_or_create(slug='elsewhere', defaults=fields)
shop.proactive_messages.get_or_create(text='Can I help you choose?', defaults=dict(page='/lamps/*', after=0))
asks = dict(name='Asks', key='{ASKS}', allowed_origins=['%s'], asks_before='name email', demands_before=True)
Workspace.objects.update_or_create(slug='asks', defaults=asks)
members = dict(fields, name='Members', key='{MEMBERS}', requires_identity=True)
Workspace.objects.update_or_create(slug='members', defaults=members)
"""
PAGES = {
    "/nonce/": f'nonce="{NONCE}"',
    "/left/": 'data-position="left" data-launcher-text="Ask us" data-colour="#7a1f4b" data-locale="de"',
    "/bare/": "data-hide-launcher",
}


class Shop(ThreadingHTTPServer):
    """Its policy allows nothing but the widget's server; one page allows scripts only by their nonce."""

    def __init__(self, widget: str) -> None:
        self.widget = widget
        super().__init__(("127.0.0.1", 0), Page)

    def origin(self, host: str = "127.0.0.1") -> str:
        """This shop under one of the machine's names, which are different origins."""
        return f"http://{host}:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    """Answers everything with a page."""

    server: Shop

    def do_GET(self) -> None:
        """Send the page with its policy."""
        widget, path = self.server.widget, self.path.partition("?")[0]
        key = {"/asks/": ASKS, "/members/": MEMBERS}.get(path, KEY)
        tag = f'<script async src="{widget}/widget.js" data-workspace="{key}" {PAGES.get(path, "")}></script>'
        body = f'<!doctype html><html lang="en"><title>Shop</title>{tag}<input aria-label="Search the shop">'
        scripts = f"'nonce-{NONCE}'" if path == "/nonce/" else widget
        policy = f"default-src 'none'; script-src {scripts}; connect-src {widget} {widget.replace('http', 'ws', 1)}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def open_shop(stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop that may embed the chat under 127.0.0.1, and not under localhost."""
    with Shop(stack.url) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.manage("shell", "-c", ADD_WORKSPACE % (server.origin(), server.origin()))
        yield server
        server.shutdown()
