"""Canned responses: who sees which, how they are filled in, and that nothing is sent half-filled."""

from __future__ import annotations

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from supportbot.chat import services
from supportbot.chat.models import CannedResponse, Conversation
from supportbot.workspaces.models import ProactiveMessage, User, Workspace
from tests.dashboard.conftest import Sit
from tests.dashboard.test_views import make_order, signed_in


def canned(workspace: Workspace, code: str, body: str = "Hello", owner: User | None = None) -> CannedResponse:
    """A text in the library."""
    return CannedResponse.objects.create(workspace=workspace, code=code, title=code.title(), body=body, owner=owner)


def offered(user: User, conversation: Conversation) -> dict[str, dict[str, object]]:
    """What the menu of an agent offers in a conversation, by code."""
    answer = signed_in(user).get(f"/inbox/{conversation.id}/canned/")
    return {response["code"]: response for response in answer.json()["responses"]}


def post(client: Client, path: str = "", **fields: str) -> str:
    """Fill in the form of the page; the page that follows."""
    filled = {"code": "hi", "title": "Greeting", "body": "Hello", **fields}
    return client.post(f"/inbox/canned/{path}", filled, follow=True).content.decode()


def test_variables_are_filled_in_and_those_without_a_value_are_named(maya: User, waiting: Conversation) -> None:
    make_order(waiting.workspace)
    body = "Hi {{contact.first_name|there}}, {{contact.name}}, order {{ order.number }} with {{order.items}}. "
    canned(waiting.workspace, "where", f"{body}{{{{agent.name}}}}")
    response = offered(maya, waiting)["where"]
    assert response["text"] == "Hi there, {{contact.name}}, order 10023 with a Brisk kettle. Maya"
    assert response["missing"] == ["contact.name"]


def test_what_a_customer_calls_themselves_is_no_variable(maya: User, waiting: Conversation) -> None:
    waiting.contact.name = "{{agent.name}}"
    waiting.contact.save()
    canned(waiting.workspace, "hi", "Hi {{contact.name}}")
    assert offered(maya, waiting)["hi"]["text"] == "Hi {{agent.name}}"


def test_everybody_has_the_shared_ones_and_nobody_has_anothers(
    maya: User, tom: User, stranger: User, waiting: Conversation
) -> None:
    canned(waiting.workspace, "shared")
    canned(waiting.workspace, "mayas", owner=maya)
    assert list(offered(maya, waiting)) == ["mayas", "shared"]
    assert list(offered(tom, waiting)) == ["shared"]
    assert signed_in(stranger).get(f"/inbox/{waiting.id}/canned/").status_code == 404


async def test_a_variable_that_is_not_filled_in_is_not_sent(maya: User, waiting: Conversation, sit: Sit) -> None:
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=maya)
    inbox = await sit(maya)
    fields = {"conversation": str(waiting.id), "client_id": str(uuid4())}
    await inbox.send("message.post", body="Your order {{ order.number }} is here", **fields)
    refusal = await inbox.hear("error")
    assert (refusal["code"], refusal["message"]) == ("unfilled", "Fill in {{order.number}} before you send this.")
    assert not await waiting.messages.filter(author="agent").aexists()


def test_an_agent_keeps_texts_of_their_own(maya: User, tom: User, workspace: Workspace) -> None:
    client = signed_in(maya)
    assert "Hello there" in post(client, body="Hello there", for_all="on")
    mine = CannedResponse.objects.get()
    assert mine.owner == maya, "an agent's text is never everybody's"
    assert "/hi is taken by another text" in post(client, code="HI")
    assert "There is no variable {{customer.name}}" in post(client, code="other", body="Hi {{customer.name}}")
    assert "Good day" in post(client, f"{mine.id}/", body="Good day")
    assert signed_in(tom).post(f"/inbox/canned/{mine.id}/", {"delete": "1"}).status_code == 404
    client.post(f"/inbox/canned/{mine.id}/", {"delete": "1"})
    assert not CannedResponse.objects.exists()


def test_an_administrator_keeps_those_of_everybody(ada: User, maya: User, workspace: Workspace) -> None:
    post(signed_in(ada), for_all="on")
    shared = CannedResponse.objects.get(owner=None)
    assert f"/inbox/canned/{shared.id}/" not in signed_in(maya).get("/inbox/canned/").content.decode()
    assert signed_in(maya).get(f"/inbox/canned/{shared.id}/").status_code == 404


@pytest.mark.parametrize("code", ["shared", "mayas"])
def test_the_admin_has_the_shared_ones_of_its_workspace(
    ada: User, maya: User, stranger: User, workspace: Workspace, code: str
) -> None:
    canned(stranger.memberships.get().workspace, "elsewhere")
    canned(workspace, "shared")
    canned(workspace, "mayas", owner=maya)
    page = signed_in(ada).get("/admin/chat/cannedresponse/").content.decode()
    assert (f">{code}<" in page) == (code == "shared")
    assert "elsewhere" not in page


def test_a_canned_response_is_drafted_from_key_points_and_saved_by_a_person(maya: User, ada: User) -> None:
    points = "returns are free for 30 days\nprint the label for [order number]\n- drop the parcel at [the desk]"
    page = signed_in(maya).post("/inbox/canned/", {"points": points, "draft": "1"}).content.decode()
    assert "Hi {{contact.name}}," in page and "Returns are free for 30 days." in page
    assert "1. Print the label for {{order.number}}.\n2. Drop the parcel at [the desk]." in page
    assert "There is no variable for the desk" in page and not CannedResponse.objects.exists()
    assert "one key point" in signed_in(maya).post("/inbox/canned/", {"points": " ", "draft": "1"}).content.decode()
    said = {"announcement": "Returns are free for 30 days.", "announce": "1"}
    signed_in(maya).post("/inbox/canned/", said)
    assert not ProactiveMessage.objects.exists()
    signed_in(ada).post("/inbox/canned/", said)
    assert not ProactiveMessage.objects.get().is_active
