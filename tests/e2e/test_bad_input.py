"""What nobody should send, sent to the running services: refused in words, and never stored, lost or run."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.customer import KEY, Customer, Frame
from tests.e2e.pages import open_chat, said, say, sign_in, thread, visit
from tests.servers import wait_until
from tests.stack import ServicesStack

NOTHING = {"type": "message.post", "client_id": str(UUID(int=1))}
RESUME = {"type": "resume", "workspace": KEY, "last_seq": 0}
MARKUP = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> <b>bold</b>"
TEXTS = (MARKUP, "🙂👩‍👩‍👧‍👦 \U0001f3f3\ufe0f\u200d\U0001f308", "مرحبا، أين طلبي 10023؟", "x" * 4_000)


class Wire:
    """A websocket of which the test sees every frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def send(self, frame: Frame) -> None:
        """Send a frame of version 1, unless it names another."""
        self.socket.send(json.dumps({"v": 1, **frame}))

    def next(self, *kinds: str) -> Frame:
        """The next frame of one of these types."""
        while (frame := json.loads(self.socket.recv(timeout=30)))["type"] not in kinds:
            continue
        return dict(frame)

    def resume(self, token: str) -> Frame:
        """Say who is there; the state."""
        self.send({**RESUME, "token": token})
        return self.next("state")

    def post(self, body: str, **fields: Any) -> Frame:
        """Post a message; its acknowledgement or the error."""
        self.send({"type": "message.post", "client_id": str(uuid4()), "body": body, **fields})
        return self.next("ack", "error")


def dial(stack: ServicesStack, path: str = "/ws/v1/widget/", origin: str | None = None) -> Wire:
    """A new websocket."""
    address = stack.url.replace("http", "ws", 1) + path
    return Wire(connect(address, origin=Origin(origin or stack.url), ping_interval=None))


def new_token() -> str:
    """What a widget makes once."""
    return secrets.token_urlsafe(32)


@pytest.fixture
def wire(services_stack: ServicesStack) -> Iterator[Wire]:
    """A visitor who has resumed and not written yet."""
    with dial(services_stack) as wire:
        wire.resume(new_token())
        yield wire


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('{"v": 1, "type": ', "bad_frame"),
        ("[]", "bad_frame"),
        ('{"v": 1}', "bad_frame"),
        ("[" * 30_000, "bad_frame"),
        (b"\x00\xff\x00", "bad_frame"),
        (json.dumps({"v": 1, **NOTHING, "body": "x" * 70 * 1024}), "bad_frame"),
        (json.dumps({"v": 1, **NOTHING}), "bad_frame"),
        (json.dumps({"v": 1, **NOTHING, "client_id": "1", "body": "hello"}), "bad_frame"),
        (json.dumps({"v": 1, "type": "conversation.take"}), "unknown_type"),
        (json.dumps({"v": 2, "type": "ping"}), "unsupported_version"),
        (json.dumps({"v": 1, **NOTHING, "body": " \n\t"}), "empty"),
        (json.dumps({"v": 1, **NOTHING, "body": "x" * 4_001}), "too_long"),
        (json.dumps({"v": 1, **RESUME, "token": ""}), "session_token_required"),
        (json.dumps({"v": 1, **RESUME, "token": "guessed"}), "session_token_invalid"),
        (json.dumps({"v": 1, **RESUME, "workspace": "pk_foreign", "token": new_token()}), "unknown_workspace"),
    ],
)
def test_bad_frame_is_refused_and_the_connection_lives_on(wire: Wire, sent: str | bytes, code: str) -> None:
    wire.socket.send(sent)
    error = wire.next("error")
    assert error["code"] == code and error["message"]
    wire.send({"type": "ping"})
    assert wire.next("pong")


def test_nothing_may_be_posted_before_one_has_said_who_one_is(services_stack: ServicesStack) -> None:
    with dial(services_stack) as wire:
        assert wire.post("hello")["code"] == "session_token_required"


def test_page_of_another_origin_is_refused(services_stack: ServicesStack) -> None:
    with dial(services_stack, origin="https://evil.example") as wire:
        wire.send({**RESUME, "token": new_token()})
        assert wire.next("error")["code"] == "origin_refused"


