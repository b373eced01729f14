"""An administrator adds an action, tries it, and reads what was done."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from supportbot.actions.models import ActionCall, CallbackSlot, CustomAction
from supportbot.workspaces.models import Member, User, Workspace
from tests.actions.conftest import EMAIL, Chat
from tests.actions.shop_server import says
from tests.actions.test_custom import SCHEMA, Start, own_action, shop

__all__ = ["shop"]
ADD = "/admin/actions/customaction/add/"


@pytest.fixture
def admin(workspace: Workspace) -> Client:
    """The browser of the shop's administrator."""
    return signed_in(workspace)


def signed_in(workspace: Workspace) -> Client:
    """An administrator of the workspace."""
    user = User.objects.create_user(f"admin@{workspace.slug}.example", name="Ada")
    Member.objects.create(workspace=workspace, user=user, role=Member.Role.ADMIN)
    client = Client()
    client.force_login(user)
    return client


def form(workspace: Workspace, **changed: Any) -> dict[str, Any]:
    """A form that is filled in rightly."""
    fields = {"workspace": workspace.pk, "name": "move_delivery", "title": "Move the delivery", "description": "Moves."}
    fields |= {"address": "https://93.184.215.14/actions", "time_out": 5, "retries": 1, "use": "chat"}
    fields |= {"schema": json.dumps(SCHEMA), "intents": '["move_delivery"]'}
    return fields | changed


def pressed(name: str) -> dict[str, str]:
    """One of the buttons beside Save."""
    return {f"actions_customaction_{name}": "1"}


def shown(client: Client, path: str, data: dict[str, Any] | None = None) -> str:
    """The page, after a form was sent if there is one."""
    answer = client.post(path, data, follow=True) if data else client.get(path)
    return html.unescape(answer.content.decode())


def test_secret_of_a_new_action_is_shown_once(admin: Client, workspace: Workspace) -> None:
    page = shown(admin, ADD, form(workspace))
    secret = CustomAction.objects.get().secret
    assert secret in page
    assert secret not in shown(admin, f"/admin/actions/customaction/{CustomAction.objects.get().pk}/change/")


def test_new_secret_replaces_the_old_one(admin: Client, workspace: Workspace) -> None:
    shown(admin, ADD, form(workspace))
    old = CustomAction.objects.get()
    page = shown(admin, f"/admin/actions/customaction/{old.pk}/change/", form(workspace, **pressed("make_secret")))
    new = CustomAction.objects.get().secret
    assert new != old.secret and new in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("address", "http://93.184.215.14/", "begins with https://"),
        ("address", "https://127.0.0.1/", "not a public address"),
        ("address", "https://user:word@93.184.215.14/", "no user name"),
        ("name", "cancel_order", "built-in action has this name"),
        ("schema", "[]", "JSON Schema of an object"),
        ("schema", '{"properties": {"a": {"type": "array"}}}', "string, integer, number or boolean"),
        ("schema", '{"required": ["a"]}', "no property: a"),
        ("schema", '{"properties": {"a": {"minimum": "x"}}}', "no JSON Schema"),
        ("intents", '{"a": 1}', "list of intents"),
        ("retries", "3", "may take 18 seconds"),
    ],
)
def test_action_that_could_not_be_called_is_refused_in_words(
    admin: Client, workspace: Workspace, field: str, value: str, words: str
) -> None:
    assert words in shown(admin, ADD, form(workspace, **{field: value}))
    assert not CustomAction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_action_is_tried_with_the_examples_of_its_schema(admin: Client, workspace: Workspace, shop: Start) -> None:
    server = shop(says(200, {"done": True, "text": "Moved."}), says(500))
    boxes = {"type": "integer", "examples": [2]}
    schema = {"properties": {"day": {"enum": ["Monday"]}, "boxes": boxes}, "required": ["day", "boxes"]}
    action = own_action(workspace, server.address, retries=0)
    page = f"/admin/actions/customaction/{action.pk}/change/"
    sent = form(workspace, address=server.address, retries=0, **pressed("try_it"))
    assert 'give these properties "examples": boxes' in shown(admin, page, sent)
    sent["schema"] = json.dumps(schema)
    assert "Done: Moved." in shown(admin, page, sent)
    assert '"test": true' in server.asked[0].raw.decode()
    assert "It answered with 500." in shown(admin, page, sent)
    log = shown(admin, "/admin/actions/actioncall/?action__exact=move_delivery")
    assert ActionCall.objects.count() == 2 and len(re.findall(r">\s*move_delivery\s*<", log)) >= 2


def test_conversation_shows_what_was_done_in_it(admin: Client, chat: Chat) -> None:
    chat.through("cancel_order", "10001", EMAIL, "yes")
    page = shown(admin, f"/admin/chat/conversation/{chat.conversation}/change/")
    assert "cancel order (done)" in page and "Order 10001 is cancelled." in page
    assert "cancel_order" in shown(admin, f"/admin/actions/actioncall/?q={chat.conversation}")
    assert "10001" in shown(admin, f"/admin/actions/actioncall/{chat.call.id}/change/")


def test_other_workspace_sees_no_call_and_no_action(chat: Chat) -> None:
    action = own_action(chat.workspace, "https://shop.example/")
    chat.through("cancel_order", "10001", EMAIL, "yes")
    stranger = signed_in(Workspace.objects.create(name="Harbour", slug="harbour"))
    for path in (f"customaction/{action.pk}", f"actioncall/{chat.call.id}"):
        assert stranger.get(f"/admin/actions/{path}/change/").status_code == 302
    assert "cancel_order" not in shown(stranger, "/admin/actions/actioncall/")


def test_booked_time_is_not_deleted(admin: Client, chat: Chat, slots: list[CallbackSlot]) -> None:
    chat.through("book_callback", "1", "07700 900123", "yes")
    shown(admin, f"/admin/actions/callbackslot/{slots[0].pk}/delete/", {"post": "yes"})
    shown(admin, f"/admin/actions/callbackslot/{slots[1].pk}/delete/", {"post": "yes"})
    assert list(CallbackSlot.objects.all()) == [slots[0]]
