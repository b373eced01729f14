"""An administrator decides who may have which action done: everybody in the chat, agents only, nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from supportbot.actions import dialogue
from supportbot.actions.catalogue import set_use
from supportbot.actions.models import BuiltInUse, CustomAction, Use
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.actions.conftest import EMAIL, Chat, order
from tests.actions.test_admin import ADD, admin, form, shown, signed_in
from tests.actions.test_custom import own_action

__all__ = ["admin"]
PAGE = "/admin/actions/uses/"


@pytest.mark.parametrize("use", [Use.AGENTS, Use.OFF])
def test_action_that_is_kept_from_the_chat_is_neither_offered_nor_begun(chat: Chat, agent: User, use: Use) -> None:
    set_use(chat.workspace, "cancel_order", use, agent)
    assert dialogue.for_intent(chat.workspace, "cancel_order") is None
    assert dialogue.is_withheld(chat.workspace, "cancel_order")
    with pytest.raises(dialogue.UnknownAction):
        chat.wants("cancel_order", order_number="10001", email=EMAIL)
    assert dialogue.for_intent(chat.workspace, "change_address") == "change_address"


def test_agents_may_have_done_what_is_for_agents_only_and_nothing_that_is_off(chat: Chat, agent: User) -> None:
    set_use(chat.workspace, "cancel_order", Use.OFF, agent)
    with pytest.raises(dialogue.UnknownAction):
        dialogue.trigger(chat.workspace, "cancel_order", {"order_number": "10001"}, agent)
    set_use(chat.workspace, "cancel_order", Use.AGENTS, agent)
    assert dialogue.trigger(chat.workspace, "cancel_order", {"order_number": "10001"}, agent).state == "done"


def test_yes_to_what_was_switched_off_meanwhile_does_nothing_and_brings_a_person(chat: Chat, agent: User) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    set_use(chat.workspace, "cancel_order", Use.OFF, agent)
    step = chat.hears("yes")
    assert (step.state, step.hand_off, "I have done nothing" in step.text) == ("failed", "reserved", True)
    assert order("10001").state == "placed"
    assert dialogue.go_on(chat.conversation, "yes", chat.visitor, turn=chat.turn) == step, "said again, not done"


def test_other_subject_is_answered_although_the_action_was_switched_off(chat: Chat, agent: User) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    set_use(chat.workspace, "cancel_order", Use.OFF, agent)
    assert chat.says("when are you open?", intent="opening_hours") is None
    assert chat.says("yes") is None and order("10001").state == "placed"


def test_question_about_a_thing_is_none_for_it(chat: Chat, agent: User) -> None:
    set_use(chat.workspace, "cancel_order", Use.OFF, agent)
    assert not dialogue.is_withheld(chat.workspace, "cancel_order", asks=True)


def test_own_action_with_the_same_intent_takes_the_place_of_one_that_is_off(chat: Chat, agent: User) -> None:
    own_action(chat.workspace, "https://shop.example/")
    CustomAction.objects.update(intents=["cancel_order"])
    set_use(chat.workspace, "cancel_order", Use.OFF, agent)
    assert dialogue.for_intent(chat.workspace, "cancel_order") == "move_delivery"
    assert not dialogue.is_withheld(chat.workspace, "cancel_order")


def test_administrator_sees_each_action_with_what_it_does_and_its_use(admin: Client, workspace: Workspace) -> None:
    own_action(workspace, "https://shop.example/")
    page = shown(admin, PAGE)
    for words in ("Move the delivery", "The parcel comes on another day.", "Cancel an order", "Agents only"):
        assert words in page
    assert "Not offered as long as there are no call-back slots." in page
    assert page.count(" checked>") == page.count("<fieldset")


def test_administrator_changes_uses_and_the_audit_log_tells_who_did(admin: Client, workspace: Workspace) -> None:
    own_action(workspace, "https://shop.example/")
    page = shown(admin, PAGE, {"cancel_order": "off", "move_delivery": "agents", "refund_status": "chat"})
    assert "Move the delivery: agents only; Cancel an order: off." in page
    assert CustomAction.objects.get().use == "agents"
    assert list(BuiltInUse.objects.values_list("workspace", "action", "use")) == [(workspace.pk, "cancel_order", "off")]
    entries = AuditEntry.objects.filter(action="action.use").order_by("target")
    assert [(entry.target, entry.details["use"], str(entry.actor)) for entry in entries] == [
        ("cancel_order", "off", "Ada"),
        ("move_delivery", "agents", "Ada"),
    ]


def test_what_is_no_use_changes_nothing(admin: Client) -> None:
    assert "Nothing was changed." in shown(admin, PAGE, {"cancel_order": "always", "unheard_of": "off"})
    assert not BuiltInUse.objects.exists()


def test_other_workspace_is_neither_seen_nor_changed(workspace: Workspace) -> None:
    stranger = signed_in(Workspace.objects.create(name="Harbour", slug="harbour"))
    own_action(workspace, "https://shop.example/")
    path = f"{PAGE}?workspace={workspace.slug}"
    assert "Move the delivery" not in shown(stranger, path)
    stranger.post(path, {"cancel_order": "off", "move_delivery": "off"})
    assert not BuiltInUse.objects.in_workspace(workspace).exists() and CustomAction.objects.get().use == "chat"


def test_agent_does_not_come_in(agent: User) -> None:
    client = Client()
    client.force_login(agent)
    assert client.get(PAGE).status_code in (302, 403)
    client.post(PAGE, {"cancel_order": "off"})
    assert not BuiltInUse.objects.exists()


def test_form_of_an_own_action_tells_the_audit_log_too(admin: Client, workspace: Workspace) -> None:
    shown(admin, ADD, form(workspace))
    own = CustomAction.objects.get()
    shown(admin, f"/admin/actions/customaction/{own.pk}/change/", form(workspace, use="off"))
    shown(admin, f"/admin/actions/customaction/{own.pk}/change/", form(workspace, use="off", title="Another title"))
    entries = AuditEntry.objects.filter(action="action.use", target="move_delivery").order_by("created_at")
    assert [entry.details for entry in entries] == [{"before": "", "use": "chat"}, {"before": "chat", "use": "off"}]
