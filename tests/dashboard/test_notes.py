"""What only agents see: notes, mentions and activities, and everywhere that a customer could have met them."""

from __future__ import annotations

import secrets
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core import mail as outbox
from django.test import Client
from pytest_django import Settings

from supportbot.chat import context, handover, mail, notes, organising, services
from supportbot.chat.models import Conversation, Remark
from supportbot.chat.refusals import Refused
from supportbot.chat.snapshot import snapshot
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import User, Workspace
from tests.dashboard.conftest import Sit, said
from tests.dashboard.test_views import signed_in
from tests.sockets import Frame, Socket

SECRET = "The customer is on the blacklist of our accountant"
HOST = {"origin": "http://testserver", "host": "testserver"}


def note(conversation: Conversation, agent: User, *mentions: User) -> Remark:
    """A colleague writes a note."""
    ids = [user.pk for user in mentions]
    where = {"conversation_id": conversation.id, "agent": agent}
    return notes.post_note(**where, body=SECRET, client_id=uuid4(), mentions=ids)


async def test_a_note_is_saved_once_and_read_by_every_agent(
    maya: User, tom: User, waiting: Conversation, sit: Sit
) -> None:
    writer, reader = await sit(maya), await sit(tom)
    await writer.open(waiting)
    await reader.open(waiting)
    client_id = str(uuid4())
    for _ in range(2):  # the second time because the acknowledgement was lost
        await writer.send("note.post", conversation=str(waiting.id), client_id=client_id, body=SECRET)
        assert (await writer.hear("done"))["client_id"] == client_id
    remark = (await reader.hear("remark.posted"))["remark"]
    assert (remark["kind"], remark["name"], remark["body"], remark["after"]) == ("note", "Maya", SECRET, 2)
    assert await waiting.remarks.acount() == 1
    later = await sit(tom)
    await later.open(waiting)
    assert (await later.hear("remark.posted"))["remark"]["number"] == 1


async def test_a_mention_reaches_the_colleague_wherever_they_are(
    maya: User, tom: User, waiting: Conversation, sit: Sit
) -> None:
    colleague, other = await sit(tom), await sit(maya)
    await sync_to_async(note)(waiting, maya, tom)
    called = await colleague.hear("mention.posted")
    assert (called["by"], called["preview"], called["conversation"]) == ("Maya", SECRET, str(waiting.id))
    row = (await other.hear("conversation.changed", "mention.posted"))["conversation"]
    assert row["mentions"] == [{"id": tom.pk, "seen": False}], "Maya herself is not called"
    await colleague.send("mentions.read", conversation=str(waiting.id))
    assert (await other.hear("conversation.changed"))["conversation"]["mentions"] == [{"id": tom.pk, "seen": True}]


async def test_who_follows_or_was_mentioned_hears_what_the_customer_writes(
    maya: User, tom: User, customer: Visitor, waiting: Conversation, sit: Sit
) -> None:
    mayas, toms = await sit(maya), await sit(tom)
    await sync_to_async(note)(waiting, maya, tom)
    await toms.hear("mention.posted")
    for on in (True, True, False):  # the second time nothing changes
        await mayas.send("conversation.follow", conversation=str(waiting.id), on=on)
    await mayas.send("ping")
    row = (await toms.hear("conversation.changed"))["conversation"]
    while [one["name"] for one in row["participants"]] != ["Tom"] or row["last_seq"] != 2:
        row = (await toms.hear("conversation.changed"))["conversation"]
    await mayas.hear("pong")
    await sync_to_async(said)(customer, "And my hat?")
    told = await toms.hear("message.followed")
    assert (told["conversation"], told["preview"]) == (str(waiting.id), "And my hat?")
    await mayas.send("ping")
    assert (await mayas.hear("pong", "message.followed"))["type"] == "pong", "she follows no longer"
    asked = {"view": "all", "participant": "me"}
    page = await sync_to_async(lambda: signed_in(tom).get("/inbox/conversations/", asked))()
    assert [one["id"] for one in page.json()["rows"]] == [str(waiting.id)]


def test_only_members_can_be_mentioned(maya: User, stranger: User, waiting: Conversation) -> None:
    with pytest.raises(Refused, match="all of this workspace"):
        note(waiting, maya, stranger)
    assert not waiting.remarks.exists()


@pytest.mark.parametrize("is_there", [True, False])
async def test_the_customers_websocket_never_hears_of_it(workspace: Workspace, maya: User, is_there: bool) -> None:
    token = secrets.token_urlsafe(32)
    socket = Socket("/ws/v1/widget/", HOST)
    await socket.connect()
    resume = {"type": "resume", "workspace": workspace.key, "token": token, "last_seq": 0}
    await socket.send(resume)
    await socket.wait_for("presence")
    await socket.send({"type": "message.post", "client_id": str(uuid4()), "body": "Hello"})
    await socket.wait_for("ack")
    conversation = await Conversation.objects.aget()
    if is_there:
        await sync_to_async(note)(conversation, maya, maya)
        await sync_to_async(organising.prioritise)(conversation_id=conversation.id, agent=maya, priority="low")
    else:
        await sync_to_async(note)(conversation, maya)
        await socket.send(resume)
    await socket.send({"type": "ping"})
    heard: list[Frame] = []
    while not heard or heard[-1]["type"] != "pong":
        heard.append(await socket.hear())
    await socket.close()
    assert not {"remark.posted", "mention.posted", "conversation.changed"} & {frame["type"] for frame in heard}
    assert SECRET not in str(heard) and "priority" not in str(heard)


def test_neither_mail_nor_bot_nor_hand_over_nor_snapshot_reads_it(
    maya: User, waiting: Conversation, settings: Settings
) -> None:
    settings.EMAIL_AFTER = 0
    services.leave_email(conversation_id=waiting.id, email="kim@example.com")
    services.take(conversation_id=waiting.id, agent=maya)
    note(waiting, maya)
    services.post_message(conversation_id=waiting.id, body="Hello Kim", client_id=uuid4(), agent=maya)
    note(waiting, maya)
    mail.send(waiting.id)
    conversation = Conversation.objects.select_related("workspace", "contact", "assignee").get(id=waiting.id)
    read = context.read(conversation, [])
    told = [outbox.outbox[0].body, snapshot(conversation, 0), handover.summary(conversation, "asked")]
    told += [[message.body for message in read.earlier], read.question]
    assert "Hello Kim" in outbox.outbox[0].body
    assert SECRET not in str(told)


def test_no_public_page_has_it(maya: User, waiting: Conversation) -> None:
    note(waiting, maya)
    browser = Client()
    pages = [browser.get(address).content.decode() for address in ("/help/fennmoor/", f"/inbox/{waiting.id}/facts/")]
    assert all(SECRET not in page for page in pages)
