"""Two shops with their people, and a conversation that the assistant answered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client

from inference.trace import RoutingTrace
from supportbot.chat.models import Contact, Conversation, Generation, Message
from supportbot.workspaces.models import Member, User, Workspace

LAYERS, CHOSEN, EXPERTS = 3, 2, 12
VERSION = "0123456789ab"
QUESTION = "where is my <b>order</b> 10023? <script>alert(1)</script>"
REPLY = "Your order 10023 is on its way."


@dataclass(frozen=True)
class Shop:
    """A workspace with an administrator, an agent and one conversation."""

    workspace: Workspace
    admin: User
    agent: User
    conversation: Conversation

    @property
    def generation(self) -> Generation:
        """How the assistant answered."""
        return Generation.objects.get(message__conversation=self.conversation)

    @property
    def routing_page(self) -> str:
        """The conversation's routing."""
        return f"/admin/routing/{self.conversation.id}/"


def traced(tokens: list[str], prompt_tokens: int, *, leader: int) -> RoutingTrace:
    """A trace in which `leader` has three quarters of every token's weight and expert 1 the rest."""
    ids = np.empty((LAYERS, len(tokens), CHOSEN), np.uint8)
    ids[...] = leader, 1
    weights = np.empty(ids.shape, np.float32)
    weights[...] = 0.75, 0.25
    return RoutingTrace(tokens, prompt_tokens, ids, weights, EXPERTS)


def signed_in(user: User) -> Client:
    """A browser of somebody who signed in."""
    client = Client()
    client.force_login(user)
    return client


def opened(name: str) -> Shop:
    """A new shop."""
    workspace = Workspace.objects.create(name=name, slug=name.lower())
    admin = User.objects.create_user(f"admin@{workspace.slug}.example", name=f"{name} Admin")
    agent = User.objects.create_user(f"agent@{workspace.slug}.example", name=f"{name} Agent")
    Member.objects.create(workspace=workspace, user=admin, role=Member.Role.ADMIN)
    Member.objects.create(workspace=workspace, user=agent, role=Member.Role.AGENT)
    return Shop(workspace, admin, agent, answered(workspace))


def answered(workspace: Workspace) -> Conversation:
    """A conversation of two messages."""
    contact = Contact.objects.create(workspace=workspace, name=f"{workspace} Customer", token_hash=uuid4().hex)
    conversation = Conversation.objects.create(workspace=workspace, contact=contact, category="delivery", last_seq=2)
    triage = {"category": "delivery", "intent": "track_order", "confidence": 0.91}
    asked = Message.objects.create(
        conversation=conversation, seq=1, author="customer", body=QUESTION, outcome="answered", **triage
    )
    reply = Message.objects.create(
        conversation=conversation,
        seq=2,
        author="bot",
        body=REPLY,
        in_reply_to=1,
        sources=[{"title": "Track it", "url": "/x/"}],
    )
    Generation.objects.create(
        in_reply_to=asked,
        message=reply,
        act="answer",
        reason="known",
        model_version=VERSION,
        finish_reason="stop",
        prompt_tokens=3,
        completion_tokens=5,
        first_token_s=0.05,
        read_s=0.02,
        total_s=0.27,
        categories={"delivery": 0.93, "order": 0.05, "returns": 0.02},
        reading=traced(["where", " is", " my", " <b>", "order"], 5, leader=2).to_bytes(),
        routing=traced(["<s>", "<|customer|>", "hm", "Your", " order", " 10023", "<i>"], 3, leader=7).to_bytes(),
    )
    return conversation


@pytest.fixture
def shop(db: None) -> Shop:
    """The shop of the test."""
    return opened("Fennmoor")


@pytest.fixture
def other_shop(db: None) -> Shop:
    """Somebody else's shop."""
    return opened("Harbour")


@pytest.fixture
def superuser(db: None) -> User:
    """Whoever runs the installation."""
    return User.objects.create_superuser("root@supportbot.example", "a long password")
