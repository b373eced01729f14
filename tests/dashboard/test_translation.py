"""What the inbox hears and shows of translations."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from supportbot.chat.models import Conversation, Translation, Translator
from supportbot.chat.translation import service
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import User, Workspace
from tests.chat.translation.conftest import in_thread, speaks
from tests.dashboard.conftest import Sit, now, said
from tests.model_server import Exchange, ModelServer

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "Wo bleibt meine Bestellung? Sie sollte gestern ankommen."
READ = "Where is my order? It should have arrived yesterday."


def foreign(workspace: Workspace, customer: Visitor, address: str) -> Conversation:
    """A German customer has written to a workspace that translates."""
    Translator.objects.create(workspace=workspace, address=address, model="polyglot", language="en")
    return said(customer, ASKED)


def translate() -> None:
    """Do what a worker does."""
    for row in Translation.objects.exclude(due_at=None):
        service.complete(row.id)


async def test_open_inbox_gets_the_original_at_once_and_its_translation_after(
    sit: Sit, maya: User, workspace: Workspace, customer: Visitor, settings: Settings
) -> None:
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with ModelServer([speaks({ASKED: READ})]) as server:
        conversation = await sync_to_async(foreign)(workspace, customer, server.address)
        inbox = await sit(maya)
        shown = (await inbox.open(conversation))[-1]["message"]
        assert (shown["body"], shown["translation"]["state"]) == (ASKED, "waiting")
        await sync_to_async(translate)()
        again = (await inbox.hear("message.posted"))["message"]
        assert (again["seq"], again["body"], again["translation"]["text"]) == (shown["seq"], ASKED, READ)
        assert (await inbox.hear("conversation.changed"))["conversation"]["preview"] == READ
    (later,) = (await inbox.open(await sync_to_async(now)(conversation)))[2:]
    assert later["message"]["translation"]["text"] == READ, "it stands in the database, not only in an event"


async def test_what_changed_while_a_text_was_translated_is_not_told_as_it_was_before(
    sit: Sit, maya: User, workspace: Workspace, customer: Visitor, settings: Settings
) -> None:
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]

    def meanwhile(exchange: Exchange) -> None:
        in_thread(lambda: Conversation.objects.update(priority="urgent"))()
        speaks({ASKED: READ})(exchange)

    with ModelServer([meanwhile]) as server:
        await sync_to_async(foreign)(workspace, customer, server.address)
        inbox = await sit(maya)
        await sync_to_async(translate)()
        told = (await inbox.hear("conversation.changed"))["conversation"]
    assert (told["preview"], told["priority"]) == (READ, "urgent")


def test_list_and_details_tell_both_languages_or_that_nothing_translates(
    client: Client, maya: User, customer: Visitor, workspace: Workspace
) -> None:
    conversation = foreign(workspace, customer, "https://translate.example/v1")
    Translation.objects.update(text=READ, state="done", due_at=None)
    client.force_login(maya)
    rows = client.get("/inbox/conversations/?view=all").json()["rows"]
    assert [row["preview"] for row in rows] == [READ]
    details = client.get(f"/inbox/{conversation.id}/facts/").content.decode()
    assert "translated between German and English" in details
    Translator.objects.all().delete()
    details = client.get(f"/inbox/{conversation.id}/facts/").content.decode()
    assert "No translation is configured" in details
