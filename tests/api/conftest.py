"""Two shops with the same kinds of rows, and machines that hold a key to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from supportbot.actions.models import ActionCall, Task
from supportbot.api.models import ApiKey, Scope
from supportbot.chat import services
from supportbot.chat.models import CannedResponse, Conversation, Rating
from supportbot.chat.sorting import Label
from supportbot.chat.visitors import identify
from supportbot.knowledge.models import Article, Collection, Order
from supportbot.workspaces.models import Member, Team, User, Workspace

ALL = [scope.value for scope in Scope]


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Requests of other tests."""
    cache.clear()


@dataclass
class Machine:
    """Another machine, which asks with its key."""

    key: ApiKey
    secret: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; headers as `Idempotency_Key="…"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"data": body, "content_type": "application/json"} if body is not None else {}
        return Client(headers={"Authorization": f"Bearer {self.secret}", **named}).generic(
            method, f"/api/v1/{path}", **_as_json(sent)
        )

    def get(self, path: str) -> Any:
        """Read."""
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Make."""
        return self.ask("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any = None) -> Any:
        """Set."""
        return self.ask("PUT", path, body)


def _as_json(sent: dict[str, Any]) -> dict[str, Any]:
    import json

    return {**sent, "data": json.dumps(sent["data"])} if sent else {}


def machine(workspace: Workspace, scopes: list[str] | None = None, **fields: Any) -> Machine:
    """A key of the workspace's first agent."""
    member = workspace.members.order_by("id").first()
    assert member is not None
    key = ApiKey(workspace=workspace, member=member, name="Robot", scopes=ALL if scopes is None else scopes, **fields)
    secret = key.make()
    key.save()
    return Machine(key, secret)


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A shop with an agent and an administrator."""
    return a_shop("fennmoor")


@pytest.fixture
def maya(workspace: Workspace) -> User:
    """The agent whose name the key bears."""
    return User.objects.get(email="maya@fennmoor.example")


@pytest.fixture
def robot(workspace: Workspace) -> Machine:
    """A machine that may do everything in the shop."""
    return machine(workspace)


@pytest.fixture
def conversation(workspace: Workspace) -> Conversation:
    """A customer's, with the assistant."""
    return a_conversation(workspace)


def a_shop(slug: str) -> Workspace:
    """A workspace with its people."""
    shop = Workspace.objects.create(name=slug.capitalize(), slug=slug)
    for name, role in (("Maya Brandt", Member.Role.AGENT), ("Ada Lindqvist", Member.Role.ADMIN)):
        user = User.objects.create_user(f"{name.split()[0].lower()}@{slug}.example", name=name)
        Member.objects.create(workspace=shop, user=user, role=role)
    return shop


def a_conversation(shop: Workspace, body: str = "Where is order 10023?") -> Conversation:
    """Another customer begins."""
    visitor = identify(shop.key, f"{uuid4().hex}{uuid4().hex}"[:43], origin=None, host="testserver")
    begun = visitor.begin()
    services.post_message(conversation_id=begun.id, body=body, client_id=uuid4())
    return now(begun)


def now(conversation: Conversation) -> Conversation:
    """As the database has it."""
    return Conversation.objects.select_related("assignee", "contact").get(id=conversation.id)


def rows_of(shop: Workspace) -> dict[str, Any]:
    """One row of each kind, by the name that paths give its id."""
    talk, today = a_conversation(shop), timezone.localdate()
    Rating.objects.create(conversation=talk, score=5, of=Rating.Of.BOT)
    ActionCall.objects.create(workspace=shop, conversation=talk, action="track_order")
    facts = {"placed_on": today, "due_on": today + timedelta(days=1), "items": "a kettle", "total": "54.00"}
    team = Team.objects.create(workspace=shop, name="Warehouse")
    return {
        "conversation_id": talk.id,
        "contact_id": talk.contact_id,
        "label_id": Label.objects.create(workspace=shop, name="vip").pk,
        "team_id": team.pk,
        "task_id": Task.objects.create(workspace=shop, conversation=talk, title="Look").pk,
        "response_id": CannedResponse.objects.create(workspace=shop, code="hello", title="Hello", body="Hello!").pk,
        "agent_id": shop.members.get(role=Member.Role.ADMIN).user_id,
        "article_id": Article.objects.create(workspace=shop, slug="returns", title="Returns", body="30 days.").pk,
        "collection_id": Collection.objects.create(workspace=shop, slug="all", title="All").pk,
        "number": Order.objects.create(
            workspace=shop, number="10023", state="late", invoice_number="1", **facts
        ).number,
    }
