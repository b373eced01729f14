"""Plans that are paid at Stripe: checkout, portal, events that are forged, repeated and out of order."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from supportbot.billing.models import Invoice, Plan, StripeAccount, StripeEvent, Subscription
from supportbot.workspaces.models import AuditEntry, Member, Workspace
from supportbot.workspaces.sealing import unseal
from tests.billing.conftest import allow, browser, last_period_is_due, sweep
from tests.billing.stripe_server import KEY, NOW, SECRET, StripeServer, call, event

PLAN = "/admin/plan/?workspace=fennmoor"
AT = "?workspace=fennmoor"


@pytest.fixture
def stripe(shop: Workspace, operator: Client, settings: Settings) -> Iterator[StripeServer]:
    """The operator's account there, and a plan with a price; the shop has nothing yet."""
    shop.subscription.delete()
    Member.objects.filter(user__email="ada@fennmoor.example").update(role="owner")
    Plan.objects.create(name="Team", price=49, is_offered=True, stripe_price="price_team")
    form = {"key": KEY, "webhook_secret": SECRET}
    assert "Stripe needs both" in operator.post("/admin/billing/stripeaccount/add/", {"key": KEY}).content.decode()
    assert operator.post("/admin/billing/stripeaccount/add/", form).status_code == 302
    with StripeServer() as server:
        settings.STRIPE_API = server.url
        yield server


def test_secrets_are_sealed_and_never_shown(stripe: StripeServer, operator: Client) -> None:
    row = StripeAccount.objects.get()
    assert KEY not in row.sealed_key and unseal(row.sealed_key) == KEY
    page = operator.get("/admin/billing/stripeaccount/1/change/").content.decode()
    assert KEY not in page and SECRET not in page
    assert operator.post("/admin/billing/stripeaccount/1/change/", {"key": "sk_new", "webhook_secret": ""})
    row.refresh_from_db()
    assert (row.key, row.webhook_secret) == ("sk_new", SECRET), "empty keeps what is stored"


def test_an_owner_pays_manages_and_cancels(stripe: StripeServer, shop: Workspace) -> None:
    ada, plan = browser(), Plan.objects.get(name="Team")
    page = ada.post(f"/admin/plan/choose/{plan.pk}/{AT}").content.decode()
    assert 'href="https://stripe.example/checkout/sessions"' in page
    sent = stripe.posted["checkout/sessions"]
    assert sent["line_items[0][price]"] == ["price_team"] and sent["customer_email"] == ["ada@fennmoor.example"]
    assert sent["subscription_data[metadata][workspace]"] == [str(shop.pk)]
    assert sent["success_url"] == [f"http://testserver{PLAN}"] and stripe.keys == {f"Bearer {KEY}"}
    one = stripe.subscribe(shop.pk)
    assert call(event("checkout.session.completed", {"id": "cs_1", "subscription": one["id"]})) == 204
    row = Subscription.objects.get()
    assert (row.plan, row.state, row.provider, row.customer) == (plan, "active", "stripe", "cus_1")
    page = ada.get(PLAN).content.decode()
    assert "Payment and invoices" in page and "Choose Team" not in page
    assert "/billing_portal/sessions" in ada.post(f"/admin/plan/portal/{AT}").content.decode()
    assert "is not offered" in ada.post(f"/admin/plan/choose/{plan.pk}/{AT}", follow=True).content.decode()
    assert "Until it ends" in ada.post(f"/admin/plan/cancel/{AT}", follow=True).content.decode()
    row.refresh_from_db()
    assert row.ends_on is not None and row.state == "active"
    assert AuditEntry.objects.filter(workspace=shop, action="subscription.changed").count() == 2
    stripe.is_down = True
    assert "does not answer as it should" in ada.post(f"/admin/plan/portal/{AT}", follow=True).content.decode()


def test_what_stripe_did_not_sign_is_refused(stripe: StripeServer, shop: Workspace) -> None:
    told = event("customer.subscription.created", stripe.subscribe(shop.pk))
    assert call(told, secret="whsec_another") == 400
    assert call(told, at=time.time() - 3600) == 400, "too old to be anything but a replay"
    unsigned = Client().post("/billing/stripe/", b"{}", content_type="application/json")
    assert unsigned.status_code == 400 and not Subscription.objects.exists() and not StripeEvent.objects.exists()
    StripeAccount.objects.all().delete()
    assert call(told) == 404


def test_events_may_come_twice_and_in_any_order(stripe: StripeServer, shop: Workspace) -> None:
    begun = event("customer.subscription.created", stripe.subscribe(shop.pk, status="incomplete"))
    paid = event("customer.subscription.updated", stripe.subscribe(shop.pk))
    assert [call(told) for told in (paid, begun, paid)] == [204, 204, 204]
    assert Subscription.objects.get().state == "active" and StripeEvent.objects.count() == 2
    failed = event("invoice.payment_failed", stripe.bill(shop.pk))
    late = event("customer.subscription.updated", stripe.subscribe(shop.pk, status="past_due"))
    assert [call(failed), call(late)] == [204, 204]
    assert "The last payment did not go through" in browser().get(PLAN).content.decode()
    assert (Subscription.objects.get().state, Invoice.objects.get().state) == ("past_due", "open")
    settled = stripe.bill(shop.pk, status="paid", status_transitions={"paid_at": NOW})
    stripe.subscribe(shop.pk)
    assert [call(told) for told in (event("invoice.paid", settled), late, failed)] == [204, 204, 204]
    bill = Invoice.objects.get()
    assert (Subscription.objects.get().state, bill.state, bill.amount) == ("active", "paid", 49)
    ended = stripe.subscribe(shop.pk, status="canceled", ended_at=NOW - 5)
    assert call(event("customer.subscription.deleted", ended)) == 204
    page = browser().get(PLAN).content.decode()
    assert "Team has ended" in page and "S-1" in page and "Choose Team" in page


def test_the_end_of_an_old_subscription_does_not_end_the_new_one(stripe: StripeServer, shop: Workspace) -> None:
    stripe.subscribe(shop.pk, id="sub_old")
    call(event("customer.subscription.created", {"id": "sub_old"}))
    stripe.subscribe(shop.pk, id="sub_new")
    call(event("customer.subscription.created", {"id": "sub_new"}))
    stripe.subscribe(shop.pk, id="sub_old", status="canceled", ended_at=NOW - 5)
    call(event("customer.subscription.deleted", {"id": "sub_old"}))
    row = Subscription.objects.get()
    assert (row.external_id, row.state) == ("sub_new", "active")


def test_while_stripe_does_not_answer_it_is_asked_to_call_again(stripe: StripeServer, shop: Workspace) -> None:
    told = event("customer.subscription.created", stripe.subscribe(shop.pk))
    stripe.is_down = True
    assert call(told) == 503 and not StripeEvent.objects.exists()
    stripe.is_down = False
    assert call(told) == 204 and Subscription.objects.get().state == "active"


def test_what_went_beyond_is_put_on_the_next_invoice(stripe: StripeServer, shop: Workspace) -> None:
    call(event("customer.subscription.created", stripe.subscribe(shop.pk)))
    shop.refresh_from_db()
    allow(shop, "conversations", 10, overage="0.05")
    last_period_is_due(shop, conversations=130)
    stripe.is_down = True
    sweep()
    stripe.is_down = False
    sweep()
    sent = stripe.posted["invoiceitems"]
    assert (sent["amount"], sent["currency"], sent["subscription"]) == (["600"], ["eur"], ["sub_1"])
    stripe.posted.clear()
    sweep()
    assert not stripe.posted and not Invoice.objects.exists()
