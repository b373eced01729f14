"""The page of plan and usage, invoices by hand, and the API's word of it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone

from supportbot.billing.models import Invoice, Plan, Subscription
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.api.conftest import a_conversation, a_shop, machine
from tests.billing.conftest import allow, browser, last_period_is_due, sweep

PLAN = "/admin/plan/?workspace=fennmoor"
AT = "?workspace=fennmoor"


def own(name: str) -> Client:
    """The browser of somebody who owns the shop now."""
    Member.objects.filter(user__email=f"{name}@fennmoor.example").update(role="owner")
    return browser(name)


def test_the_page_has_numbers_limits_history_and_a_download(shop: Workspace) -> None:
    allow(shop, "conversations", 10, 20, overage="0.05")
    for _ in range(2):
        a_conversation(shop)
    page = browser().get(PLAN).content.decode()
    assert "19.00 EUR a month" in page and "<strong>2</strong> of 10" in page
    assert "Beyond that 0.05 EUR each. At most 20." in page and "No limit." in page
    rows = list(csv.DictReader(io.StringIO(browser().get(f"{PLAN}&format=csv").content.decode())))
    assert len(rows) == 12 and rows[0]["conversations"] == "2" and rows[0]["seats"] == "2"
    assert rows[0]["first_day"] == shop.subscription.started_on.isoformat() > rows[1]["last_day"]


def test_the_api_tells_the_same_to_a_key_with_the_scope(shop: Workspace) -> None:
    allow(shop, "conversations", 10, 20)
    a_conversation(shop)
    told = machine(shop).get("usage").json()
    assert (told["plan"], told["state"], len(told["history"])) == ("Small", "active", 12)
    kind = told["kinds"][0]
    assert kind == {
        "kind": "conversations",
        "used": 1,
        "forecast": None,
        "included": 10,
        "soft_limit": 8,
        "hard_limit": 20,
    }
    assert told["kinds"][2]["included"] is None and told["history"][0]["used"]["conversations"] == 1
    assert machine(shop, ["analytics:read"]).get("usage").status_code == 403


def test_an_owner_asks_for_a_plan_and_the_operator_gives_and_invoices_it(shop: Workspace, operator: Client) -> None:
    large = Plan.objects.create(name="Large", price=99, is_offered=True)
    assert browser().post(f"/admin/plan/choose/{large.pk}/{AT}").status_code == 403, "an administrator is no owner"
    page = browser().get(PLAN).content.decode()
    assert "An owner of the workspace decides" in page and "Choose Large" not in page
    ada = own("ada")
    assert "Choose Large" in ada.get(PLAN).content.decode()
    assert "was asked for Large" in ada.post(f"/admin/plan/choose/{large.pk}/{AT}", follow=True).content.decode()
    assert mail.outbox[-1].to == ["root@host.example"] and "asks for the plan Large" in mail.outbox[-1].body
    row = shop.subscription
    form = {"plan": large.pk, "state": "trial", "started_on": row.started_on, "ends_on": ""}
    at = f"/admin/billing/subscription/{row.pk}/change/"
    assert "on which day the trial is over" in operator.post(at, form).content.decode()
    tomorrow = timezone.now().date() + timedelta(days=1)
    assert operator.post(at, {**form, "ends_on": tomorrow}).status_code == 302
    assert '<span class="chip">Trial</span>' in ada.get(PLAN).content.decode()
    assert operator.post(at, {**form, "state": "active"}).status_code == 302
    bill = {"workspace": shop.pk, "number": "2026-7", "issued_on": tomorrow, "amount": "99", "currency": "EUR"}
    bill |= {"text": "Large", "state": "paid", "paid_on": "", "address": ""}
    assert "Name the day" in operator.post("/admin/billing/invoice/add/", bill).content.decode()
    assert operator.post("/admin/billing/invoice/add/", {**bill, "paid_on": tomorrow}).status_code == 302
    page = ada.get(PLAN).content.decode()
    assert "2026-7" in page and "99.00 EUR" in page and "Large" in page
    told = set(AuditEntry.objects.filter(workspace=shop).values_list("action", flat=True))
    assert {"plan.chosen", "subscription.changed", "invoice.added"} <= told
    for path in ("plan", "subscription", "invoice", "stripeaccount"):
        assert ada.get(f"/admin/billing/{path}/").status_code == 403, "the operator's"


def test_a_cancelled_plan_goes_on_until_the_period_ends(shop: Workspace, operator: Client) -> None:
    page = own("ada").post(f"/admin/plan/cancel/{AT}", follow=True).content.decode()
    row = Subscription.objects.get()
    assert row.ends_on == row.period(timezone.now().date()).end and "Small ends on" in page and "Cancel it" not in page
    assert "cancels Small" in mail.outbox[-1].body
    assert "It ends already" in own("ada").post(f"/admin/plan/cancel/{AT}", follow=True).content.decode()
    Subscription.objects.update(ends_on=timezone.now().date())
    page = own("ada").get(PLAN).content.decode()
    assert "Small has ended" in page and "This installation limits nothing" in page


def test_nobody_decides_for_another_workspace(shop: Workspace) -> None:
    harbour = a_shop("harbour")
    Member.objects.filter(workspace=harbour).update(role="owner")
    stranger, invoice = Client(), Invoice.objects.create(workspace=shop, number="N-4711", amount=1)
    stranger.force_login(User.objects.get(email="ada@harbour.example"))
    for action in (f"choose/{shop.subscription.plan_id}", "portal", "cancel"):
        assert stranger.post(f"/admin/plan/{action}/{AT}").status_code == 404
    page = stranger.get(PLAN).content.decode()
    assert invoice.number not in page and "Small" not in page


def test_a_period_that_is_over_is_a_draft_for_the_operator(shop: Workspace, operator: Client) -> None:
    allow(shop, "conversations", 10, 130, overage="0.05")
    row = last_period_is_due(shop, conversations=200)
    sweep()
    sweep()
    draft = Invoice.objects.get()
    assert (draft.state, str(draft.amount)) == ("draft", "25.00"), "19 and 120 times 0.05"
    assert draft.text.startswith("Small, ") and "120 conversations beyond 10" in draft.text
    assert "120 conversations" not in browser().get(PLAN).content.decode()
    row.refresh_from_db()
    assert row.billed_until == row.started_on
    Subscription.objects.update(billed_until=row.started_on - timedelta(days=1), state="trial")
    sweep()
    assert Invoice.objects.count() == 1, "a trial is free"
