"""A workspace with its people, a visitor, and a bot on a tiny checkpoint that has learnt four answers by heart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import torch
from django.utils import timezone
from django.utils.text import slugify
from pytest_django import Settings

from inference import checkpoint, triage
from inference.config import ModelConfig
from inference.encoder import shared_encoder
from inference.engine import Engine
from inference.model import Decoder
from inference.prompt import Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from supportbot.chat import assistant, services
from supportbot.chat.models import Conversation, Message
from supportbot.chat.visitors import Visitor, identify
from supportbot.knowledge import indexing
from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import Member, User, Workspace
from tests.prepared import once
from tests.tiny import teach

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
REPLIES = {
    Brief("delivery", "track_order", "answer"): "Order {{order_number}} is {{order_state}}. {{order_next}}",
    Brief("delivery", "track_order", "ask"): "Which order number is it, please?",
    Brief("contact", "opening_hours", "answer"): "People answer {{support_hours}}.",
    Brief("off_topic", "general_knowledge", "refuse"): "I can only help with our shop.",
}
Publish = Callable[..., Article]
INTENTS = [("delivery", "track_order"), ("contact", "opening_hours"), ("off_topic", "general_knowledge")]
INTENTS += [("contact", "talk_to_human")]
SLOTS = ["order_number", "order_state", "order_next", "support_hours"]


def messages(category: str, intent: str) -> list[str]:
    """What customers with this wish write."""
    intents = json.loads((CORPUS / "intents" / f"{category}.json").read_text())["intents"]
    return next(list(entry["messages"][:16]) for entry in intents if entry["name"] == intent)


@pytest.fixture(scope="session")
def checkpoint_dir() -> Path:
    """A tiny checkpoint: real router, real triage, four replies; made once for all workers of a run."""
    return once("four-replies", _checkpoint)


def _checkpoint(path: Path) -> None:
    path.mkdir()
    said = {intent: messages(*intent) for intent in INTENTS}
    labels = " ".join(f"{b.category} / {b.intent} / {b.act}" for b in REPLIES)
    tokenizer = Tokenizer.train([*REPLIES.values(), labels, *sum(said.values(), [])], path, 500, SLOTS)
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=64,
        num_hidden_layers=3,
        moe_num_experts=4,
        moe_intermediate_size=32,
    )
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = learn(Decoder(config), tokenizer, said)
    cards = [{"name": f"expert {index}", "categories": []} for index in range(4)]
    card = {"name": "tiny", "experts": cards, "needs_order": ["track_order"], "hand_off_below": 0.5}
    checkpoint.save(path, model, config, tokenizer, card)
    with Engine.load(path) as engine:
        rows = [(engine.features([Turn("customer", text)]), intent) for intent in INTENTS for text in said[intent]]
    texts = [text for intent in INTENTS for text in said[intent]]
    triage.fit(np.stack([row[0] for row in rows]), texts, [row[1] for row in rows]).save(path)


def learn(model: Decoder, tokenizer: Tokenizer, said: dict[tuple[str, str], list[str]]) -> Decoder:
    """Train until each brief gives its reply, whatever the customer's words."""
    return teach(model, (_example(tokenizer, said, step, brief) for step in range(90) for brief in REPLIES))


def _example(
    tokenizer: Tokenizer, said: dict[tuple[str, str], list[str]], step: int, brief: Brief
) -> tuple[list[int], list[bool]]:
    texts = said[brief.category, brief.intent]
    return training_example(tokenizer, [Turn("customer", texts[step % len(texts)])], brief, REPLIES[brief])


@pytest.fixture
def bot(checkpoint_dir: Path, settings: Settings) -> Iterator[Engine]:
    """This process's engine, on the tiny checkpoint."""
    settings.MODEL_DIR = checkpoint_dir
    yield assistant.engines.get(checkpoint_dir)


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    """A shop, with one order that is on its way."""
    shop = Workspace.objects.create(
        name="Fennmoor", slug="fennmoor", greeting="Hello", settings={"support_hours": "from 8:00 to 20:00"}
    )
    today = timezone.localdate()
    Order.objects.create(
        workspace=shop,
        number="10023",
        state=Order.State.SHIPPED,
        placed_on=today,
        due_on=today + timedelta(days=2),
        items="a Brisk kettle",
        total="54.00",
        invoice_number="FM-20023",
    )
    return shop


@pytest.fixture
def knowledge(workspace: Workspace) -> Publish:
    """The replies that the bot has learnt are approved; returns what publishes and indexes an article."""

    def publish(title: str, body: str, **fields: Any) -> Article:
        fields = {"slug": slugify(title), "status": Article.Status.PUBLISHED, **fields}
        article = Article.objects.create(workspace=workspace, title=title, body=body, **fields)
        while indexing.index_due(shared_encoder().embed):
            pass
        return article

    for brief, reply in REPLIES.items():
        own = {"category": brief.category, "intents": [brief.intent], "kind": Article.Kind.REPLY}
        publish(f"{brief.intent} {brief.act}", reply, **own)
    return publish


@pytest.fixture
def maya(workspace: Workspace) -> User:
    """An agent."""
    return person(workspace, "Maya Brandt")


@pytest.fixture
def tom(workspace: Workspace) -> User:
    """Another agent."""
    return person(workspace, "Tom Okafor")


def person(workspace: Workspace, name: str) -> User:
    """Somebody who works for the shop."""
    user = User.objects.create_user(f"{name.split()[0]}@fennmoor.example", name=name)
    Member.objects.create(workspace=workspace, user=user)
    return user


@pytest.fixture
def customer(workspace: Workspace) -> Visitor:
    """Somebody in front of the widget."""
    return identify(workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")


Write = Callable[[str], Message]


@pytest.fixture
def write(customer: Visitor) -> Write:
    """The customer writes."""
    return lambda body: services.post_message(conversation_id=customer.begin().id, body=body, client_id=uuid4())


@pytest.fixture
def answered(bot: Engine, write: Write, knowledge: Publish) -> Callable[[str], list[Message]]:
    """The customer writes and the bot does its work: all that was said."""

    def ask(body: str) -> list[Message]:
        message = write(body)
        assistant.write_reply(message.id)
        return list(message.conversation.messages.order_by("seq"))

    return ask


def now(conversation: Conversation) -> Conversation:
    """The conversation as the database has it."""
    return Conversation.objects.get(id=conversation.id)