def test_inbox_is_closed_to_strangers(services_stack: ServicesStack) -> None:
    with dial(services_stack, "/ws/v1/inbox/") as wire:
        assert wire.next("error")["code"] == "forbidden"
    with pytest.raises(InvalidStatus):
        dial(services_stack, "/ws/v1/inbox/", origin="https://evil.example")
    assert httpx.get(f"{services_stack.url}/inbox/").headers["location"].startswith("/login/")


def test_visitor_gets_nothing_of_a_conversation_whose_id_he_knows(services_stack: ServicesStack) -> None:
    with dial(services_stack) as owner, dial(services_stack) as stranger:
        owner.resume(new_token())
        foreign = owner.post("this is mine")["conversation"]
        stranger.send({**RESUME, "token": new_token(), "conversation": foreign})
        state = stranger.next("state", "message.posted")
        assert (state["type"], state["conversation"]) == ("state", None)
        assert stranger.post("let me in", conversation=foreign)["conversation"] != foreign
    bodies = "SELECT body FROM chat_message WHERE conversation_id = %s AND author = 'customer'"
    assert services_stack.rows(bodies, foreign) == [{"body": "this is mine"}]


def test_message_sent_twice_is_saved_once_and_acknowledged_twice(wire: Wire, services_stack: ServicesStack) -> None:
    client_id = str(uuid4())
    assert wire.post("twice", client_id=client_id) == wire.post("something else", client_id=client_id)
    rows = services_stack.rows("SELECT body FROM chat_message WHERE client_id = %s", client_id)
    assert rows == [{"body": "twice"}]


@pytest.mark.parametrize("body", TEXTS, ids=["markup", "emoji", "right to left", "4,000 characters"])
def test_any_text_is_saved_as_it_was_written(wire: Wire, services_stack: ServicesStack, body: str) -> None:
    message = wire.post(body)["message_id"]
    assert services_stack.rows("SELECT body FROM chat_message WHERE id = %s", message) == [{"body": body}]


def test_of_a_hundred_messages_at_once_none_that_was_accepted_is_lost(services_stack: ServicesStack) -> None:
    with dial(services_stack) as wire:
        wire.resume(new_token())
        client_ids = [str(uuid4()) for _ in range(100)]
        for client_id in client_ids:
            wire.send({"type": "message.post", "client_id": client_id, "body": "where is order 10001?"})
        replies = [wire.next("ack", "error") for _ in client_ids]
    assert sorted(reply["client_id"] for reply in replies) == sorted(client_ids)
    assert {reply["code"] for reply in replies if reply["type"] == "error"} == {"too_fast"}
    accepted = [reply for reply in replies if reply["type"] == "ack"]
    assert 5 <= len(accepted) <= 20
    query = "SELECT client_id, outcome FROM chat_message WHERE conversation_id = %s AND author = 'customer'"

    def rows() -> list[dict[str, Any]]:
        return services_stack.rows(query, accepted[0]["conversation"])

    assert sorted(str(row["client_id"]) for row in rows()) == sorted(reply["client_id"] for reply in accepted)
    wait_until(lambda: all(row["outcome"] != "pending" for row in rows()), seconds=90, what="an outcome of each")


def test_customer_who_wrote_too_fast_gets_everything_through(services_stack: ServicesStack) -> None:
    with Customer(services_stack.url) as customer:
        written = [customer.write(f"message {index}") for index in range(7)]
        customer.accepted(*written)
        assert "too_fast" in {frame["code"] for frame in customer.heard("error")}
        own = [body for _, author, body in customer.shown() if author == "customer"]
        assert own == [f"message {index}" for index in range(7)]


def test_markup_is_shown_as_text_to_customer_and_agent(browser: Browser, services_stack: ServicesStack) -> None:
    with visit(browser, f"{services_stack.url}/demo/") as customer:
        open_chat(customer)
        say(customer, MARKUP)
        expect(said(customer, "customer")).to_have_text([MARKUP])
        expect(customer.get_by_text("Delivered")).to_be_visible()
        assert customer.evaluate("window.hacked") is None
    query = "SELECT conversation_id FROM chat_message WHERE body = %s ORDER BY created_at DESC LIMIT 1"
    conversation = services_stack.rows(query, MARKUP)[0]["conversation_id"]
    with visit(browser, f"{services_stack.url}/inbox/{conversation}/") as agent:
        sign_in(agent, "tom")
        expect(thread(agent).get_by_text(MARKUP)).to_be_visible()
        assert agent.evaluate("window.hacked") is None
