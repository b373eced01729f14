"""A shop with a messenger at a server that speaks its provider's API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from supportbot.channels import tasks
from supportbot.channels.messengers import receiving
from supportbot.channels.models import Arrival, Messenger, Post, Thread
from supportbot.chat import services
from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.models import User, Workspace
from tests.api.conftest import a_shop
from tests.messenger_server import TOKEN, MessengerServer

SECRET = "between-us"


@pytest.fixture
def server(messenger_server: MessengerServer, settings: Settings, tmp_path: Path) -> MessengerServer:
    """The same, empty, which may be asked."""
    messenger_server.clear()
    cache.clear()
    settings.OUTGOING_NETWORKS, settings.MEDIA_ROOT = ["127.0.0.9/32"], tmp_path
    settings.MESSENGER_APIS = {kind: messenger_server.address(kind) for kind in Messenger.Kind.values}
    return messenger_server


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    """A shop with an agent and an administrator."""
    return a_shop("fennmoor")


def a_messenger(workspace: Workspace, kind: str, **fields: Any) -> Messenger:
    """A messenger of the workspace."""
    made = Messenger(workspace=workspace, kind=kind, name="Front desk", identity="known", **fields)
    made.token, made.secret = TOKEN, SECRET
    made.save()
    return made


@dataclass
class Line:
    """A messenger, and what comes and goes."""

    messenger: Messenger
    server: MessengerServer

    def hook(self, body: bytes, **headers: str) -> int:
        """The provider sends; what is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = Client(headers=named).generic("POST", self.messenger.path, body, content_type="application/json")
        return answer.status_code

    def work(self) -> None:
        """Workers take in what came, and send what waits; whatever rests has rested."""
        past = timezone.now() - timedelta(seconds=1)
        for _ in range(20):
            Message.objects.update(created_at=timezone.now() - timedelta(minutes=2))  # nobody wrote too fast
            Arrival.objects.filter(state=Arrival.State.WAITING).update(due_at=past)
            for thread_id in receiving.due():
                tasks.receive(thread_id)
            if not Arrival.objects.filter(state=Arrival.State.WAITING).exists():
                break
        self.send()

    def send(self) -> None:
        """It is time to send."""
        Messenger.objects.update(rests_until=None)
        Post.objects.filter(state__in=Post.UNSENT).update(due_at=timezone.now() - timedelta(seconds=1))
        for conversation_id in Conversation.objects.values_list("id", flat=True):
            tasks.post(str(conversation_id))

    def talk(self, address: str = "") -> Conversation:
        """The conversation of a chat, or the only one."""
        threads = Thread.objects.exclude(conversation=None)
        found = (threads.filter(address=address) if address else threads).get().conversation
        assert found
        return found

    def became(self) -> list[tuple[str, str]]:
        """What became of each arrival, in their order."""
        return list(Arrival.objects.order_by("id").values_list("state", "reason"))


def said(conversation: Conversation, author: str = Message.Author.CUSTOMER) -> list[str]:
    """What the customer, or somebody else, wrote."""
    return list(conversation.messages.filter(author=author).order_by("seq").values_list("body", flat=True))


def remarks(conversation: Conversation) -> list[str]:
    """The lines that only agents see."""
    return list(conversation.remarks.order_by("number").values_list("body", flat=True))


def taken(conversation: Conversation) -> User:
    """The agent who has taken it."""
    maya = User.objects.get(email="maya@fennmoor.example")
    services.take(conversation_id=conversation.id, agent=maya)
    return maya
