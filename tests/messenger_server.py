"""A real HTTP server that speaks the APIs of Telegram, WhatsApp and Slack, and breaks them on request."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.http_server import HttpServer

TOKEN = "123:tide-and-harbour"


@dataclass
class Asked:
    """One request."""

    path: str
    said: dict[str, Any]
    files: dict[str, bytes]


@dataclass
class Refusal:
    """What is answered in place of doing it."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class MessengerServer(HttpServer):
    """Keeps what it is asked; `refusals` are answers to messages that it gives first, in place of taking one."""

    files: dict[str, bytes] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    numbers: Any = field(default_factory=lambda: count(1))
    host = "127.0.0.9"

    def address(self, kind: str) -> str:
        """Of one of the three APIs."""
        return f"http://{self.host}:{self.port}/{kind}"

    @property
    def settings(self) -> dict[str, str]:
        """With which the product asks here."""
        apis = {f"SUPPORTBOT_{kind.upper()}_API": self.address(kind) for kind in ("telegram", "whatsapp", "slack")}
        return {**apis, "SUPPORTBOT_OUTGOING_NETWORKS": f"{self.host}/32"}

    def clear(self) -> None:
        """Forget what was."""
        self.asked.clear()
        self.refusals.clear()
        self.files.clear()

    def sent(self) -> list[Asked]:
        """The messages that customers got."""
        return [one for one in self.asked if one.path.endswith(MESSAGES) and "status" not in one.said]

    def texts(self) -> list[str]:
        """What they say."""
        return [_text(one.said) for one in self.sent()]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        kind, _, path = urlsplit(handler.path).path.removeprefix("/").partition("/")
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        asked = Asked(f"/{path}", *_read(handler, body))
        self.asked.append(asked)
        if self.refusals and asked.path.endswith(MESSAGES) and "status" not in asked.said:
            refusal = self.refusals.pop(0)
            return _answer(handler, refusal.body, refusal.status, **refusal.headers)
        return getattr(self, f"_{kind}")(handler, asked)  # type: ignore[no-any-return]

    def _telegram(self, handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        root, _, method = asked.path.removeprefix("/").rpartition("/")
        if root == f"file/bot{TOKEN}":
            return _give(handler, self.files[method])
        if root != f"bot{TOKEN}":
            return _answer(handler, {"ok": False, "description": "Unauthorized"}, 401)
        if method == "getFile":
            return _answer(handler, {"ok": True, "result": {"file_path": asked.said["file_id"]}})
        results = {"getMe": {"id": 7, "username": "fennmoor_bot"}}
        result: Any = {"message_id": next(self.numbers)} if method.startswith("send") else True
        return _answer(handler, {"ok": True, "result": results.get(method, result)})

    def _whatsapp(self, handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        if not _is_signed_in(handler):
            return _answer(handler, {"error": {"code": 190, "message": "Invalid OAuth access token"}}, 401)
        name = asked.path.rpartition("/")[2]
        if asked.path.startswith("/data/"):
            return _give(handler, self.files[name])
        if name == "messages":
            return _answer(handler, {"messages": [{"id": f"wamid.{next(self.numbers)}"}]})
        if name == "media":
            return _answer(handler, {"id": f"media-{next(self.numbers)}"})
        if name in self.files:
            return _answer(handler, {"url": f"{self.address('whatsapp')}/data/{name}"})
        return _answer(handler, {"display_phone_number": "+44 20 7946 0000", "verified_name": "Fennmoor", "id": name})

    def _slack(self, handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        name = asked.path.rpartition("/")[2]
        if asked.path.startswith("/upload/"):
            return _give(handler, b"OK")
        if not _is_signed_in(handler):
            return _answer(handler, {"ok": False, "error": "invalid_auth"})
        if asked.path.startswith("/data/"):
            return _give(handler, self.files[name])
        results: dict[str, dict[str, Any]] = {
            "auth.test": {"user": "fennmoor", "team": "Harbour Works"},
            "users.info": {"user": {"profile": {"display_name": f"Name of {asked.said.get('user')}"}}},
            "chat.postMessage": {"ts": f"1800000000.{next(self.numbers):06}"},
            "files.getUploadURLExternal": {"upload_url": f"{self.address('slack')}/upload/1", "file_id": "F1"},
            "files.completeUploadExternal": {"files": [{"id": "F1"}]},
        }
        return _answer(handler, {"ok": True, **results[name]})


MESSAGES = ("/sendMessage", "/sendPhoto", "/sendDocument", "/messages", "/chat.postMessage")


def _text(said: dict[str, Any]) -> str:
    """Telegram's, Slack's, or WhatsApp's."""
    if isinstance(text := said.get("text", ""), dict):
        return str(text["body"])
    return str(said["interactive"]["body"]["text"] if "interactive" in said else text)


def _is_signed_in(handler: BaseHTTPRequestHandler) -> bool:
    return handler.headers.get("Authorization") == f"Bearer {TOKEN}"


def _read(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What is said in JSON, in a form, or in the address; and the files."""
    kind = handler.headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        return json.loads(body), {}
    if not kind.startswith("multipart/form-data"):
        return dict(parse_qsl(body.decode() if kind else urlsplit(handler.path).query)), {}
    said: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for part in message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).walk():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and part.get_filename():
            files[str(part.get_filename())] = data
        elif isinstance(data, bytes):
            said[str(name)] = data.decode()
    return said, files


def _answer(handler: BaseHTTPRequestHandler, body: Any, status: int = 200, **headers: str) -> None:
    _give(handler, json.dumps(body).encode(), status, **{"Content-Type": "application/json", **headers})


def _give(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
