"""Limits of a plan: administrators are told, agents see why, customers notice nothing, and nothing is lost."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from supportbot.billing.models import Allowance, Notice, Plan
from supportbot.chat import services
from supportbot.chat.models import Conversation, Message
from supportbot.chat.words import say
from supportbot.knowledge.imports import service
from supportbot.knowledge.models import Article, Import
from supportbot.workspaces.models import AuditEntry, Invitation, Member, Workspace
from tests.api.conftest import a_conversation, machine
from tests.billing.conftest import allow, browser, sweep

PLAN = "/admin/plan/?workspace=fennmoor"


def what_a_customer_reads(conversation: Conversation) -> str:
    """All that is said to them."""
    return " ".join(conversation.messages.exclude(author=Message.Author.CUSTOMER).values_list("body", flat=True))


def test_beyond_the_limit_new_conversations_go_to_people_and_the_others_go_on(
    shop: Workspace, operator: Client
) -> None:
    allow(shop, "conversations", 2, 2, soft_percent=50)
    first, second = a_conversation(shop), a_conversation(shop)
    assert (first.handler, second.handler) == ("bot", "bot")
    sweep()
    third = a_conversation(shop)
    assert (third.handler, third.status, third.summary["reason"]) == ("queue", "open", "plan_limit")
    asked = third.messages.get(author=Message.Author.CUSTOMER)
    assert asked.outcome == Message.Outcome.HANDED_OFF
    read = what_a_customer_reads(third)
    assert read.startswith(say("hand_off", "en")) and "plan" not in read.lower() and "limit" not in read.lower()
    assert "The limit of the plan is reached" in browser("maya").get(f"/inbox/{third.pk}/facts/").content.decode()
    goes_on = services.post_message(conversation_id=first.pk, body="And tomorrow?", client_id=uuid4())
    assert goes_on.outcome == Message.Outcome.PENDING, "what has begun is not cut"
    plan = shop.subscription.plan
    change_plan(operator, plan, conversations=(10, 10))
    assert a_conversation(shop).handler == "bot", "at once"
    assert AuditEntry.objects.filter(workspace=shop, action="plan.changed").exists()


def change_plan(operator: Client, plan: Plan, **amounts: tuple[int, int]) -> None:
    """The operator's form."""
    rows = list(plan.allowances.all())
    form = {"name": plan.name, "price": plan.price, "currency": "EUR", "position": 0, "description": ""}
    form |= {"stripe_price": "", "allowances-TOTAL_FORMS": len(rows), "allowances-INITIAL_FORMS": len(rows)}
    for at, row in enumerate(rows):
        included, hard = amounts[row.kind]
        own = {"id": row.pk, "plan": plan.pk, "kind": row.kind, "included": included, "hard_limit": hard}
        form |= {f"allowances-{at}-{name}": value for name, value in {**own, "soft_percent": 80, "overage": 0}.items()}
    answer = operator.post(f"/admin/billing/plan/{plan.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]


def test_who_administers_is_told_once_and_can_hide_it(shop: Workspace) -> None:
    allow(shop, "conversations", 3, 5)
    for _ in range(2):
        a_conversation(shop)
    sweep()
    assert mail.outbox == []
    a_conversation(shop)
    sweep()
    sweep()
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        (["ada@fennmoor.example"], "Fennmoor: much of the plan is used (conversations)")
    ]
    assert "3 of the 3 conversations" in mail.outbox[0].body and PLAN in mail.outbox[0].body
    ada, words = browser(), "3 of the 3 conversations of the plan Small are used."
    assert words in ada.get(PLAN).content.decode() and words in ada.get("/admin/").content.decode()
    assert "Conversations: much of the plan is used" in ada.get("/inbox/").content.decode()
    assert "much of the plan is used" not in browser("maya").get("/inbox/").content.decode()
    ada.post(f"/admin/plan/notices/{Notice.objects.get().pk}/hide/")
    assert words not in ada.get(PLAN).content.decode() and words not in ada.get("/admin/").content.decode()
    for _ in range(2):
        a_conversation(shop)
    sweep()
    assert len(mail.outbox) == 2 and "Customers are told nothing of it" in mail.outbox[1].body
    hard = Notice.objects.get(level="hard")
    ada.post(f"/admin/plan/notices/{hard.pk}/hide/")
    assert "The limit of 5 conversations is reached" in ada.get(PLAN).content.decode(), "as long as it holds"


