"""Agents in one conversation at once: who looks, who writes, and that customers hear nothing of the first."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from supportbot.chat import events, services
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import User
from tests.dashboard.conftest import Inbox, Sit


async def close(inbox: Inbox, conversation: Conversation) -> None:
    """Look elsewhere."""
    await inbox.send("conversation.close", conversation=str(conversation.id))


async def test_agents_see_who_else_looks_until_they_leave(
    maya: User, tom: User, waiting: Conversation, sit: Sit
) -> None:
    first, second = await sit(maya), await sit(tom)
    await first.open(waiting)
    await second.open(waiting)
    seen = await first.hear("looking")
    assert (seen["name"], seen["on"]) == ("Tom", True)
    already = await second.hear("looking")
    assert (already["name"], already["on"]) == ("Maya", True), "whoever comes later hears who is there"
    await close(second, waiting)
    left = await first.hear("looking")
    assert (left["name"], left["on"], left["window"]) == ("Tom", False, seen["window"])


async def test_a_lost_window_looks_no_longer(maya: User, tom: User, waiting: Conversation, sit: Sit) -> None:
    inbox = await sit(maya)
    await inbox.open(waiting)
    async with Inbox(tom) as other:
        await other.open(waiting)
        assert (await inbox.hear("looking"))["on"]
    assert not (await inbox.hear("looking"))["on"]


async def test_only_colleagues_see_that_a_note_is_written(
    maya: User, tom: User, waiting: Conversation, sit: Sit
) -> None:
    layer, inbox, other = get_channel_layer(), await sit(maya), await sit(tom)
    customers = await layer.new_channel()
    await layer.group_add(events.conversation_group(waiting.id), customers)
    await other.open(waiting)
    await inbox.send("typing", conversation=str(waiting.id), on=True, note=True)
    assert (await other.hear("typing"))["name"] == "Maya"
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=tom)
    assert (await layer.receive(customers))["frame"]["type"] == "message.posted", "the first that customers hear"


async def test_nobody_is_warned_of_themselves(maya: User, waiting: Conversation, sit: Sit) -> None:
    await sync_to_async(services.take)(conversation_id=waiting.id, agent=maya)
    inbox = await sit(maya)
    await inbox.open(waiting)
    await inbox.send("typing", conversation=str(waiting.id), on=True)
    await close(inbox, waiting)
    await inbox.send("ping")
    assert (await inbox.hear("looking", "typing", "pong"))["type"] == "pong"
