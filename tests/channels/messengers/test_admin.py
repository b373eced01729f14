"""An administrator connects a messenger, tries it, sees what came and what went, and disconnects it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from supportbot.channels.models import Arrival, Messenger, Post
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.channels.messengers.conftest import Line, a_messenger, said, taken
from tests.channels.messengers.test_telegram import hear, update
from tests.messenger_server import TOKEN, MessengerServer, Refusal

NEW = reverse("admin:outside_channels_messenger_add")


@pytest.fixture
def ada(workspace: Workspace) -> Client:
    """The shop's administrator."""
    client = Client()
    client.force_login(User.objects.get(email="ada@fennmoor.example"))
    return client


def form(workspace: Workspace, **fields: str) -> dict[str, Any]:
    """What is sent by the page of a new messenger."""
    return {
        "workspace": workspace.pk,
        "kind": "telegram",
        "name": "Desk",
        "enabled": "on",
        "new_token": TOKEN,
        **fields,
    }


def page_of(messenger: Messenger) -> str:
    """Where it is changed."""
    return reverse("admin:outside_channels_messenger_change", args=[messenger.pk])


def test_a_bot_is_connected_tried_and_disconnected(ada: Client, workspace: Workspace, server: MessengerServer) -> None:
    answer = ada.post(NEW, form(workspace, new_token="wrong"), follow=True).content.decode()
    made = Messenger.objects.get()
    assert "It does not work. Telegram: Unauthorized" in answer and made.problem == "Telegram: Unauthorized"
    answer = ada.post(page_of(made), form(workspace), follow=True).content.decode()
    assert "Telegram let us in as @fennmoor_bot." in answer and TOKEN not in answer
    made.refresh_from_db()
    assert (made.problem, made.identity, made.token) == ("", "@fennmoor_bot", TOKEN)
    hook = next(asked.said for asked in server.asked if asked.path.endswith("/setWebhook"))
    assert hook["url"].endswith(made.path) and hook["secret_token"] == made.secret and TOKEN not in made.sealed_token
    audit = AuditEntry.objects.filter(action__in=("messenger.added", "messenger.changed"))
    assert audit.count() == 2 and TOKEN not in str(list(audit.values()))
    ada.post(page_of(made), form(workspace, new_token="", enabled=""))
    made.refresh_from_db()
    assert not made.enabled and made.token == TOKEN and server.asked[-1].path.endswith("/deleteWebhook")
    ada.post(reverse("admin:outside_channels_messenger_delete", args=[made.pk]), {"post": "yes"})
    assert not Messenger.objects.exists()


def test_what_a_provider_needs_is_asked_for_and_its_addresses_are_shown(
    ada: Client, workspace: Workspace, server: MessengerServer
) -> None:
    page = ada.post(NEW, form(workspace, kind="whatsapp", new_token="", account="+49 151")).content.decode()
    assert all(
        words in page for words in ("Write the token.", "Write Meta&#x27;s app secret.", "Write the number&#x27;s ID")
    )
    ada.post(NEW, form(workspace, kind="whatsapp", account="1055501", new_secret="hush", template="come_back  en"))
    made = Messenger.objects.get()
    page = ada.get(page_of(made)).content.decode()
    assert made.path in page and made.verify_token in page and "hush" not in page
    assert (made.identity, made.template) == ("Fennmoor +44 20 7946 0000", "come_back en")


def test_what_came_and_what_failed_is_listed_and_tried_again(
    ada: Client, workspace: Workspace, server: MessengerServer
) -> None:
    line = Line(a_messenger(workspace, Messenger.Kind.TELEGRAM), server)
    hear(line, update(text="Where is it?"))
    server.refusals = [Refusal(400, {"ok": False, "description": "Bad Request: chat not found"})]
    taken(line.talk())
    line.send()
    went = reverse("admin:outside_channels_post_changelist")
    assert "chat not found" in ada.get(went).content.decode()
    post = Post.objects.get()
    assert ada.get(reverse("admin:outside_channels_post_change", args=[post.pk])).status_code == 200
    ada.post(went, {"action": "send_again", "_selected_action": post.pk})
    line.send()
    post.refresh_from_db()
    assert post.state == "sent"
    told = {"id": "9", "what": "message", "address": "77", "sender": "77", "text": "Again"}
    Arrival.objects.update(state="aside", reason="no room", provider_id="9", content=told)
    came = reverse("admin:outside_channels_arrival_changelist")
    assert "no room" in ada.get(came).content.decode()
    ada.post(came, {"action": "take_in_again", "_selected_action": Arrival.objects.get().pk})
    line.work()
    assert Arrival.objects.get().state == "done" and said(line.talk())[-1] == "Again"
