"""The websocket routes."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from supportbot.dashboard.consumers import AgentConsumer
from supportbot.widget.consumers import CustomerConsumer


class Nowhere(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses what has no route."""

    async def connect(self) -> None:
        """Close before the handshake, which the client sees as 403."""
        await self.close()


websockets = URLRouter(
    [
        path("ws/v1/widget/", CustomerConsumer.as_asgi()),
        path("ws/v1/inbox/", AllowedHostsOriginValidator(AuthMiddlewareStack(AgentConsumer.as_asgi()))),
        re_path(r"", Nowhere.as_asgi()),
    ]
)
