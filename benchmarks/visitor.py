"""A visitor who asks once and notes to the millisecond what comes when: the widget's protocol, no reconnecting."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

from websockets.sync.client import connect
from websockets.typing import Origin

KEY = "pk_fennmoor_demo"
PATIENCE = 60.0  # seconds between two frames


@dataclass(frozen=True)
class Exchange:
    """A message's way there and back, in seconds since it was sent; without `first_chunk_s` people were called."""

    client_id: UUID
    first_chunk_s: float | None
    posted_s: float


class Visitor:
    """Somebody with an open panel; every one has a rate limit of his own."""

    def __init__(self, url: str) -> None:
        address = url.replace("http", "ws", 1) + "/ws/v1/widget/"
        self._socket = connect(address, origin=Origin(url), ping_interval=None, compression=None)
        self._send({"type": "resume", "workspace": KEY, "token": secrets.token_urlsafe(32), "last_seq": 0})
        self._until("state")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def ask(self, body: str) -> Exchange:
        """Send a message and wait for the saved answer to it."""
        client_id = uuid4()
        begun = time.perf_counter()
        self._send({"type": "message.post", "client_id": str(client_id), "body": body})
        first = None
        while True:
            frame = self._until("reply.chunk", "message.posted")
            now = time.perf_counter() - begun
            if frame["type"] == "reply.chunk":
                first = first or now
            elif frame["message"]["author"] != "customer":
                return Exchange(client_id, first, now)

    def _send(self, frame: dict[str, Any]) -> None:
        self._socket.send(json.dumps({"v": 1, **frame}))

    def _until(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these types."""
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE))
            if frame["type"] == "error":
                raise RuntimeError(f"the server refuses: {frame['message']}")
            if frame["type"] in kinds:
                return frame
