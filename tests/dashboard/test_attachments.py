"""The agents' door for files: by session, with undo and drafts, never another workspace's."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from supportbot.chat import sending, services
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import Attachment, Conversation, HeldMessage
from supportbot.chat.socket import in_thread
from supportbot.workspaces.models import User
from tests.dashboard.conftest import Sit
from tests.files import picture


@pytest.fixture
def conversation(waiting: Conversation, maya: User, settings: Settings, tmp_path: Path) -> Conversation:
    """Maya has it; files lie in a folder of the test."""
    cache.clear()
    settings.MEDIA_ROOT = tmp_path
    return services.take(conversation_id=waiting.id, agent=maya)


def signed_in(user: User) -> Client:
    """Somebody's browser."""
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, conversation: Conversation) -> Any:
    """Send a picture; the answer."""
    file = SimpleUploadedFile("plan.png", picture(), "image/png")
    return client.post(f"/inbox/{conversation.id}/attachments/", {"file": file})


def test_only_who_has_the_turn_uploads_and_only_the_workspace_sees_it(
    conversation: Conversation, maya: User, tom: User, stranger: User
) -> None:
    mine = signed_in(maya)
    file = upload(mine, conversation).json()["id"]
    assert upload(signed_in(tom), conversation).json()["code"] == "not_yours"
    assert upload(signed_in(stranger), conversation).status_code == 404
    assert upload(Client(), conversation).status_code == 302
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(maya)
    assert upload(careful, conversation).status_code == 403
    path = f"/inbox/attachments/{file}/"
    assert (mine.get(path).status_code, signed_in(tom).get(path).status_code) == (200, 404)
    services.post_message(conversation_id=conversation.id, body="", client_id=uuid4(), agent=maya, files=[UUID(file)])
    assert signed_in(tom).get(f"{path}?small")["Content-Type"] == "image/webp"
    assert signed_in(stranger).get(path).status_code == 404
    assert "default-src 'none'" in mine.get(path)["Content-Security-Policy"]
    assert mine.get("/inbox/conversations/?view=all").json()["rows"][0]["preview"] == "📎 plan.png"


async def unsent(inbox: Any, *files: str) -> None:
    """Wait until the agent's windows hear that these are uploaded and not sent."""
    while [row["id"] for row in (await inbox.hear("draft.attachments"))["attachments"]] != list(files):
        pass


async def test_a_file_follows_its_message_into_undo_and_out_again(
    conversation: Conversation, maya: User, sit: Sit
) -> None:
    inbox, client_id = await sit(maya), str(uuid4())
    file = (await in_thread(upload)(inbox.client, conversation)).json()["id"]
    frames = await inbox.open(conversation)
    assert frames[1]["receipts"] == {"received": 0, "seen": 0, "read": 0}
    await unsent(inbox, file)
    post = {"conversation": str(conversation.id), "client_id": client_id, "body": "", "attachments": [file]}
    await inbox.send("message.post", **post, hold=True)
    await unsent(inbox)
    while not (held := (await inbox.hear("held"))["messages"]):
        pass
    assert [row["name"] for row in held[0]["attachments"]] == ["plan.png"]
    await inbox.send("message.undo", conversation=str(conversation.id), client_id=client_id)
    await unsent(inbox, file)
    await inbox.hear("message.returned")
    again = {**post, "client_id": str(uuid4())}
    await inbox.send("message.post", **again, hold=True)
    await unsent(inbox)
    await in_thread(HeldMessage.objects.filter(client_id=again["client_id"]).update)(due_at=conversation.created_at)
    await in_thread(sending.deliver)(conversation.id)
    posted = await inbox.hear("message.posted")
    assert [row["id"] for row in posted["message"]["attachments"]] == [file]
    left = Uploader(conversation.workspace, user=maya, conversation=conversation).unsent()
    assert not await left.aexists() and await Attachment.objects.filter(held=None).acount() == 1


async def test_an_agent_sees_what_the_customer_has_received_and_seen(
    conversation: Conversation, maya: User, sit: Sit
) -> None:
    inbox = await sit(maya)
    await inbox.open(conversation)
    said = await in_thread(services.post_message)(
        conversation_id=conversation.id, body="Hello", client_id=uuid4(), agent=maya
    )
    for mark, expected in ((services.mark_received, (said.seq, 0)), (services.mark_seen, (said.seq, said.seq))):
        await in_thread(mark)(conversation_id=conversation.id, seq=said.seq)
        receipts = (await inbox.hear("receipts"))["receipts"]
        assert (receipts["received"], receipts["seen"]) == expected
