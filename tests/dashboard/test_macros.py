"""Macros: several things with one click, all of them or none."""

from __future__ import annotations

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError

from supportbot.actions.models import ActionCall
from supportbot.chat import services
from supportbot.chat.models import CannedResponse, Conversation, Label, Macro
from supportbot.workspaces.models import Member, User, Workspace
from tests.dashboard.conftest import Frame, Inbox, Sit, now
from tests.dashboard.test_views import make_order, signed_in

read = sync_to_async(now)


@pytest.fixture
def macro(workspace: Workspace) -> Macro:
    """Tells where the order is, labels, raises the priority and resolves."""
    body = "Order {{order.number}} is {{order.state}}."
    reply = CannedResponse.objects.create(workspace=workspace, code="order", title="Order", body=body)
    label = Label.objects.create(workspace=workspace, name="delivery")
    chosen = {"reply": reply, "label": label, "priority": "high", "resolves": True}
    return Macro.objects.create(workspace=workspace, name="Where it is", **chosen)


async def run(inbox: Inbox, conversation: Conversation, macro: Macro, client_id: str = "") -> Frame:
    """Run it; what the server says."""
    fields = {"conversation": str(conversation.id), "client_id": client_id or str(uuid4()), "macro": macro.pk}
    await inbox.send("macro.run", **fields)
    return await inbox.hear("macro.done", "error")


async def said(conversation: Conversation) -> list[str]:
    """What agents have said there."""
    found = conversation.messages.filter(author="agent")
    return [message.body async for message in found]


async def test_a_macro_does_all_that_it_says_and_a_resend_does_nothing_more(
    maya: User, waiting: Conversation, macro: Macro, sit: Sit
) -> None:
    await sync_to_async(lambda: make_order(waiting.workspace))()
    inbox, client_id = await sit(maya), str(uuid4())
    for _ in range(2):
        done = await run(inbox, waiting, macro, client_id)
        assert done["steps"] == ["send /order", "add the label delivery", "set the priority to high", "resolve it"]
    assert await said(waiting) == ["Order 10023 is on its way to you."]
    conversation = await read(waiting)
    assert (conversation.status, conversation.priority) == ("resolved", "high")
    assert [label.name async for label in conversation.labels.all()] == ["delivery"]


async def test_a_reply_that_cannot_be_filled_in_leaves_everything_as_it_was(
    maya: User, waiting: Conversation, macro: Macro, sit: Sit
) -> None:
    refusal = await run(await sit(maya), waiting, macro)
    assert (refusal["code"], refusal["message"]) == (
        "unfilled",
        "/order needs {{order.number}}, which is not known here.",
    )
    assert await said(waiting) == []
    assert (await read(waiting)).handler == "queue"


@pytest.mark.parametrize("is_proven", [False, True])
async def test_what_was_ordered_goes_out_unseen_only_to_whom_it_belongs(
    maya: User, waiting: Conversation, macro: Macro, sit: Sit, is_proven: bool
) -> None:
    await sync_to_async(lambda: make_order(waiting.workspace))()
    await CannedResponse.objects.aupdate(body="You ordered {{order.items}}.")
    if is_proven:
        proof = {"workspace": waiting.workspace, "conversation_id": waiting.id, "action": "look_up_order"}
        await ActionCall.objects.acreate(**proof, arguments={"order_number": "10023"}, is_verified=True)
    answer = await run(await sit(maya), waiting, macro)
    if is_proven:
        assert await said(waiting) == ["You ordered a Brisk kettle."]
    else:
        assert "not proven to be theirs" in answer["message"]
        assert await said(waiting) == []


