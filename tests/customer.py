"""A customer without a browser: speaks the widget's protocol over a websocket, and lives through its failures alike.

Reconnects, resumes after the last message that it has, sends what is not acknowledged again under the same client id,
one message at a time, and puts what it hears in order without doubles. Knows no server.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self
from uuid import uuid4

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Origin

from tests.servers import wait_until

KEY = "pk_fennmoor_demo"
TURN = 0.05  # seconds between two looks at the outbox
AGAIN_AFTER = 0.5
HOLD = 2.0
PING_EVERY = 5.0
PATIENCE = 12.0  # seconds for an acknowledgement
LIMIT = 120.0
Frame = dict[str, Any]


class Customer:
    """Somebody who chats; `with Customer(url) as customer:` keeps the connection up as long as it can be."""

    def __init__(self, url: str) -> None:
        self.token = secrets.token_urlsafe(32)
        self.outbox: dict[str, str] = {}
        self.acks: dict[str, Frame] = {}
        self.messages: dict[int, Frame] = {}
        self.frames: list[Frame] = []
        self.state: Frame = {}
        self.conversation: str | None = None
        self.connections = 0
        self._origin = Origin(url)
        self._address = url.replace("http", "ws", 1) + "/ws/v1/widget/"
        self._is_known = self._is_resuming = False
        self._covered = 0
        self._send_at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.until(lambda: self.state, what="the state")
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def write(self, body: str) -> str:
        """Put a message in the outbox; its client id."""
        client_id = str(uuid4())
        self.outbox[client_id] = body
        return client_id

    def until(self, condition: Callable[[], object], *, what: str, seconds: float = LIMIT) -> None:
        """Wait for something that the customer sees."""
        wait_until(condition, seconds=seconds, what=f"{what}; frames so far: {self.frames[-5:]}")

    def accepted(self, *client_ids: str) -> None:
        """Wait until the server has these messages."""
        self.until(lambda: set(client_ids) <= self.acks.keys(), what="acknowledgements")

    def heard(self, kind: str) -> list[Frame]:
        """The frames of one type."""
        return [frame for frame in list(self.frames) if frame["type"] == kind]

    def shown(self) -> list[tuple[int, str, str]]:
        """The conversation as the customer sees it: number, author, text."""
        return [(seq, self.messages[seq]["author"], self.messages[seq]["body"]) for seq in sorted(self.messages)]

    @property
    def complete(self) -> int:
        """Up to here nothing is missing."""
        seq = 0
        while seq + 1 in self.messages:
            seq += 1
        return seq

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._address, origin=self._origin, close_timeout=1, ping_interval=None) as socket:
                    self._talk(socket)
            except (OSError, WebSocketException):
                self._stopping.wait(AGAIN_AFTER)

    def _talk(self, socket: Connection) -> None:
        self.connections += 1
        self._is_known, self._send_at = False, 0.0
        self._resume(socket)
        heard_at = pinged_at = time.monotonic()
        while not self._stopping.is_set() and time.monotonic() < heard_at + PING_EVERY + PATIENCE:
            self._flush(socket)
            if time.monotonic() > pinged_at + PING_EVERY:
                pinged_at = time.monotonic()
                self._send(socket, {"type": "ping"})
            with suppress(TimeoutError):
                frame = json.loads(socket.recv(timeout=TURN))
                heard_at = time.monotonic()
                self.frames.append(frame)
                self._apply(socket, frame)

    def _flush(self, socket: Connection) -> None:
        waiting = next(iter(list(self.outbox.items())), None)
        if waiting and self._is_known and time.monotonic() >= self._send_at:
            self._send_at = time.monotonic() + PATIENCE
            self._send(socket, {"type": "message.post", "client_id": waiting[0], "body": waiting[1]})

    def _resume(self, socket: Connection) -> None:
        self._is_resuming = True
        self._send(socket, {"type": "resume", "workspace": KEY, "token": self.token, "last_seq": self.complete})

    def _apply(self, socket: Connection, frame: Frame) -> None:
        if frame["type"] == "state":
            self._take_state(socket, frame)
        elif frame["type"] == "ack":
            self._settle(frame)
        elif frame["type"] == "message.posted":
            self.messages[frame["message"]["seq"]] = frame["message"]
            self._close_gap(socket, frame["message"]["seq"])
        elif frame["type"] == "error" and "client_id" in frame:
            self._send_at = time.monotonic() + HOLD
        elif frame["type"] == "error":
            socket.close()

    def _take_state(self, socket: Connection, state: Frame) -> None:
        self.state, self._is_known = state, True
        if "workspace" in state:
            self._is_resuming, self._covered = False, state["last_seq"]
        self._close_gap(socket, state["last_seq"])

    def _close_gap(self, socket: Connection, seq: int) -> None:
        if seq > max(self.complete, self._covered) and not self._is_resuming:
            self._resume(socket)

    def _settle(self, ack: Frame) -> None:
        body = self.outbox.pop(ack["client_id"], None)
        if body is not None:
            self.messages.setdefault(ack["seq"], {"seq": ack["seq"], "author": "customer", "body": body})
            self._send_at = 0.0
        self.acks[ack["client_id"]] = ack
        self.conversation = ack["conversation"]

    @staticmethod
    def _send(socket: Connection, frame: Frame) -> None:
        socket.send(json.dumps({"v": 1, **frame}))