def test_a_mail_that_is_refused_goes_out_later(shop: Workspace, settings: pytest.FixtureRequest) -> None:
    allow(shop, "conversations", 1)
    a_conversation(shop)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_PORT = 1  # type: ignore[attr-defined]
    sweep()
    assert Notice.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    sweep()
    assert len(mail.outbox) == 1


def test_seats_are_taken_by_who_works_or_is_invited(shop: Workspace) -> None:
    allow(shop, "seats", 3, 3)

    def invite(email: str, role: str = "agent") -> str:
        form = {"workspace": shop.pk, "email": email, "role": role}
        return browser().post("/admin/workspaces/invitation/add/", form, follow=True).content.decode()

    assert "holds for a week" in invite("ida@new.example")
    refused = invite("uwe@new.example")
    assert "The plan Small has 3 seats" in refused and "uwe@new.example" in refused, "what was written stays"
    assert "holds for a week" in invite("eva@new.example", "viewer")
    assert Invitation.objects.count() == 2
    viewer = shop.members.get(user__email="maya@fennmoor.example")
    Member.objects.filter(pk=viewer.pk).update(role="viewer")
    assert "holds for a week" in invite("uwe@new.example"), "a seat is free"
    form = {"role": "agent", "capacity": 5, "skills": "[]", "digest": "off", "back_at_0": "", "back_at_1": ""}
    page = browser().post(f"/admin/workspaces/member/{viewer.pk}/change/", form).content.decode()
    assert "The plan Small has 3 seats" in page
    viewer.refresh_from_db()
    assert viewer.role == "viewer"


def test_what_has_no_room_among_published_articles_is_kept_as_a_draft(shop: Workspace) -> None:
    allow(shop, "knowledge", 1, 1)
    ada, robot = browser(), machine(shop)
    fields = {"slug": "a", "title": "A", "body": "Text", "status": "published"}
    assert robot.post("articles", fields).status_code == 201
    refused = robot.post("articles", {**fields, "slug": "b", "title": "B"})
    assert (refused.status_code, refused["Content-Type"]) == (402, "application/problem+json")
    assert refused.json()["code"] == "plan_limit" and "room for 1 published articles" in refused.json()["detail"]
    assert robot.post("articles", {**fields, "slug": "b", "title": "B", "status": "draft"}).status_code == 201
    known = Article.objects.get(slug="a")
    assert robot.ask("PATCH", f"articles/{known.pk}", {"body": "Longer"}).status_code == 200, "it is published already"
    draft = Article.objects.get(slug="b")
    page = ada.post("/admin/knowledge/article/", {"action": "publish", "_selected_action": draft.pk}, follow=True)
    assert "B stays a draft" in page.content.decode()
    run = service.start(Import(workspace=shop, publish=True), [("c.md", b"# C\n\nNew")], queue=False)
    service.carry_out(run.pk)
    item = run.items.get()
    assert item.outcome == "added" and "As a draft it is kept" in item.reason and item.article.status == "draft"
    assert "New" in item.article.body


def test_without_plans_nothing_is_limited_and_nothing_for_sale(shop: Workspace) -> None:
    shop.subscription.delete()
    page = browser().get(PLAN).content.decode()
    assert "This installation limits nothing" in page and "Choose" not in page and "Cancel" not in page
    Allowance.objects.create(plan=Plan.objects.create(name="Free", is_default=True), kind="conversations", included=1)
    assert "Free" in browser().get(PLAN).content.decode()
