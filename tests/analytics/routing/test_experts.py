"""The experts' cards: what people say of one, and switching it off with its price in sight."""

from __future__ import annotations

from typing import Any

from supportbot.analytics.routing.tasks import tend
from supportbot.chat.experts import installed
from supportbot.chat.models import Generation
from supportbot.workspaces.experts import switched_off
from supportbot.workspaces.models import AuditEntry, ExpertSetting
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.routing.conftest import text

CARD = "/admin/routing/experts/7/"


def card(shop: Shop, **posted: str) -> str:
    """The card's words, after something was posted to it."""
    visitor = signed_in(shop.admin)
    answer = visitor.post(CARD, posted, follow=True) if posted else visitor.get(CARD)
    assert answer.status_code == 200
    return text(answer.content.decode())


def test_a_name_and_an_owner_are_shown_wherever_the_expert_is(shop: Shop, other_shop: Shop) -> None:
    Generation.objects.update(model_version=installed().version)
    card(shop, name="Late parcels", owner=str(shop.agent.id), note="Ask Maya.")
    for page in (CARD, "/admin/routing/experts/", shop.routing_page):
        assert "Late parcels" in text(signed_in(shop.admin).get(page).content.decode())
        assert "Late parcels" not in text(signed_in(other_shop.admin).get("/admin/routing/experts/").content.decode())
    assert "Looked after by Fennmoor Agent" in card(shop)
    assert AuditEntry.objects.get(action="expert.described").actor == shop.admin
    assert "not one of the available choices" in card(shop, name="x", owner=str(other_shop.agent.id))
    assert "at most 60 characters" in card(shop, name="x" * 61)
    assert ExpertSetting.objects.get().name == "Late parcels"


def test_what_the_evaluation_loses_stands_above_the_switch(shop: Shop, specialised: dict[str, Any]) -> None:
    Generation.objects.update(model_version=installed().version)
    tend()
    words = card(shop)
    assert "replies on delivery 0.50 nats a token: each right word becomes 1.6 times less likely" in words
    assert "(1 message), that is 0.50 nats a token over all replies" in words
    assert words.index("What the evaluation loses") < words.index("Switch off in Fennmoor")


def test_an_expert_is_switched_off_and_on_for_one_workspace_with_an_entry_in_the_audit_log(
    shop: Shop, other_shop: Shop
) -> None:
    version = installed().version
    assert "Expert 7 is switched off" in card(shop, switch="off")
    assert switched_off(shop.workspace, version) == {7} and not switched_off(other_shop.workspace, version)
    assert not switched_off(shop.workspace, "another")
    assert "Expert 7 works again" in card(shop, switch="on")
    assert not switched_off(shop.workspace, version)
    entries = AuditEntry.objects.in_workspace(shop.workspace).order_by("id").values_list("action", "actor")
    assert list(entries) == [("expert.switched_off", shop.admin.id), ("expert.switched_on", shop.admin.id)]


def test_a_token_always_keeps_as_many_experts_as_it_needs(shop: Shop) -> None:
    version = installed().version
    rows = [
        ExpertSetting(workspace=shop.workspace, version=version, number=n, is_off=True) for n in (*range(7), 8, 9, 10)
    ]
    ExpertSetting.objects.bulk_create(rows)
    assert "A token needs 2 experts, and no more would be left" in card(shop, switch="off")
    assert 7 not in switched_off(shop.workspace, version)


def test_examples_are_what_helped_and_what_did_not(shop: Shop) -> None:
    tend()
    assert "Best Your order 10023 is on its way." in card(shop)
    shop.generation.message.__class__.objects.filter(id=shop.generation.message_id).update(verdict="did_not_help")
    assert "Worst Your order 10023 is on its way." in card(shop)
    assert "the customer said it did not help" in card(shop)


def test_who_is_no_administrator_sees_and_switches_nothing(shop: Shop, other_shop: Shop) -> None:
    assert signed_in(shop.agent).post(CARD, {"switch": "off"}, follow=True).status_code == 403
    theirs = signed_in(other_shop.admin).post(f"{CARD}?workspace=fennmoor", {"switch": "off"})
    assert theirs.status_code == 404
    assert not ExpertSetting.objects.exists()
    assert signed_in(shop.admin).get("/admin/routing/experts/12/").status_code == 404
