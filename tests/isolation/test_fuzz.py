"""Both websockets, sent what nobody should send; `python -m benchmarks.fuzz` sends many thousands more."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator

from supportbot.dashboard.consumers import AgentConsumer
from supportbot.widget.consumers import CustomerConsumer
from tests.api.conftest import a_conversation
from tests.dashboard.conftest import Inbox
from tests.frames import Raw, frames, is_answer, judge, mark
from tests.isolation.rows import Rows, snapshot
from tests.isolation.test_sockets import named, widget
from tests.sockets import PATIENCE

ROUNDS, EACH = 60, 8  # frames in each


@pytest.fixture
def shop(transactional_db: None) -> Rows:
    """The shop that nobody else may see."""
    return Rows("fennmoor")


@pytest.fixture
def other(transactional_db: None) -> Rows:
    """The shop whose sockets are tried."""
    return Rows("harbour")


async def withstand(app: ApplicationCommunicator, sent: Iterator[Raw], secret: str, first: dict[str, Any]) -> None:
    """Send round by round; after each the socket still answers, and has said nothing that it may not say."""
    for number in range(ROUNDS):
        batch = [json.dumps(first), *islice(sent, EACH)]
        for raw in (*batch, mark(number)):
            await app.send_input({"type": "websocket.receive", "text" if isinstance(raw, str) else "bytes": raw})
        while True:
            event = await app.receive_output(PATIENCE)
            assert event["type"] == "websocket.send", (event, batch)
            if is_answer(judge(event["text"], batch, secret), number):
                break


async def test_the_inbox_withstands_bad_frames(shop: Rows, other: Rows) -> None:
    before = await sync_to_async(snapshot)(shop.workspace)
    async with Inbox(other.agent) as inbox:
        talk = await sync_to_async(a_conversation)(other.workspace)
        sent = frames(list(AgentConsumer.commands), named(other, talk.pk), seed=1)
        await withstand(inbox.socket, sent, shop.secret, {"v": 1, "type": "mentions.read"})
    assert await sync_to_async(snapshot)(shop.workspace) == before


async def test_the_widget_withstands_bad_frames(shop: Rows, other: Rows) -> None:
    before = await sync_to_async(snapshot)(shop.workspace)
    resume = {"v": 1, "type": "resume", "workspace": other.workspace.key, "token": secrets.token_urlsafe(32)}
    rows = {**named(shop, shop.conversation.pk), **{name: resume[name] for name in ("workspace", "token")}}
    async with widget() as socket:
        await withstand(socket._app, frames(list(CustomerConsumer.commands), rows, seed=2), shop.secret, resume)
    assert await sync_to_async(snapshot)(shop.workspace) == before
