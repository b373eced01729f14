"""An agent's draft, and the moment in which a message can be taken back: nothing is lost, doubled or shown."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from supportbot.chat import sending, services, tasks
from supportbot.chat.models import AgentDraft, Conversation, HeldMessage
from supportbot.workspaces.models import User
from tests.dashboard.conftest import Frame, Inbox, Sit, now
from tests.dashboard.test_views import signed_in
from tests.servers import wait_until


@pytest.fixture
def mayas(maya: User, waiting: Conversation) -> Conversation:
    """A conversation that Maya has taken."""
    services.take(conversation_id=waiting.id, agent=maya)
    return waiting


async def send_off(inbox: Inbox, conversation: Conversation, body: str, client_id: str) -> Frame:
    """Send a message that can be taken back; what the server says first."""
    fields = {"conversation": str(conversation.id), "client_id": client_id, "body": body}
    await inbox.send("message.post", hold=True, **fields)
    return await inbox.hear("held", "ack", "message.returned", "error")


async def undo(inbox: Inbox, conversation: Conversation, client_id: str) -> Frame:
    """Take a message back; what the server says."""
    await inbox.send("message.undo", conversation=str(conversation.id), client_id=client_id)
    return await inbox.hear("message.returned", "error")


async def write(inbox: Inbox, conversation: Conversation, body: str, kind: str = "reply") -> None:
    """Write without sending, until the server has it."""
    client_id = str(uuid4())
    await inbox.send("draft.save", conversation=str(conversation.id), client_id=client_id, kind=kind, body=body)
    while (await inbox.hear("draft"))["client_id"] != client_id:
        continue


def time_is_up() -> None:
    """The moment has passed, and the worker that should have sent it is gone; the sweep finds what is due."""
    HeldMessage.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
    for conversation_id in sending.due():
        tasks.deliver(str(conversation_id))


def by_agents(conversation: Conversation) -> list[str]:
    """What agents have said there."""
    return list(conversation.messages.filter(author="agent").values_list("body", flat=True))


def drafts(user: User) -> list[list[str]]:
    """The drafts that mark rows for this agent: conversation and kind."""
    listed: list[list[str]] = signed_in(user).get("/inbox/conversations/", {"view": "all"}).json()["drafts"]
    return listed


async def test_a_draft_is_there_on_another_device_and_nobody_elses(
    maya: User, tom: User, mayas: Conversation, sit: Sit
) -> None:
    desktop, phone, toms = await sit(maya), await sit(maya), await sit(tom)
    await write(desktop, mayas, "Dear cus")
    assert (await phone.hear("draft"))["body"] == "Dear cus"
    await phone.open(mayas)
    assert (await phone.hear("draft"))["body"] == "Dear cus"
    await toms.open(mayas)
    assert (await toms.hear("draft"))["body"] == ""
    assert await sync_to_async(drafts)(maya) == [[str(mayas.id), "reply"]]
    assert await sync_to_async(drafts)(tom) == []
    await write(desktop, mayas, "")
    assert await sync_to_async(drafts)(maya) == []


async def test_a_note_is_a_draft_of_its_own(maya: User, mayas: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    await write(inbox, mayas, "Dear customer")
    await write(inbox, mayas, "Careful with this one", kind="note")
    await inbox.open(mayas)
    kept = [await inbox.hear("draft") for _ in range(2)]
    assert [(draft["kind"], draft["body"]) for draft in kept] == [
        ("reply", "Dear customer"),
        ("note", "Careful with this one"),
    ]
    await inbox.send("draft.save", conversation=str(mayas.id), client_id=str(uuid4()), kind="poem", body="Oh")
    assert (await inbox.hear("error"))["code"] == "bad_frame"


async def test_what_was_just_sent_can_be_taken_back_and_is_the_draft_again(
    maya: User, mayas: Conversation, sit: Sit
) -> None:
    inbox, client_id = await sit(maya), str(uuid4())
    await write(inbox, mayas, "Helo")
    held = await send_off(inbox, mayas, "Helo", client_id)
    assert [message["body"] for message in held["messages"]] == ["Helo"]
    assert not await AgentDraft.objects.aexists(), "it is on its way"
    await write(inbox, mayas, "And also")
    returned = await undo(inbox, mayas, client_id)
    assert (returned["reason"], returned["body"], returned["draft"]) == ("undone", "Helo", "Helo\n\nAnd also")
    assert (await send_off(inbox, mayas, "Helo", client_id))["type"] == "message.returned", "a resend sends nothing"
    await sync_to_async(time_is_up)()
    assert await sync_to_async(by_agents)(mayas) == []
    assert (await AgentDraft.objects.aget()).body == "Helo\n\nAnd also"


async def test_with_the_window_closed_it_is_sent_once(maya: User, mayas: Conversation, sit: Sit) -> None:
    client_id = str(uuid4())
    async with Inbox(maya) as inbox:
        assert (await send_off(inbox, mayas, "Hello", client_id))["type"] == "held"
        assert await sync_to_async(by_agents)(mayas) == []
    later = await sit(maya)
    await later.open(mayas)
    assert (await later.hear("held"))["messages"][0]["client_id"] == client_id, "a reload can still take it back"
    for _ in range(2):
        await sync_to_async(time_is_up)()
    assert (await later.hear("message.posted"))["message"]["client_id"] == client_id
    assert (await send_off(later, mayas, "Hello", client_id))["type"] == "ack"
    assert (await undo(later, mayas, client_id))["code"] == "too_late"
    assert await sync_to_async(by_agents)(mayas) == ["Hello"]


async def test_resolving_sends_first_what_was_just_written(maya: User, mayas: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    for body in ("All done.", "Goodbye!"):
        await send_off(inbox, mayas, body, str(uuid4()))
    await inbox.send("conversation.resolve", conversation=str(mayas.id))
    await inbox.open(mayas)
    assert await sync_to_async(by_agents)(mayas) == ["All done.", "Goodbye!"]
    assert (await mayas.messages.alast()).author == "system"
    assert not await HeldMessage.objects.aexists()


@pytest.mark.parametrize(
    "change", [{"type": "conversation.assign", "agent": None}, {"type": "conversation.spam", "on": True}]
)
async def test_what_was_just_sent_goes_out_before_the_turn_is_lost(
    maya: User, tom: User, mayas: Conversation, sit: Sit, change: Frame
) -> None:
    inbox = await sit(maya)
    by = inbox if change["type"] == "conversation.spam" else await sit(tom)
    await send_off(inbox, mayas, "One moment.", str(uuid4()))
    await by.send(change.pop("type"), conversation=str(mayas.id), **change)
    await inbox.hear("remark.posted", "conversation.changed")
    await sync_to_async(wait_until)(lambda: now(mayas).assignee is None, what="the change")
    assert await sync_to_async(by_agents)(mayas) == ["One moment."]
    assert not await AgentDraft.objects.aexists()


async def test_what_is_sent_at_once_comes_after_what_is_held_back(maya: User, mayas: Conversation, sit: Sit) -> None:
    inbox, regretted = await sit(maya), str(uuid4())
    await send_off(inbox, mayas, "Damn", regretted)
    await undo(inbox, mayas, regretted)
    await send_off(inbox, mayas, "First", str(uuid4()))
    await inbox.send("message.post", conversation=str(mayas.id), client_id=regretted, body="Damn")
    assert (await inbox.hear("error", "ack"))["code"] == "undone"
    await inbox.send("message.post", conversation=str(mayas.id), client_id=str(uuid4()), body="Second")
    await inbox.hear("ack")
    assert await sync_to_async(by_agents)(mayas) == ["First", "Second"]


async def test_what_may_no_longer_be_said_is_kept_as_the_draft(
    maya: User, tom: User, mayas: Conversation, sit: Sit
) -> None:
    inbox = await sit(maya)
    await send_off(inbox, mayas, "Let me look", str(uuid4()))
    await Conversation.objects.filter(id=mayas.id).aupdate(assignee=tom)
    await sync_to_async(time_is_up)()
    returned = await inbox.hear("message.returned")
    assert (returned["reason"], returned["draft"]) == ("not_yours", "Let me look")
    assert await sync_to_async(by_agents)(mayas) == []


async def test_who_was_offline_hears_afterwards_that_a_message_was_not_sent(
    maya: User, tom: User, mayas: Conversation, sit: Sit
) -> None:
    client_id = str(uuid4())
    async with Inbox(maya) as inbox:
        await send_off(inbox, mayas, "Let me look", client_id)
    await Conversation.objects.filter(id=mayas.id).aupdate(assignee=tom)
    await sync_to_async(time_is_up)()
    again = await sit(maya)
    resent = await send_off(again, mayas, "Let me look", client_id)
    assert (resent["reason"], resent["body"], resent["draft"]) == ("not_yours", "Let me look", "Let me look")
    await again.open(mayas)
    assert await again.hear("message.returned") == resent


async def test_nobody_sends_or_takes_back_for_another(maya: User, tom: User, mayas: Conversation, sit: Sit) -> None:
    inbox, toms, client_id = await sit(maya), await sit(tom), str(uuid4())
    assert (await send_off(toms, mayas, "Hi", str(uuid4())))["code"] == "not_yours"
    await send_off(inbox, mayas, "Hello", client_id)
    assert (await undo(toms, mayas, client_id))["code"] == "too_late"
    await toms.open(mayas)
    assert (await toms.hear("held"))["messages"] == []
