"""A shop's own site, of another origin than the chat, with pages that embed the widget in different ways."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import jwt

from tests.stack import ROOT, EmbeddedStack

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
shop, _ = Workspace.objects.update_or_create(slug='asks', defaults=asks)
again = dict(page='/asks/rugs/', after=0, visits=2)
shop.proactive_messages.get_or_create(text='Good to see you again', defaults=again)
members = dict(fields, name='Members', key='{MEMBERS}', requires_identity=True)
Workspace.objects.update_or_create(slug='members', defaults=members)
"""
TAGS = {
    "left": 'data-position="left" data-launcher-text="Ask us" data-colour="#7a1f4b" data-locale="de"',
    "bare": "data-hide-launcher",
    "frame": "data-frame",
}
SCRIPTS = {
    "react": ("npm/react/umd/react.production.min.js", "npm/react-dom/umd/react-dom.production.min.js", "own/react.js"),
    "vue": ("npm/@vue/runtime-dom/dist/runtime-dom.global.prod.js", "own/vue.js"),
    "turbo": ("npm/@hotwired/turbo/dist/turbo.es2017-umd.js",),
}
SHELVES = ('<h1>Lamps</h1><a href="linen/">To the linen</a>', '<h1>Linen</h1><a href="../">To the lamps</a>')
FOLDERS = {"npm": ROOT / "node_modules", "own": ROOT / "tests" / "shop_pages"}
TYPES = {".js": "text/javascript", ".css": "text/css"}


class Shop(ThreadingHTTPServer):
    """Its policy allows nothing but the widget's server; most pages allow scripts only by their nonce."""

    def __init__(self, widget: str) -> None:
        self.widget = widget
        super().__init__(("127.0.0.1", 0), Page)

    def origin(self, host: str = "127.0.0.1") -> str:
        """This shop under one of the machine's names, which are different origins."""
        return f"http://{host}:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    """The first words of a path say what the page is: `/react/frame/` is made by React, with the chat in a frame."""

    server: Shop

    def do_GET(self) -> None:
        """Send a file, or the page."""
        first, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        if first in FOLDERS:
            self._send((FOLDERS[first] / rest).read_bytes(), TYPES[Path(rest).suffix])
        else:
            self._send_page({first, *rest.split("/")})

    def _send_page(self, words: set[str]) -> None:
        widget = self.server.widget
        nonce = f'nonce="{NONCE}"' if words & {"nonce", *SCRIPTS} else ""
        scripts = [path for word, paths in SCRIPTS.items() if word in words for path in paths]
        settings = " ".join(tag for word, tag in TAGS.items() if word in words)
        key = MEMBERS if "members" in words else ASKS if "asks" in words else KEY
        page = (
            f'<!doctype html><html lang="en"><title>Shop</title><meta name="csp-nonce" content="{NONCE}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            + ('<link rel="stylesheet" href="/own/hostile.css">' if "hostile" in words else "")
            + "".join(f'<script {nonce} defer src="/{path}"></script>' for path in scripts)
            + f'<body><script {nonce} async src="{widget}/widget.js" data-workspace="{key}" {settings}></script>'
            + (f"<main>{SHELVES['linen' in words]}</main>" if "turbo" in words else "")
            + '<input aria-label="Search the shop">'
        )
        allowed = f"'nonce-{NONCE}'" if nonce else widget
        policy = (
            f"default-src 'none'; script-src {allowed}; frame-src {widget}; "
            f"style-src 'self' 'nonce-{NONCE}'; connect-src 'self' {widget} {widget.replace('http', 'ws', 1)}"
        )
        self._send(page.encode(), "text/html", {"Content-Security-Policy": policy})

    def _send(self, content: bytes, kind: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": f"{kind}; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def token_of(customer: str) -> str:
    """What the shop signs for one of its customers."""
    now = int(time.time())
    claims = {"sub": customer, "iat": now, "exp": now + 300, "jti": str(uuid4()), "name": "Nora Quinn"}
    return jwt.encode(claims, SECRET, "HS256")


@contextmanager
def open_shop(stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop that may embed the chat under 127.0.0.1, and not under localhost."""
    with Shop(stack.url) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.manage("shell", "-c", ADD_WORKSPACE % (server.origin(), server.origin()))
        yield server
        server.shutdown()