@pytest.mark.parametrize("whose", ["a colleague's", "elsewhere"])
async def test_a_text_that_is_not_everybodys_any_more_is_not_sent(
    maya: User, tom: User, stranger: User, waiting: Conversation, macro: Macro, sit: Sit, whose: str
) -> None:
    elsewhere = (await stranger.memberships.select_related("workspace").aget()).workspace
    moved = {"owner": tom} if whose == "a colleague's" else {"workspace": elsewhere}
    await CannedResponse.objects.aupdate(body="Between us", **moved)
    assert (await run(await sit(maya), waiting, macro))["code"] == "not_found"
    assert await said(waiting) == []


def test_texts_and_macros_stay_in_their_workspace(ada: User, workspace: Workspace, macro: Macro) -> None:
    elsewhere = Workspace.objects.create(name="Second", slug="second")
    Member.objects.create(workspace=elsewhere, user=ada, role=Member.Role.ADMIN)
    client, reply = signed_in(ada), macro.reply
    assert reply
    moved = {"workspace": elsewhere.pk, "name": "Renamed", "code": "renamed", "title": "Order", "body": "Hi"}
    client.post(f"/admin/chat/cannedresponse/{reply.pk}/change/", moved)
    client.post(f"/admin/chat/macro/{macro.pk}/change/", {**moved, "resolves": "on"})
    macro.refresh_from_db()
    reply.refresh_from_db()
    assert (macro.name, macro.workspace, reply.code, reply.workspace) == ("Renamed", workspace, "renamed", workspace)
    other = Macro.objects.create(workspace=workspace, name="Other", resolves=True)
    page = client.post(f"/admin/chat/macro/{other.pk}/change/", {"name": "Renamed", "resolves": "on"})
    assert "There is a macro of this name." in page.content.decode()


async def test_one_step_that_is_refused_undoes_the_others(
    maya: User, tom: User, waiting: Conversation, macro: Macro, sit: Sit
) -> None:
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=tom)
    await Macro.objects.filter(pk=macro.pk).aupdate(reply=None)
    refusal = await run(await sit(maya), waiting, macro)
    assert refusal["code"] == "not_yours", "only Tom may resolve it"
    conversation = await read(waiting)
    assert (conversation.status, conversation.priority) == ("open", "medium")
    assert not await conversation.labels.aexists()
    assert not await conversation.remarks.filter(body__contains="macro").aexists()


async def test_a_macro_of_another_workspace_is_not_found(
    maya: User, stranger: User, waiting: Conversation, sit: Sit
) -> None:
    elsewhere = (await stranger.memberships.select_related("workspace").aget()).workspace
    theirs = await Macro.objects.acreate(workspace=elsewhere, name="Theirs", resolves=True)
    assert (await run(await sit(maya), waiting, theirs))["code"] == "not_found"
    assert "Theirs" not in await sync_to_async(facts)(maya, waiting)


def test_what_a_macro_does_stands_beside_the_conversation(maya: User, waiting: Conversation, macro: Macro) -> None:
    page = facts(maya, waiting)
    assert "Where it is" in page
    assert "Send /order, add the label delivery, set the priority to high, resolve it" in page


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"snooze_hours": 9000},
        {"snooze_hours": 4, "resolves": True},
        {"assigns": "tom", "resolves": True},
        {"assigns": "stranger"},
    ],
)
def test_a_macro_that_makes_no_sense_cannot_be_saved(
    ada: User, tom: User, stranger: User, workspace: Workspace, wish: dict[str, object]
) -> None:
    people = {"tom": tom, "stranger": stranger}
    assignee = people.get(str(wish.pop("assigns", "")))
    with pytest.raises(ValidationError):
        Macro(workspace=workspace, name="Nonsense", assignee=assignee, **wish).full_clean()
    fields = {"workspace": workspace.pk, "name": "Nonsense", "assignee": assignee.pk if assignee else "", **wish}
    signed_in(ada).post("/admin/chat/macro/add/", fields)
    assert not Macro.objects.exists()


def facts(user: User, conversation: Conversation) -> str:
    """What stands beside a conversation."""
    return signed_in(user).get(f"/inbox/{conversation.id}/facts/").content.decode()
