"""The agents' websocket: who is let in, who gets the turn, and what the others hear."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from supportbot.chat import services
from supportbot.chat.drafts import Draft
from supportbot.chat.models import Conversation, Message
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import Member, User, Workspace
from tests.dashboard.conftest import Frame, Inbox, Sit, now, said

COMMANDS = ["open", "read", "take", "release", "resolve", "wake"]
read = sync_to_async(now)


async def test_somebody_who_is_not_signed_in_is_turned_away(workspace: Workspace, sit: Sit) -> None:
    inbox = await sit(None)
    assert (await inbox.hear("error"))["code"] == "forbidden"
    assert (await inbox.socket.receive_output(30))["code"] == 4401


async def test_a_page_of_another_site_cannot_open_the_inbox(maya: User, sit: Sit) -> None:
    inbox = await sit(maya, origin="http://evil.example")
    assert not inbox.accepted


async def test_an_agent_hears_how_many_are_there(maya: User, tom: User, sit: Sit) -> None:
    first = await sit(maya)
    assert (await first.hear("presence"))["agents_online"] == 1
    async with Inbox(tom):
        assert (await heard(first, "presence", agents_online=2))["agents_online"] == 2
    assert (await heard(first, "presence", agents_online=1))["agents_online"] == 1


async def test_a_conversation_is_opened_with_all_that_was_said(maya: User, with_bot: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    row, state, message = await inbox.open(with_bot)
    assert row["conversation"]["preview"] == "Where is order 10023?"
    assert (state["handler"], state["status"]) == ("bot", "pending")
    assert message["message"]["body"] == "Where is order 10023?"
    assert len(await inbox.open(with_bot, last_seq=1)) == 2, "only what was missed"


async def test_an_agent_of_another_workspace_finds_nothing(stranger: User, waiting: Conversation, sit: Sit) -> None:
    inbox = await sit(stranger)
    for command in COMMANDS:
        await inbox.send(f"conversation.{command}", conversation=str(waiting.id), last_seq=1)
        assert (await inbox.hear("error"))["code"] == "not_found"
    await inbox.send("message.post", conversation=str(waiting.id), client_id=str(uuid4()), body="Hello")
    assert (await inbox.hear("error"))["code"] == "not_found"
    await inbox.send("typing", conversation=str(waiting.id), on=True)
    assert (await inbox.hear("error"))["code"] == "not_found"
    assert (await read(waiting)).handler == "queue"


async def test_somebody_who_left_the_workspace_finds_nothing_more(maya: User, waiting: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    await inbox.open(waiting)
    await Member.objects.filter(user=maya).adelete()
    await inbox.send("conversation.take", conversation=str(waiting.id))
    assert (await inbox.hear("error"))["code"] == "not_found"
    await inbox.send("ping")
    assert (await inbox.hear("error"))["code"] == "forbidden"


async def test_signing_out_ends_the_inbox(maya: User, sit: Sit) -> None:
    inbox = await sit(maya)
    await sync_to_async(inbox.client.logout)()
    await inbox.send("ping")
    assert (await inbox.hear("error"))["code"] == "forbidden"


async def test_agent_takes_over_answers_and_hands_back(maya: User, waiting: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    await inbox.open(waiting)
    await inbox.send("conversation.take", conversation=str(waiting.id))
    assert (await inbox.hear("state"))["agent"] == {"name": "Maya"}
    client_id = str(uuid4())
    for _ in range(2):  # the second time because the acknowledgement was lost
        await inbox.send("message.post", conversation=str(waiting.id), client_id=client_id, body="Hello, Maya here.")
        assert (await inbox.hear("ack"))["client_id"] == client_id
    assert await waiting.messages.filter(author="agent").acount() == 1
    await inbox.send("conversation.release", conversation=str(waiting.id))
    assert (await heard(inbox, "state", handler="bot"))["agent"] is None
    await inbox.send("message.post", conversation=str(waiting.id), client_id=str(uuid4()), body="One more thing")
    assert (await inbox.hear("error"))["code"] == "not_yours"


@pytest.mark.parametrize("attempt", range(5))
async def test_of_two_agents_at_the_same_moment_one_wins_and_the_other_is_told(
    maya: User, tom: User, waiting: Conversation, sit: Sit, attempt: int
) -> None:
    inboxes = [await sit(maya), await sit(tom)]
    await asyncio.gather(*(one.send("conversation.take", conversation=str(waiting.id)) for one in inboxes))
    answers = await asyncio.gather(*(taken_or_refused(one) for one in inboxes))
    winner = (await read(waiting)).assignee
    assert winner in (maya, tom)
    name = winner.get_short_name()
    refusal, row = sorted(answers, key=lambda frame: frame["type"], reverse=True)
    assert (refusal["code"], refusal["message"]) == ("already_taken", f"{name} has taken this conversation.")
    assert refusal["conversation"] == str(waiting.id)
    assert row["conversation"]["assignee"] == {"id": winner.id, "name": name}
    assert await waiting.messages.filter(author="system").acount() == 1


async def test_taking_over_silences_the_bot_in_the_middle_of_an_answer(
    maya: User, with_bot: Conversation, sit: Sit
) -> None:
    draft = await sync_to_async(begin_answer)(with_bot)
    inbox = await sit(maya)
    await inbox.open(with_bot)
    assert (await inbox.hear("reply.started"))["reply"] == draft.reply
    assert (await inbox.hear("reply.chunk"))["text"] == "Your order is"
    await inbox.send("conversation.take", conversation=str(with_bot.id))
    failed = await inbox.hear("reply.failed")
    assert (failed["reply"], failed["reason"]) == (draft.reply, "taken_over")
    conversation = await read(with_bot)
    assert conversation.claim is None, "the attempt has lost its turn"
    assert (await with_bot.messages.aget(seq=1)).outcome == Message.Outcome.BY_AGENT


async def test_a_resolved_conversation_is_read_only_until_the_customer_writes(
    maya: User, customer: Visitor, waiting: Conversation, sit: Sit
) -> None:
    inbox = await sit(maya)
    for command in ("take", "resolve"):
        await inbox.send(f"conversation.{command}", conversation=str(waiting.id))
        await heard_row(inbox, status="open" if command == "take" else "resolved")
    await inbox.send("message.post", conversation=str(waiting.id), client_id=str(uuid4()), body="Late thought")
    assert (await inbox.hear("error"))["code"] == "not_yours"
    await inbox.send("conversation.take", conversation=str(waiting.id))
    assert (await inbox.hear("error"))["code"] == "forbidden"
    await sync_to_async(said)(customer, "It broke again")
    await heard_row(inbox, status="pending")
    assert (await read(waiting)).handler == "bot"


async def test_an_agent_cannot_resolve_what_another_has(maya: User, tom: User, waiting: Conversation, sit: Sit) -> None:
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=tom)
    inbox = await sit(maya)
    await inbox.send("conversation.resolve", conversation=str(waiting.id))
    assert (await inbox.hear("error"))["code"] == "not_yours"


async def test_what_one_agent_has_read_is_read_for_all(maya: User, tom: User, waiting: Conversation, sit: Sit) -> None:
    reader, other = await sit(maya), await sit(tom)
    [row, *_] = await reader.open(waiting)
    assert row["conversation"]["unread"] == 2
    await reader.send("conversation.read", conversation=str(waiting.id), last_seq=2)
    assert (await other.hear("conversation.changed"))["conversation"]["unread"] == 0


async def test_typing_is_shown_only_of_the_agent_who_has_the_conversation(
    maya: User, tom: User, waiting: Conversation, sit: Sit
) -> None:
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=tom)
    holder, other = await sit(tom), await sit(maya)
    await other.open(waiting)
    await holder.send("typing", conversation=str(waiting.id), on=True)
    typing = await other.hear("typing")
    assert (typing["author"], typing["name"], typing["on"]) == ("agent", "Tom", True)
    await other.send("typing", conversation=str(waiting.id), on=True)
    assert (await other.hear("error"))["code"] == "not_yours"


async def test_every_inbox_of_the_workspace_hears_of_a_new_message_and_no_other(
    maya: User, stranger: User, customer: Visitor, sit: Sit
) -> None:
    inbox, elsewhere = await sit(maya), await sit(stranger)
    await sync_to_async(said)(customer, "Do you sell lamps?")
    row = (await inbox.hear("conversation.changed"))["conversation"]
    assert (row["preview"], row["handler"], row["last_seq"]) == ("Do you sell lamps?", "bot", 1)
    await elsewhere.send("ping")
    assert (await elsewhere.hear("conversation.changed", "pong"))["type"] == "pong"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_frame"),
        ('{"v": 1, "type": "conversation.take"}', "bad_frame"),
        ('{"v": 1, "type": "conversation.take", "conversation": "1"}', "bad_frame"),
        ('{"v": 2, "type": "ping"}', "unsupported_version"),
        ('{"v": 1, "type": "conversation.delete"}', "unknown_type"),
    ],
)
async def test_a_bad_frame_gets_an_error_and_the_connection_lives_on(
    maya: User, sit: Sit, text: str, code: str
) -> None:
    inbox = await sit(maya)
    await inbox.send_text(text)
    assert (await inbox.hear("error"))["code"] == code
    await inbox.send("ping")
    assert await inbox.hear("pong")


async def heard(inbox: Inbox, kind: str, **fields: object) -> Frame:
    """The next frame of this type with these fields."""
    while True:
        frame = await inbox.hear(kind)
        if all(frame[name] == value for name, value in fields.items()):
            return frame


async def heard_row(inbox: Inbox, **fields: object) -> None:
    """Wait until the list shows the conversation so."""
    while True:
        row = (await inbox.hear("conversation.changed"))["conversation"]
        if all(row[name] == value for name, value in fields.items()):
            return


async def taken_or_refused(inbox: Inbox) -> Frame:
    """What became of `conversation.take`."""
    while True:
        frame = await inbox.hear("error", "conversation.changed")
        is_mine = frame["type"] == "error" or frame["conversation"]["assignee"]["id"] == inbox.user.pk
        if is_mine:
            return frame


def begin_answer(conversation: Conversation) -> Draft:
    """What a worker does at the start of a reply: it claims the conversation and publishes the first words."""
    until = timezone.now() + timedelta(minutes=1)
    Conversation.objects.filter(id=conversation.id).update(claim=uuid4(), claimed_until=until)
    draft = Draft(conversation.id, in_reply_to=1)
    draft.start()
    draft.extend("Your order is")
    return draft
