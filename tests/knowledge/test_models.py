"""What a reply may say of an order, and what an article remembers."""

from __future__ import annotations

from datetime import date

import pytest

from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import User, Workspace


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A shop."""
    settings = {"return_days": "30 days", "refund_days": "5 working days", "late_days": "3 working days"}
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor", settings=settings)


@pytest.mark.parametrize("state", Order.State.values)
def test_order_in_any_state_fills_every_slot_with_words(workspace: Workspace, state: str) -> None:
    slots = an_order(workspace, state).slots()
    assert all(value and "{" not in value for value in slots.values())
    for sentence in ("order_next", "order_change", "refund_state"):
        assert slots[sentence].endswith(".") and slots[sentence][0].isupper()
    assert not slots["order_state"].endswith(".")


def test_order_says_its_dates_and_money_as_people_do(workspace: Workspace) -> None:
    slots = an_order(workspace, Order.State.SHIPPED).slots()
    assert (slots["order_date"], slots["order_total"]) == ("3 November", "£84.90")
    assert slots["order_next"] == "It should reach you by 7 November."


@pytest.mark.parametrize("state", Order.State.values)
def test_who_knows_but_the_number_hears_neither_goods_nor_money(workspace: Workspace, state: str) -> None:
    said = " ".join(an_order(workspace, state).public_slots().values())
    assert not any(word in said for word in ("kettle", "£", "refund", "money", "pay"))


def test_every_change_of_text_is_a_version_and_can_be_taken_back(workspace: Workspace) -> None:
    maya = User.objects.create_user("maya@fennmoor.example")
    article = Article.objects.create(workspace=workspace, slug="a", title="A", body="First")
    article.body = "Second"
    article.save(by=maya)
    article.category = "order"
    article.save(by=maya)
    assert [(v.number, v.body, v.author) for v in article.versions.all()] == [(2, "Second", maya), (1, "First", None)]
    article.restore(article.versions.last(), maya)
    assert (Article.objects.get().body, article.versions.count()) == ("First", 3)


def test_only_published_pages_for_everybody_are_public(workspace: Workspace) -> None:
    shown = {"status": "published", "audience": "public", "kind": "article"}
    for slug, other in (
        ("page", {}),
        ("draft", {"status": "draft"}),
        ("inside", {"audience": "agents"}),
        ("bot", {"kind": "snippet"}),
    ):
        article = Article.objects.create(workspace=workspace, slug=slug, title=slug, body="x", **{**shown, **other})
        assert article.is_public == (slug == "page")
    assert [article.slug for article in Article.objects.in_workspace(workspace).public()] == ["page"]


def test_lookup_in_a_workspace_finds_nothing_of_another(workspace: Workspace) -> None:
    an_order(workspace, Order.State.PLACED)
    other = Workspace.objects.create(name="Other", slug="other")
    assert Order.objects.in_workspace(workspace).count() == 1
    assert not Order.objects.in_workspace(other).exists()


def an_order(workspace: Workspace, state: str) -> Order:
    """An order in this state."""
    return Order.objects.create(
        workspace=workspace,
        number="10001",
        state=state,
        placed_on=date(2026, 11, 3),
        due_on=date(2026, 11, 7),
        items="a Brisk kettle",
        total="84.90",
        invoice_number="FM-20001",
    )
