"""A websocket that talks to the ASGI application in this process, without a server between."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

from supportbot.asgi import application

PATIENCE = 15.0  # seconds
ENDING = 5.0  # seconds; the consumer is cancelled then
Frame = dict[str, Any]


class Socket:
    """One end of a websocket that speaks the protocol."""

    def __init__(self, path: str, headers: dict[str, str]) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": raw, "subprotocols": []}
        self._app = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        """Whether the server accepts."""
        await self._app.send_input({"type": "websocket.connect"})
        return bool((await self._app.receive_output(PATIENCE))["type"] == "websocket.accept")

    async def send(self, frame: Frame) -> None:
        """Send a frame of this version."""
        await self.send_raw(text=json.dumps({"v": 1, **frame}))

    async def send_raw(self, **content: str | bytes) -> None:
        """Send `text` or `bytes` as it is."""
        await self._app.send_input({"type": "websocket.receive", **content})

    async def hear(self) -> Frame:
        """The next frame."""
        event = await self._app.receive_output(PATIENCE)
        assert event["type"] == "websocket.send", event
        frame: Frame = json.loads(event["text"])
        return frame

    async def wait_for(self, *kinds: str) -> Frame:
        """The next frame of one of these types."""
        while (frame := await self.hear())["type"] not in kinds:
            pass
        return frame

    async def closed(self) -> int:
        """The code with which the server hangs up."""
        while (event := await self._app.receive_output(PATIENCE))["type"] != "websocket.close":
            pass
        return int(event["code"])

    async def close(self) -> None:
        """Hang up and let the server notice."""
        await self._app.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._app.wait(ENDING)
