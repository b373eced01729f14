"""Every command of both websockets, sent for rows of another workspace and by who is not signed in.

A new command is tried without being named: each frame has all the fields that any command reads.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from supportbot.chat.models import Attachment, Label, Macro
from supportbot.chat.sorting import SavedFilter
from supportbot.dashboard.changes import CHANGES
from supportbot.dashboard.consumers import BY_ITSELF, LOOKING, AgentConsumer
from supportbot.widget.consumers import CustomerConsumer
from supportbot.workspaces.models import Team, User
from supportbot.workspaces.role import Role
from tests.dashboard.conftest import Inbox
from tests.frames import frame
from tests.isolation.rows import Rows, snapshot
from tests.sockets import Socket

Frame = dict[str, Any]
snapshot_of = sync_to_async(snapshot)
WITHOUT_ROW = {"label.add", "filter.save", "presence.set", "digest.set", "conversation.close", "bulk"}


@pytest.fixture
def shop(transactional_db: None) -> Rows:
    """The shop that nobody else may see."""
    return Rows("fennmoor")


@pytest.fixture
def other(transactional_db: None) -> Rows:
    """A shop of people who mean harm."""
    return Rows("harbour")


def named(rows: Rows, conversation: Any) -> dict[str, Any]:
    """What a frame names: rows of a shop, and a conversation."""
    kinds = {"label": Label, "macro": Macro, "filter": SavedFilter, "team": Team}
    people = {"conversation": str(conversation), "agent": rows.agent.pk, "mentions": [rows.agent.pk]}
    files = {"attachments": [str(rows.of(Attachment).pk)]}
    return {**people, **files, **{name: rows.of(model).pk for name, model in kinds.items()}}


@sync_to_async
def other_role(rows: Rows, role: str) -> None:
    """Give the agent of a shop another role."""
    rows.workspace.members.filter(user=rows.agent).update(role=role)


async def answers(inbox: Inbox, sent: Frame) -> list[Frame]:
    """All that is heard until the pong, which comes after what was sent."""
    await inbox.send_text(json.dumps(sent))
    await inbox.send("ping")
    heard: list[Frame] = []
    while not heard or heard[-1]["type"] != "pong":
        heard.append(json.loads((await inbox.socket.receive_output(30))["text"]))
    return heard


async def test_an_agent_reaches_no_row_of_another_workspace(shop: Rows, other: Rows) -> None:
    before = await snapshot_of(shop.workspace)
    async with Inbox(other.agent) as inbox:
        for kind in (kind for kind in AgentConsumer.commands if kind != "ping"):
            for conversation in (shop.conversation.pk, other.conversation.pk):
                heard = await answers(inbox, frame(kind, named(shop, conversation)))
                assert shop.secret not in json.dumps(heard), kind
                codes = [said["code"] for said in heard if said["type"] == "error"]
                if conversation == shop.conversation.pk and kind not in WITHOUT_ROW:
                    assert codes == ["not_found"], kind
        for kind in CHANGES:
            change = frame(kind, named(shop, shop.conversation.pk))
            sent = {**frame("bulk", named(shop, None)), "conversations": [str(shop.conversation.pk)], "change": change}
            heard = [said for said in await answers(inbox, sent) if said["type"] in ("error", "bulk.done")]
            assert [(said.get("done"), len(said.get("refused", ()))) for said in heard] == [(0, 1)], (kind, heard)
    assert await snapshot_of(shop.workspace) == before


async def test_a_viewer_looks_and_changes_nothing(other: Rows) -> None:
    await other_role(other, Role.VIEWER)
    async with Inbox(other.agent) as inbox:
        opened = await answers(inbox, frame("conversation.open", named(other, other.conversation.pk)))
        assert "state" in [said["type"] for said in opened]
        before = await snapshot_of(other.workspace)
        for kind in (kind for kind in AgentConsumer.commands if kind not in LOOKING):
            heard = await answers(inbox, frame(kind, named(other, other.conversation.pk)))
            codes = [said["code"] for said in heard if said["type"] == "error"]
            assert codes == ([] if kind in BY_ITSELF else ["view_only"]), kind
        after = await snapshot_of(other.workspace)
        assert {**after, "Member": []} == {**before, "Member": []}, "but for the signs of life"


async def test_an_inbox_is_closed_to_who_has_no_desk(shop: Rows, other: Rows) -> None:
    nobody = await sync_to_async(User.objects.create_user)("nobody@nowhere.example", name="Nobody")
    before = await snapshot_of(shop.workspace)
    for user, query in ((None, ""), (nobody, ""), (other.admin, "workspace=fennmoor")):
        async with Inbox(user, query) as inbox:
            for kind in AgentConsumer.commands:
                await inbox.send_text(json.dumps(frame(kind, named(shop, shop.conversation.pk))))
            heard = [await inbox.socket.receive_output(30) for _ in range(2)]
            assert json.loads(heard[0]["text"])["code"] == "forbidden"
            assert heard[1] == {"type": "websocket.close", "code": 4401}
    assert await snapshot_of(shop.workspace) == before


async def test_a_customer_reaches_no_row_of_another_workspace_or_customer(shop: Rows, other: Rows) -> None:
    before = await snapshot_of(shop.workspace)
    commands = [kind for kind in CustomerConsumer.commands if kind not in ("resume", "ping")]
    async with widget() as socket:
        for kind in commands:
            codes = [said["code"] for said in await told(socket, frame(kind, named(shop, shop.conversation.pk)))]
            assert codes == ([] if kind == "typing" else ["session_token_required"]), kind
    for rows in (shop, other):
        async with widget() as socket:
            await told(socket, {"v": 1, "type": "resume", "workspace": rows.workspace.key, "token": new_token()})
            for kind in commands:
                heard = await told(socket, frame(kind, named(shop, shop.conversation.pk)))
                assert shop.secret not in json.dumps(heard), kind
    after = await snapshot_of(shop.workspace)
    assert all(set(rows) <= set(after[model]) for model, rows in before.items())


@asynccontextmanager
async def widget() -> AsyncIterator[Socket]:
    """The socket of a page of our own host."""
    socket = Socket("/ws/v1/widget/", {"host": "testserver", "origin": "http://testserver"})
    assert await socket.connect()
    yield socket
    await socket.close()


async def told(socket: Socket, sent: Frame) -> list[Frame]:
    """All that is heard until the pong."""
    await socket.send_raw(text=json.dumps(sent))
    await socket.send({"type": "ping"})
    heard = []
    while (said := await socket.hear())["type"] != "pong":
        heard.append(said)
    return heard


def new_token() -> str:
    """What a widget makes once."""
    return secrets.token_urlsafe(32)
