"""A workspace's own action calls a real HTTPS server, which works, refuses, or breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from supportbot.actions import dialogue
from supportbot.actions.models import CustomAction
from supportbot.workspaces.models import Workspace
from tests.actions.conftest import EMAIL, Chat, Enter
from tests.actions.shop_server import Serve, ShopServer, hangs, says

SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "title": "the new day", "enum": ["Monday", "Tuesday"]},
        "boxes": {"type": "integer", "title": "how many boxes", "minimum": 1, "maximum": 9},
    },
    "required": ["day", "boxes"],
}
DONE = says(200, {"done": True})
Start = Callable[..., ShopServer]


@pytest.fixture
def shop(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """The shop's own server, whose certificate this machine trusts."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8", "::1/128"]
    running: list[ShopServer] = []

    def start(*serves: Serve) -> ShopServer:
        server = ShopServer(list(serves)).__enter__()
        running.append(server)
        server.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def own_action(workspace: Workspace, address: str, **fields: Any) -> CustomAction:
    """The shop lets customers move a delivery."""
    fields = {"needs_identity": False, "schema": SCHEMA, "retries": 1, "time_out": 5} | fields
    action = CustomAction(
        workspace=workspace,
        name="move_delivery",
        title="Move the delivery",
        description="The parcel comes on another day.",
        address=address,
        intents=["move_delivery"],
        **fields,
    )
    action.renew_secret()
    action.save()
    return action


def talked_through(chat: Chat) -> Any:
    """The customer answers everything and agrees."""
    return chat.through("move_delivery", "tuesday", "2 boxes", "yes")


def test_customer_is_asked_by_the_schema_and_the_call_is_signed(chat: Chat, shop: Start) -> None:
    server = shop(says(200, {"done": True, "text": "It comes on Tuesday."}))
    action = own_action(chat.workspace, server.address)
    assert dialogue.for_intent(chat.workspace, "move_delivery") == "move_delivery"
    asked = chat.wants("move_delivery")
    assert (asked.text, list(asked.choices)) == ("Please tell me: the new day.", ["Monday", "Tuesday"])
    chat.hears("tuesday")
    assert chat.hears("12").state == "collecting", "the schema allows nine"
    proposal = chat.hears("2 boxes please")
    assert "The parcel comes on another day. the new day: Tuesday; how many boxes: 2." in proposal.text
    assert not server.asked
    done = chat.hears("yes")
    assert (done.text, done.state) == ("It comes on Tuesday.", "done")
    request = server.asked[0]
    assert request.is_signed_with(action.secret) and not request.is_signed_with("whsec_AAAA")
    assert request.arguments == {"day": "Tuesday", "boxes": 2}
    assert request.id == str(chat.call.id)
    assert chat.call.result["tries"][0]["status"] == 200


def test_refusal_of_the_shop_is_said_and_is_no_failure(chat: Chat, shop: Start) -> None:
    own_action(chat.workspace, shop(says(200, {"done": False, "text": "Tuesday is full."})).address)
    step = talked_through(chat)
    assert (step.text, step.state, step.hand_off) == ("Tuesday is full.", "declined", None)


def test_error_is_tried_again_with_the_same_id(chat: Chat, shop: Start) -> None:
    server = shop(says(500), DONE)
    own_action(chat.workspace, server.address)
    assert talked_through(chat).state == "done"
    assert len(server.asked) == 2 and len({request.id for request in server.asked}) == 1
    assert [attempt["status"] for attempt in chat.call.result["tries"]] == [500, 200]


@pytest.mark.parametrize(
    ("serve", "tries"),
    [
        (says(500), 2),
        (says(400), 1),
        (says(200, "not JSON"), 1),
        (says(200, {"ok": 1}), 1),
        (says(200, {"done": "yes"}), 1),
        (says(200, "[" * 70_000), 1),
        (says(302, Location="http://169.254.169.254/latest"), 1),
        (says(302, Location="https://localhost/"), 1),
        (hangs, 2),
    ],
)
def test_broken_answer_is_never_called_done(chat: Chat, shop: Start, serve: Serve, tries: int) -> None:
    server = shop(serve)
    own_action(chat.workspace, server.address, time_out=1)
    step = talked_through(chat)
    assert (step.state, step.hand_off) == ("failed", "failed")
    assert "can't tell you that it is done" in step.text
    assert (len(server.asked), len(chat.call.result["tries"])) == (tries, tries)


def test_address_in_a_private_network_is_not_called(chat: Chat, shop: Start, settings: Settings) -> None:
    server = shop(DONE)
    settings.OUTGOING_NETWORKS = []
    own_action(chat.workspace, server.address)
    assert (talked_through(chat).state, server.asked) == ("failed", [])


def test_certificate_of_nobody_is_not_trusted(chat: Chat, shop: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = shop(DONE)
    monkeypatch.delenv("SSL_CERT_FILE")
    own_action(chat.workspace, server.address)
    assert (talked_through(chat).state, server.asked) == ("failed", [])


def test_identity_comes_before_an_own_action_that_needs_it(chat: Chat, shop: Start) -> None:
    server = shop(DONE)
    own_action(chat.workspace, server.address, needs_identity=True)
    assert "order number" in chat.wants("move_delivery").text
    chat.hears(f"10001 {EMAIL}")
    chat.hears("Monday")
    chat.hears("1")
    assert chat.hears("yes").state == "done"
    assert f'"email": "{EMAIL}", "verified": true' in server.asked[0].raw.decode()


def test_own_action_that_only_reads_is_done_at_once_for_a_proven_customer(chat: Chat, shop: Start) -> None:
    server = shop(says(200, {"done": True, "text": "It comes on Monday."}))
    own_action(chat.workspace, server.address, needs_identity=True, changes=False, schema={})
    done = chat.wants("move_delivery", order_number="10001", email=EMAIL)
    assert (done.text, done.state) == ("It comes on Monday.", "done")
    assert f'"email": "{EMAIL}", "verified": true' in server.asked[0].raw.decode()


def test_own_action_trusts_the_shops_sign_in(enter: Enter, shop: Start) -> None:
    chat = enter(email="ann@home.example", signed_in=True)
    own_action(chat.workspace, shop(DONE).address, needs_identity=True)
    assert chat.wants("move_delivery").text == "Please tell me: the new day."


def test_action_for_agents_only_is_none_for_customers(chat: Chat, shop: Start) -> None:
    own_action(chat.workspace, shop(DONE).address, use="agents")
    with pytest.raises(dialogue.UnknownAction):
        chat.wants("move_delivery")
    assert dialogue.for_intent(chat.workspace, "move_delivery") is None


def test_secret_is_sealed_in_the_database(workspace: Workspace) -> None:
    action = own_action(workspace, "https://shop.example/")
    stored = CustomAction.objects.values_list("sealed_secret", flat=True).get()
    assert action.secret.startswith("whsec_") and action.secret not in stored
    assert CustomAction.objects.get().secret == action.secret


def test_yes_or_no_of_the_schema_is_offered_in_the_customers_language(enter: Enter, shop: Start) -> None:
    server = shop(DONE)
    action = own_action(enter().workspace, server.address)
    action.schema = {"properties": {"gift": {"type": "boolean"}}, "required": ["gift"]}
    action.save()
    chat = enter(language="fr")
    assert list(chat.wants("move_delivery").choices) == ["Oui", "Non"]
    assert chat.through("move_delivery", "Non", "oui").state == "done"
    assert server.asked[0].arguments == {"gift": False}
