"""The customer's websocket: the protocol of docs/protocol.md, frame by frame."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from supportbot.chat import events, services
from supportbot.chat.drafts import Draft
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.chat.socket import in_thread
from supportbot.workspaces.models import User, Workspace
from tests.servers import Redis
from tests.sockets import Frame, Socket


class Panel(Socket):
    """An open widget."""

    def __init__(self, workspace: Workspace, *, origin: str = "http://shop.example", token: str = "") -> None:
        super().__init__("/ws/v1/widget/", {"origin": origin, "host": "support.example"})
        self.workspace, self.token = workspace, token or secrets.token_urlsafe(32)

    async def open(self, last_seq: int = 0, **more: object) -> list[Frame]:
        """Connect and resume; the answer."""
        assert await self.connect()
        who = {"workspace": self.workspace.key, "token": self.token}
        await self.send({"type": "resume", **who, "last_seq": last_seq, **more})
        state = await self.hear()
        if state["type"] == "error":
            return [state]
        assert (await self.hear())["type"] == "presence"
        return [state, *[await self.hear() for _ in range(state["last_seq"] - last_seq)]]

    async def post(self, body: str, client_id: str = "") -> Frame:
        """Write a message; its acknowledgement, or the error."""
        await self.send({"type": "message.post", "client_id": client_id or str(uuid4()), "body": body})
        return await self.wait_for("ack", "error")


Visit = Callable[..., Panel]


@pytest.fixture
async def visit(workspace: Workspace) -> AsyncIterator[Visit]:
    """Panels that are hung up at the end."""
    panels: list[Panel] = []

    def make(**how: Any) -> Panel:
        panels.append(Panel(how.pop("workspace", workspace), **how))
        return panels[-1]

    yield make
    for panel in panels:
        await panel.close()


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    """A shop whose widget stands on shop.example."""
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor", allowed_origins=["http://shop.example"])


@pytest.fixture
async def panel(visit: Visit) -> Panel:
    """A visitor who has opened the panel."""
    panel = visit()
    await panel.open()
    return panel


async def test_resume_before_the_first_message_stores_nothing(visit: Visit, workspace: Workspace) -> None:
    (state,) = await visit().open()
    assert (state["conversation"], state["handler"], state["last_seq"]) == (None, "bot", 0)
    described = {"name": "Fennmoor", "greeting": "", "colour": "#1c2420", "language": "en", "form": None, "hours": ""}
    described["files"] = {"most": 5, "megabytes": 10}
    assert (state["workspace"], state["signed_in"]) == (described, False)
    assert not await Contact.objects.aexists()


async def test_message_is_acknowledged_and_comes_back_as_event(panel: Panel) -> None:
    client_id = str(uuid4())
    ack = await panel.post("hello <b>there</b>", client_id)
    assert (ack["client_id"], ack["seq"]) == (client_id, 1) and ack["conversation"] and ack["message_id"]
    message = await Message.objects.aget()
    assert message.body == "hello <b>there</b>" and str(message.id) == ack["message_id"]


async def test_resend_gets_the_same_acknowledgement(panel: Panel) -> None:
    client_id = str(uuid4())
    assert await panel.post("hello", client_id) == await panel.post("hello", client_id)
    assert await Message.objects.acount() == 1


async def test_resume_replays_what_was_missed_in_order(panel: Panel, visit: Visit, workspace: Workspace) -> None:
    for body in ("one", "two", "three"):
        await panel.post(body)
    state, *missed = await visit(token=panel.token).open(last_seq=1)
    assert state["last_seq"] == 3
    assert [(frame["message"]["seq"], frame["message"]["body"]) for frame in missed] == [(2, "two"), (3, "three")]


async def test_resume_in_the_middle_of_an_answer_brings_its_text_so_far(
    panel: Panel, visit: Visit, workspace: Workspace
) -> None:
    ack = await panel.post("hello")
    draft = Draft(Conversation(id=ack["conversation"]).id, 1)
    await in_thread(begin_draft)(draft)
    second = visit(token=panel.token)
    await second.open()
    started, chunk = await second.hear(), await second.hear()
    assert (started["type"], started["reply"], started["in_reply_to"]) == ("reply.started", draft.reply, 1)
    assert (chunk["type"], chunk["offset"], chunk["text"]) == ("reply.chunk", 0, "So far")


def begin_draft(draft: Draft) -> None:
    """An answer that is being written."""
    Conversation.objects.filter(id=draft.conversation_id).update(claim=uuid4())
    draft.start()
    draft.extend("So ")
    draft.extend("far")


async def test_two_tabs_of_one_visitor_hear_the_same(panel: Panel, visit: Visit, workspace: Workspace) -> None:
    await panel.post("hello")
    second = visit(token=panel.token)
    await second.open()
    await panel.post("again")
    heard = await second.wait_for("message.posted")
    assert heard["message"]["body"] == "again"


async def test_wish_for_a_person_changes_the_state(panel: Panel, visit: Visit) -> None:
    client_id = str(uuid4())
    await panel.send({"type": "agent.request", "client_id": client_id})
    assert (await panel.wait_for("ack"))["client_id"] == client_id
    again = visit(token=panel.token)
    assert (await again.open())[0]["handler"] == "queue"


async def test_ping_gets_a_pong_and_the_state(panel: Panel) -> None:
    await panel.post("hello")
    await panel.send({"type": "ping"})
    await panel.wait_for("pong")
    assert (await panel.wait_for("state"))["last_seq"] == 1


async def test_typing_reaches_whoever_looks_at_the_conversation(panel: Panel, workspace: Workspace) -> None:
    ack = await panel.post("hello")
    await panel.send({"type": "typing", "on": True})
    typing = await panel.wait_for("typing")
    assert (typing["conversation"], typing["author"], typing["on"]) == (ack["conversation"], "customer", True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{broken", "bad_frame"),
        ("[1, 2]", "bad_frame"),
        ("[" * 60_000, "bad_frame"),
        ('{"v": 1}', "bad_frame"),
        (json.dumps({"v": 1, "type": "message.post", "body": "x" * 70_000}), "bad_frame"),
        (json.dumps({"v": 1, "type": "message.post", "client_id": "7", "body": "x"}), "bad_frame"),
        (json.dumps({"v": 1, "type": "message.post", "client_id": str(UUID(int=1)), "body": ["x"]}), "bad_frame"),
        (json.dumps({"v": 1, "type": "message.post", "client_id": str(UUID(int=1)), "body": " "}), "empty"),
        (json.dumps({"v": 1, "type": "message.post", "client_id": str(UUID(int=1)), "body": "x" * 4001}), "too_long"),
        (json.dumps({"v": 2, "type": "ping"}), "unsupported_version"),
        (json.dumps({"v": 1, "type": "conversation.take"}), "unknown_type"),
    ],
)
async def test_bad_frame_gets_an_error_and_the_connection_lives_on(panel: Panel, text: str, code: str) -> None:
    await panel.send_raw(text=text)
    error = await panel.wait_for("error")
    assert error["code"] == code and error["message"]
    assert (await panel.post("still here"))["type"] == "ack"


async def test_binary_frame_gets_an_error(panel: Panel) -> None:
    await panel.send_raw(bytes=b"\x00\x01")
    assert (await panel.wait_for("error"))["code"] == "bad_frame"


async def test_hundred_messages_at_once_are_slowed_down_and_none_is_doubled(panel: Panel) -> None:
    answers = [await panel.post(str(number)) for number in range(100)]
    accepted = [answer for answer in answers if answer["type"] == "ack"]
    assert {answer["code"] for answer in answers if answer["type"] == "error"} == {"too_fast"}
    assert all("client_id" in answer for answer in answers)
    assert len(accepted) == await Message.objects.acount() < 25


async def test_message_before_resume_is_refused(visit: Visit, workspace: Workspace) -> None:
    panel = visit()
    assert await panel.connect()
    assert (await panel.post("hello"))["code"] == "session_token_required"


@pytest.mark.parametrize(
    ("key", "token", "code"),
    [
        ("pk_foreign", "x" * 43, "unknown_workspace"),
        ("", "", "session_token_required"),
        ("", "short", "session_token_invalid"),
        ("", "'; DROP TABLE chat_message; --xxxxxxxxxxxxxx", "session_token_invalid"),
    ],
)
async def test_session_that_is_not_right_is_refused(
    visit: Visit, workspace: Workspace, key: str, token: str, code: str
) -> None:
    panel = visit()
    assert await panel.connect()
    await panel.send({"type": "resume", "workspace": key or workspace.key, "token": token, "last_seq": 0})
    assert (await panel.hear())["code"] == code


async def test_session_that_was_not_used_for_long_has_expired(panel: Panel, visit: Visit, workspace: Workspace) -> None:
    await panel.post("hello")
    await Contact.objects.aupdate(seen_at="2020-01-01T00:00:00Z")
    (error,) = await visit(token=panel.token).open()
    assert error["code"] == "session_expired"


@pytest.mark.parametrize(
    ("allowed", "origin", "is_allowed"),
    [
        (["http://shop.example"], "http://shop.example", True),
        (["http://shop.example"], "https://shop.example", False),
        (["http://shop.example"], "http://shop.example.evil.example", False),
        ([], "http://support.example", True),
        ([], "http://shop.example", False),
        ([], "null", False),
        (["*"], "http://anywhere.example", True),
    ],
)
async def test_widget_works_only_where_the_workspace_allows_it(
    visit: Visit, workspace: Workspace, allowed: list[str], origin: str, is_allowed: bool
) -> None:
    workspace.allowed_origins = allowed
    await workspace.asave()
    first, *_ = await visit(origin=origin).open()
    assert first["type"] == ("state" if is_allowed else "error")
    assert is_allowed or first["code"] == "origin_refused"


@pytest.mark.parametrize(("page", "is_allowed"), [("http://shop.example/a?b", True), ("http://evil.example/", False)])
async def test_our_own_frame_speaks_for_the_page_that_it_stands_in(visit: Visit, page: str, is_allowed: bool) -> None:
    panel = visit(origin="http://support.example")
    first, *_ = await panel.open(page=page)
    assert first["type"] == ("state" if is_allowed else "error")
    if is_allowed:
        await panel.post("hello from a frame")
        assert (await Contact.objects.aget()).page == "http://shop.example/a"


async def test_token_of_another_workspace_opens_nothing_there(panel: Panel, visit: Visit) -> None:
    await panel.post("a secret")
    other = await Workspace.objects.acreate(name="Other", slug="other", allowed_origins=["*"])
    (state,) = await visit(workspace=other, token=panel.token).open()
    assert state["conversation"] is None


async def test_unknown_route_is_refused() -> None:
    socket = Socket("/ws/v9/", {})
    assert not await socket.connect()
    await socket.close()


async def test_agents_words_reach_the_customer_with_their_name(panel: Panel, workspace: Workspace) -> None:
    ack = await panel.post("hello")
    maya = await in_thread(User.objects.create_user)("maya@fennmoor.example", name="Maya Brandt")
    conversation = await Conversation.objects.aget(id=ack["conversation"])
    await in_thread(services.take)(conversation_id=conversation.id, agent=maya)
    state = await panel.wait_for("state")
    while state["handler"] != "agent":
        state = await panel.wait_for("state")
    assert state["agent"] == {"name": "Maya"}
    await in_thread(services.post_message)(
        conversation_id=conversation.id, body="Hello from Maya", client_id=uuid4(), agent=maya
    )
    message = (await panel.wait_for("message.posted"))["message"]
    assert (message["author"], message["name"], message["body"]) == ("agent", "Maya", "Hello from Maya")


async def test_presence_reaches_every_open_panel(panel: Panel, workspace: Workspace) -> None:
    await in_thread(events.publish_presence)(workspace)
    assert (await panel.wait_for("presence"))["agents_online"] == 0


async def test_socket_closes_when_redis_dies_so_that_the_customer_comes_back(
    panel: Panel, visit: Visit, redis_server: Redis
) -> None:
    await panel.post("hello")
    redis_server.kill()
    try:
        assert await panel.closed() == 1012
    finally:
        redis_server.start()
    state, message = await visit(token=panel.token).open()
    assert (state["last_seq"], message["message"]["body"]) == (1, "hello")


async def test_masked_message_comes_back_as_it_was_saved(panel: Panel) -> None:
    ack = await panel.post("my card is 4111 1111 1111 1111")
    assert ack["body"] == "my card is [card number hidden]" and "hid a part" in ack["notice"]


async def test_customer_leaves_an_address_judges_and_rates(visit: Visit, workspace: Workspace) -> None:
    panel = visit()
    await panel.open()
    await panel.post("how long can I send it back?")
    conversation = await in_thread(Conversation.objects.get)()
    answer = {"seq": 2, "author": "bot", "body": "30 days.", "verdict": "asked"}
    await in_thread(conversation.messages.create)(**answer)
    await in_thread(Conversation.objects.update)(last_seq=2)
    for kind, fields in (
        ("answer.judge", {"seq": 2, "helped": True}),
        ("rating.post", {"score": 5, "comment": "Quick"}),
        ("contact.email", {"email": "anna@example.com"}),
    ):
        client_id = str(uuid4())
        await panel.send({"type": kind, "client_id": client_id, **fields})
        assert await panel.wait_for("done", "error") == {"v": 1, "type": "done", "client_id": client_id}
    await panel.send({"type": "ping"})
    await panel.wait_for("pong")
    state = await panel.wait_for("state")
    assert state["rating"] == {"score": 5, "comment": "Quick", "open": True} and state["status"] == "resolved"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "answer.judge", "seq": 1, "helped": "yes"}, "bad_frame"),
        ({"type": "answer.judge", "seq": 1, "helped": True}, "not_found"),
        ({"type": "rating.post", "score": 5, "comment": ""}, "rating_closed"),
        ({"type": "rating.post", "score": 6, "comment": ""}, "bad_rating"),
        ({"type": "contact.email", "email": "anna"}, "bad_email"),
    ],
)
async def test_what_was_not_asked_is_refused(panel: Panel, frame: Frame, code: str) -> None:
    await panel.post("hello")
    await panel.send({"client_id": str(uuid4()), **frame})
    assert (await panel.wait_for("error"))["code"] == code


async def test_page_of_the_chat_is_kept_without_its_query(visit: Visit, workspace: Workspace) -> None:
    for page, kept in (
        ("http://shop.example/lamp?token=1#x", "http://shop.example/lamp"),
        ("http://shop.example.evil.example/", ""),
    ):
        panel = visit()
        assert await panel.connect()
        who = {"workspace": workspace.key, "token": panel.token, "last_seq": 0, "page": page}
        await panel.send({"type": "resume", **who})
        await panel.wait_for("presence")
        await panel.post("hello")
        assert (await in_thread(Contact.objects.latest)("id")).page == kept


@pytest.mark.parametrize(
    ("language", "begins"), [("fr", "Bien sûr."), ("xx", "Of course."), (7, "Of course."), (None, "Of course.")]
)
async def test_before_a_word_is_said_the_customer_is_answered_in_the_widgets_language(
    visit: Visit, language: object, begins: str
) -> None:
    panel = visit()
    assert (await panel.open(language=language))[0]["language"] is None
    await panel.send({"type": "agent.request", "client_id": str(uuid4())})
    await panel.wait_for("ack")
    message = (await visit(token=panel.token).open())[1]["message"]
    assert message["body"].startswith(begins)


async def test_visitor_is_asked_who_he_is_where_the_workspace_wants_to_know(visit: Visit, workspace: Workspace) -> None:
    workspace.asks_before, workspace.demands_before = "name email", True
    await workspace.asave()
    panel = visit()
    (state,) = await panel.open()
    assert state["workspace"]["form"] == {"fields": ["name", "email"], "required": True}
    assert (await panel.post("hello"))["code"] == "details_required"
    await panel.send({"type": "describe", "about": {"name": "Nora", "email": "nobody"}})
    assert (await panel.wait_for("error"))["code"] == "bad_email"
    await panel.send({"type": "describe", "about": {"name": "Nora", "email": "nora@home.example"}})
    assert (await panel.post("hello"))["type"] == "ack"
    contact = await Contact.objects.aget()
    assert (contact.name, contact.email, contact.is_verified) == ("Nora", "nora@home.example", False)


async def test_what_cannot_be_kept_of_a_visitor_is_an_error_and_no_obstacle(visit: Visit, workspace: Workspace) -> None:
    panel = visit()
    assert await panel.connect()
    about = {"name": "Nora", "email": "nobody", "attributes": {"a": []}, "conversation": {"b": 1}}
    await panel.send({"type": "resume", "workspace": workspace.key, "token": panel.token, "about": about})
    assert [(await panel.hear())["code"] for _ in range(2)] == ["bad_email", "bad_attributes"]
    assert (await panel.hear())["type"] == "state"
    await panel.post("hello")
    contact = await Contact.objects.aget()
    assert (contact.name, contact.email, contact.attributes) == ("Nora", "", {})
    assert (await Conversation.objects.aget()).attributes == {"b": 1}


async def test_hours_are_told_before_the_first_message_in_the_widgets_language(
    visit: Visit, workspace: Workspace
) -> None:
    for day in range(7):
        await workspace.opening_times.acreate(weekday=day, opens="00:00", closes="00:00")
    (state,) = await visit().open(language="de")
    assert state["workspace"]["hours"] == "Das Team arbeitet heute bis 00:00 Uhr (UTC)."


async def test_erased_conversation_ends_in_the_customers_other_tab(panel: Panel, visit: Visit) -> None:
    ack = await panel.post("a secret")
    other = visit(token=panel.token)
    await other.open()
    client_id = str(uuid4())
    await panel.send({"type": "data.erase", "client_id": client_id})
    assert (await panel.wait_for("done", "error"))["client_id"] == client_id
    assert (await other.wait_for("conversation.erased"))["conversation"] == ack["conversation"]
    assert not await Contact.objects.aexists()


async def test_signed_out_panel_can_do_nothing_any_more(panel: Panel) -> None:
    await panel.post("hello")
    await panel.send({"type": "session.end"})
    assert (await panel.post("still me?"))["code"] == "session_token_required"
