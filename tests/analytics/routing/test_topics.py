"""Topics: messages that fit no label, put together, become a category that the real model recognises in the chat."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django.fixtures import Settings

from inference.encoder import shared_encoder
from supportbot.analytics.models import Topic
from supportbot.analytics.routing import topics
from supportbot.chat import assistant, services
from supportbot.chat.engines import Engines
from supportbot.chat.models import Category, Conversation, Example, Generation, Message, Routed
from supportbot.chat.visitors import identify
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import AuditEntry
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.routing.conftest import text
from tests.analytics.told import Told

ASSEMBLY = (
    "Do you offer an assembly service for the garden chairs?",
    "Can somebody come and assemble the garden chair for me? My number is +44 20 7946 0958",
    "Is there an assembly service for chairs?",
    "Could your assembly service set up my garden chairs?",
)
OTHERS = ("Do you match the price of another shop?", "May I bring my dog to the store?", "It is 10023")
ELSE = (
    *("Where is my parcel?", "How do I send the shoes back?", "When do I get my refund?", "My card was charged twice"),
    *("I can't log in", "How do I change my address?", "Cancel my order please", "Do you have the lamp in blue?"),
    *("Send me the invoice", "How long does delivery take?", "When are you open?", "Unsubscribe me"),
)
PAGE = "/admin/routing/topics/"
MODEL = django_settings.MODEL_DIR


@pytest.fixture
def real_bot(settings: Settings) -> Iterator[None]:
    """The checkpoint that ships writes the replies of this process."""
    settings.MODEL_DIR = MODEL
    assistant.stop()
    assistant.engines = Engines()
    yield
    assistant.stop()
    assistant.engines = Engines()


def stray(shop: Shop, body: str, nearest: str = "returns") -> Message:
    """A message that is routed unlike its label, and what the bot said to it."""
    told = Told(shop.workspace, timezone.now()).bot(1)
    Message.objects.filter(pk=told.last.pk).update(body=body)
    made = Generation.objects.get(in_reply_to=told.last)
    Routed.objects.create(workspace=shop.workspace, generation=made, nearest=nearest, gap=0.5, is_stray=True)
    return told.last


def look(shop: Shop) -> str:
    """The page after the worker has looked."""
    topics.find(shop.workspace, shared_encoder().embed)
    return text(signed_in(shop.admin).get(PAGE).content.decode())


def decide(shop: Shop, do: str, **fields: object) -> str:
    """What the page says after the click."""
    (topic,) = Topic.objects.filter(is_dismissed=False)
    entered = {"message": topic.messages, "do": do, **fields}
    response = signed_in(shop.admin).post(f"{PAGE}{topic.pk}/", entered, follow=True)
    return text(response.content.decode())


def test_a_topic_becomes_a_category_that_the_chat_recognises(shop: Shop, other_shop: Shop, real_bot: None) -> None:
    for body, nearest in zip(
        (*ASSEMBLY, *OTHERS), ("returns", "order", "product", "returns", *["order"] * 3), strict=True
    ):
        stray(shop, body, nearest)
    page = look(shop)
    assert "Assembly service 4 messages Likely a new topic. At most 2 of 4" in page
    assert "assemble the garden chair for me? My number is [phone number hidden]" in page and OTHERS[0] not in page
    assert "Assembly" not in look(other_shop)
    (topic,) = Topic.objects.all()
    assert signed_in(other_shop.admin).post(f"{PAGE}{topic.pk}/", {"do": "dismiss"}).status_code == 404

    kept = topic.messages[:-1]
    refused = decide(shop, "make", name="Assembly!", message=kept)
    assert "Name it with letters" in refused and not Category.objects.exists()
    said = decide(shop, "make", name="Assembly service", message=kept)
    assert "assembly_service is a category now" in said and "No three messages" not in refused
    examples = Example.objects.filter(category__name="assembly_service")
    assert {str(one.message_id) for one in examples} == set(kept)
    assert {Message.objects.get(pk=id_).category for id_ in kept} == {"assembly_service"}
    assert Message.objects.get(pk=topic.messages[-1]).category == "delivery"
    assert AuditEntry.objects.get(action="category.made").actor == shop.admin

    for number, body in enumerate(ELSE):
        kind, status = Article.Kind.ARTICLE, Article.Status.PUBLISHED
        Article.objects.create(
            workspace=shop.workspace, title=body, slug=f"a{number}", body=body, kind=kind, status=status
        )
    for body, category in (("Could your people assemble a table for me?", True), ("Where is my order?", False)):
        visitor = identify(shop.workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")
        message = services.post_message(conversation_id=visitor.begin().id, body=body, client_id=uuid4())
        assistant.write_reply(message.id)
        message.refresh_from_db()
        assert (message.category == "assembly_service") is category
        conversation = Conversation.objects.get(pk=message.conversation_id)
        assert conversation.category == message.category
        assert not category or conversation.handler == "queue"


def test_mislabelled_messages_are_relabelled_and_dismissed_ones_return_only_when_they_grow(shop: Shop) -> None:
    for body in ASSEMBLY:
        stray(shop, body)
    assert "Likely mislabelled: nearest category returns. 4 of 4" in look(shop)
    assert "comes back only" in decide(shop, "dismiss")
    stray(shop, "Who does the assembly of my chair?")
    assert "No three" in look(shop) or "Nobody has looked" in look(shop)
    stray(shop, "What does the assembly service for chairs cost?")
    assert "6 messages" in look(shop)
    Category.objects.create(workspace=shop.workspace, name="services")
    assert "belong to services now" in decide(shop, "belongs", category="services")
    assert set(
        Message.objects.filter(author="customer", body__icontains="assembl").values_list("category", flat=True)
    ) == {"services"}
    assert not Routed.objects.filter(is_stray=True).exists()
    assert AuditEntry.objects.filter(action__in=["topic.dismissed", "messages.relabelled"]).count() == 2


def test_what_is_erased_is_no_example_any_more(shop: Shop) -> None:
    messages = [stray(shop, body) for body in ASSEMBLY]
    look(shop)
    decide(shop, "make", name="assembly")
    messages[0].conversation.contact.delete()
    assert Example.objects.count() == 3


def test_an_agent_does_not_come_in(shop: Shop) -> None:
    assert signed_in(shop.agent).get(PAGE).status_code in (302, 403)
