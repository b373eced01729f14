"""A shop with orders in several states, call-back slots, and a customer who chats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from supportbot.actions import dialogue
from supportbot.actions.dialogue import Step, Visitor
from supportbot.actions.models import ActionCall, CallbackSlot
from supportbot.chat.models import Contact, Conversation
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Member, User, Workspace

EMAIL = "customer1@fennmoor.example"
State = Order.State
ORDERS = {"10001": State.PLACED, "10002": State.PACKING, "10003": State.SHIPPED, "10005": State.DELIVERED}
ORDERS |= {"10008": State.CANCELLED, "10009": State.REFUND_PENDING}


@pytest.fixture(autouse=True)
def no_earlier_guesses() -> None:
    """Wrong pairs of other tests."""
    cache.clear()


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A shop; all orders belong to one customer."""
    shop = Workspace.objects.create(name="Fennmoor", slug="fennmoor", settings={"return_days": "30 days"})
    for number, state in ORDERS.items():
        an_order(shop, number, state)
    return shop


def an_order(shop: Workspace, number: str, state: str, email: str = EMAIL, ended: int = 2) -> Order:
    """An order; a finished one ended some days ago."""
    today = timezone.localdate()
    return Order.objects.create(
        workspace=shop,
        number=number,
        state=state,
        placed_on=today - timedelta(days=ended + 5),
        due_on=today - timedelta(days=ended),
        items="a Brisk kettle",
        total="54.00",
        invoice_number=f"FM-2{number}",
        email=email,
        delivery_address="1 Old Road, Bristol BS1 1AA",
    )


@pytest.fixture
def agent(workspace: Workspace) -> User:
    """Somebody who works for the shop."""
    user = User.objects.create_user("maya@fennmoor.example", name="Maya Brandt")
    Member.objects.create(workspace=workspace, user=user)
    return user


@pytest.fixture
def slots(agent: User, workspace: Workspace) -> list[CallbackSlot]:
    """Two free times tomorrow."""
    tomorrow = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    times = [tomorrow, tomorrow + timedelta(minutes=15)]
    return [CallbackSlot.objects.create(workspace=workspace, agent=agent, starts_at=time) for time in times]


@dataclass
class Chat:
    """A customer in front of the widget, as the assistant serves him: one turn for each message."""

    workspace: Workspace
    visitor: Visitor
    conversation: UUID
    turn: int = 0
    said: list[Step] = field(default_factory=list)

    def wants(self, action: str, **known: Any) -> Step:
        """The assistant starts an action."""
        self.turn += 2
        step = dialogue.start(self.workspace, self.conversation, action, known, self.visitor, turn=self.turn)
        self.said.append(step)
        return step

    def says(self, text: str, intent: str = "") -> Step | None:
        """The customer answers."""
        self.turn += 2
        return dialogue.go_on(self.conversation, text, self.visitor, turn=self.turn, intent=intent)

    def hears(self, text: str) -> Step:
        """The customer answers, and the dialogue takes it."""
        step = self.says(text)
        assert step is not None
        return step

    def through(self, action: str, *answers: str) -> Step:
        """A whole dialogue; its last step."""
        step = self.wants(action)
        for answer in answers:
            step = self.hears(answer)
        return step

    @property
    def call(self) -> ActionCall:
        """The conversation's newest call."""
        return ActionCall.objects.filter(conversation_id=self.conversation).order_by("-created_at")[0]


Enter = Callable[..., Chat]


@pytest.fixture
def enter(workspace: Workspace) -> Enter:
    """Somebody opens the chat."""

    def opened(**visitor: Any) -> Chat:
        contact = Contact.objects.create(workspace=workspace, token_hash=uuid4().hex)
        conversation = Conversation.objects.create(workspace=workspace, contact=contact)
        return Chat(workspace, Visitor(id=contact.token_hash, **visitor), conversation.id)

    return opened


@pytest.fixture
def chat(enter: Enter) -> Chat:
    """A customer whom nobody knows yet."""
    return enter()


def order(number: str) -> Order:
    """The order as the database has it."""
    return Order.objects.get(number=number)
