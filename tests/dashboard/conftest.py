"""A shop with two agents, an administrator, somebody of another shop, and a customer who has written."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, Self
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from supportbot.asgi import application
from supportbot.chat import services
from supportbot.chat.models import Conversation
from supportbot.chat.visitors import Visitor, identify
from supportbot.workspaces.models import Member, User, Workspace

Frame = dict[str, Any]
PATIENCE = 30  # seconds
ENDING = 5  # seconds; the consumer is cancelled then


class Inbox:
    """An inbox in a browser: its websocket, with the cookie of whoever is signed in; waits with patience."""

    def __init__(self, user: User | None, query: str = "", origin: str = "http://testserver") -> None:
        self.client = Client()
        self.user, self.query, self.origin = user, query, origin

    async def __aenter__(self) -> Self:
        if self.user:
            await sync_to_async(self.client.force_login)(self.user)
        cookie = self.client.cookies[settings.SESSION_COOKIE_NAME].value if self.user else ""
        headers = [
            (b"origin", self.origin.encode()),
            (b"host", b"testserver"),
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
        ]
        scope = {"type": "websocket", "path": "/ws/v1/inbox/", "query_string": self.query.encode(), "headers": headers}
        self.socket = ApplicationCommunicator(application, {**scope, "subprotocols": []})
        await self.socket.send_input({"type": "websocket.connect"})
        self.accepted = (await self.socket.receive_output(PATIENCE))["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(ENDING)

    async def send(self, kind: str, /, **fields: object) -> None:
        """Send one frame."""
        await self.send_text(json.dumps({"v": 1, "type": kind, **fields}))

    async def send_text(self, text: str) -> None:
        """Send what may not be a frame."""
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, *kinds: str) -> Frame:
        """The next frame of one of these types."""
        while True:
            frame: Frame = json.loads((await self.socket.receive_output(PATIENCE))["text"])
            if frame["type"] in kinds:
                return frame

    async def open(self, conversation: Conversation, last_seq: int = 0) -> list[Frame]:
        """Open a conversation; its row, its state and the messages after `last_seq`."""
        await self.send("conversation.open", conversation=str(conversation.id), last_seq=last_seq)
        frames = [await self.hear("conversation.changed"), await self.hear("state")]
        return frames + [await self.hear("message.posted") for _ in range(frames[1]["last_seq"] - last_seq)]


Sit = Callable[..., Any]


@pytest.fixture
async def sit() -> AsyncIterator[Sit]:
    """Open inboxes that are closed again after the test."""
    async with AsyncExitStack() as stack:

        async def sit_down(user: User | None, **options: str) -> Inbox:
            return await stack.enter_async_context(Inbox(user, **options))

        yield sit_down


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    """A shop."""
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor")


@pytest.fixture
def maya(workspace: Workspace) -> User:
    """An agent."""
    return person(workspace, "Maya Brandt")


@pytest.fixture
def tom(workspace: Workspace) -> User:
    """Another agent."""
    return person(workspace, "Tom Okafor")


@pytest.fixture
def ada(workspace: Workspace) -> User:
    """An administrator."""
    return person(workspace, "Ada Lindqvist", Member.Role.ADMIN)


@pytest.fixture
def stranger(transactional_db: None) -> User:
    """An agent of another shop."""
    return person(Workspace.objects.create(name="Other", slug="other"), "Sam Stranger")


def person(workspace: Workspace, name: str, role: str = Member.Role.AGENT) -> User:
    """Somebody who works for a shop."""
    first = name.split()[0].lower()
    user = User.objects.create_user(f"{first}@{workspace.slug}.example", f"{first}-loves-tea", name=name)
    Member.objects.create(workspace=workspace, user=user, role=role)
    return user


@pytest.fixture
def customer(workspace: Workspace) -> Visitor:
    """Somebody in front of the widget."""
    return identify(workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")


@pytest.fixture
def with_bot(customer: Visitor) -> Conversation:
    """A conversation in which the bot has the turn."""
    return said(customer, "Where is order 10023?")


@pytest.fixture
def waiting(with_bot: Conversation) -> Conversation:
    """A conversation that was handed off and waits for an agent."""
    services.request_agent(conversation_id=with_bot.id, client_id=uuid4())
    return now(with_bot)


def said(customer: Visitor, body: str) -> Conversation:
    """The customer's conversation, after these words."""
    conversation = customer.begin()
    services.post_message(conversation_id=conversation.id, body=body, client_id=uuid4())
    return now(conversation)


def now(conversation: Conversation) -> Conversation:
    """The conversation as the database has it."""
    return Conversation.objects.select_related("assignee").get(id=conversation.id)
