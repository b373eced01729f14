"""Plans that are paid at Stripe: its Checkout, its billing portal, and its events.

An event says only that something has changed. What is saved is what Stripe answers when it is asked for the object as
of now, so that events may come twice, late and in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from supportbot.billing import enforcing
from supportbot.billing.models import Invoice, Plan, StripeAccount, StripeEvent, Subscription
from supportbot.billing.periods import Period
from supportbot.billing.provider import Charge, Forged, Unavailable
from supportbot.workspaces.models import AuditEntry, User, Workspace

if TYPE_CHECKING:
    from stripe import StripeClient

log = structlog.get_logger(__name__)
State = Subscription.State
STATES = {  # of Stripe's: an incomplete one is not paid yet, and stands nowhere
    "trialing": State.TRIAL,
    "active": State.ACTIVE,
    "past_due": State.PAST_DUE,
    "unpaid": State.PAST_DUE,
    "paused": State.PAST_DUE,
    "canceled": State.CANCELLED,
}
INVOICES = {"open": Invoice.State.OPEN, "paid": Invoice.State.PAID, "void": Invoice.State.VOID}
INVOICES |= {"uncollectible": Invoice.State.OPEN}
WHOLE = ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
SECONDS = 10  # that Stripe may take


class ByStripe:
    """One operator's account."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account

    def check_out(self, workspace: Workspace, plan: Plan, *, by: User, back: str) -> str:
        """Stripe's Checkout, for a workspace that has no subscription there."""
        known = Subscription.objects.in_workspace(workspace).exclude(customer="").first()
        who = {"customer": known.customer} if known else {"customer_email": by.email}
        wanted: dict[str, Any] = {
            "mode": "subscription",
            "line_items": [{"price": plan.stripe_price, "quantity": 1}],
            "client_reference_id": str(workspace.pk),
            "subscription_data": {"metadata": {"workspace": str(workspace.pk)}},
            "success_url": back,
            "cancel_url": back,
            **who,
        }
        with self._asked() as client:
            return str(client.v1.checkout.sessions.create(wanted).url)  # type: ignore[arg-type]

    def portal(self, subscription: Subscription, *, back: str) -> str:
        """Stripe's pages of cards, invoices and other plans."""
        with self._asked() as client:
            made = client.v1.billing_portal.sessions.create({"customer": subscription.customer, "return_url": back})
            return str(made.url)

    def cancel(self, subscription: Subscription, *, by: User | None = None) -> None:
        """It ends with the period that is paid."""
        with self._asked() as client:
            client.v1.subscriptions.update(subscription.external_id, {"cancel_at_period_end": True})
        self._fetch_subscription(subscription.external_id)

    def charge(self, subscription: Subscription, period: Period, charges: Sequence[Charge]) -> None:
        """On the next invoice; Stripe takes each of them once, however often it is told."""
        currency = subscription.plan.currency
        for at, charge in enumerate(charges):
            item: Any = {
                "customer": subscription.customer,
                "subscription": subscription.external_id,
                "currency": currency.lower(),
                "amount": int(charge.amount * _cents(currency)),
                "description": charge.words,
            }
            with self._asked() as client:
                key = f"supportbot-{subscription.external_id}-{period.start}-{at}"
                client.v1.invoice_items.create(item, {"idempotency_key": key})

    def handle(self, body: bytes, signature: str) -> None:
        """Fetch what an event is about; one that was handled is left."""
        with self._asked() as client:
            from stripe import SignatureVerificationError  # noqa: PLC0415  (large, and only for whoever uses it)

            try:
                event = client.construct_event(body, signature, self._account.webhook_secret).to_dict()
            except (SignatureVerificationError, ValueError) as error:
                raise Forged from error
        if StripeEvent.objects.filter(event_id=event["id"]).exists():
            return
        self._take(event["type"], event["data"]["object"])
        StripeEvent.objects.bulk_create(
            [StripeEvent(event_id=event["id"], type=event["type"][:60])], ignore_conflicts=True
        )

    def _take(self, kind: str, about: dict[str, Any]) -> None:
        if kind.startswith("customer.subscription."):
            self._fetch_subscription(about["id"])
        elif kind == "checkout.session.completed" and about.get("subscription"):
            self._fetch_subscription(about["subscription"])
        elif kind.startswith("invoice.") and about.get("id"):
            self._fetch_invoice(about["id"])

    def _fetch_subscription(self, external_id: str) -> None:
        """Save a subscription as it is now. Of two at once the one that asked later knows better."""
        asked_at = timezone.now()
        with self._asked() as client:
            found = client.v1.subscriptions.retrieve(external_id).to_dict()
        workspace = _workspace(found.get("metadata"))
        if workspace is None or found["status"] not in STATES:
            return
        with transaction.atomic():
            Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # also where there is no row yet
            _save(workspace, found, asked_at)
        enforcing.forget(workspace.pk)

    def _fetch_invoice(self, external_id: str) -> None:
        with self._asked() as client:
            found = client.v1.invoices.retrieve(external_id).to_dict()
        parent = (found.get("parent") or {}).get("subscription_details") or {}
        workspace = _workspace(parent.get("metadata"))
        if workspace and found["status"] in INVOICES:
            _save_invoice(workspace, found)
            self._fetch_subscription(str(parent["subscription"]))

    @contextmanager
    def _asked(self) -> Iterator[StripeClient]:
        import stripe  # noqa: PLC0415  (large, and only for whoever uses it)

        base: Any = {"base_addresses": {"api": settings.STRIPE_API}} if settings.STRIPE_API else {}
        http = stripe.RequestsClient(timeout=SECONDS)
        try:
            yield stripe.StripeClient(self._account.key, http_client=http, max_network_retries=1, **base)
        except stripe.StripeError as error:
            log.warning("Stripe refused or did not answer", error=repr(error))
            raise Unavailable("Stripe does not answer as it should. Please try again a little later.") from error


def _workspace(metadata: dict[str, str] | None) -> Workspace | None:
    """Whose it is: the checkout said so."""
    pk = (metadata or {}).get("workspace", "")
    return Workspace.objects.filter(pk=pk).first() if pk.isdecimal() else None


def _save(workspace: Workspace, found: dict[str, Any], asked_at: datetime) -> None:
    known = Subscription.objects.in_workspace(workspace).first()
    state, plan = STATES[found["status"]], _plan(found)
    is_other = known is not None and known.external_id != found["id"]
    is_older = known is not None and known.synced_at is not None and known.synced_at >= asked_at
    if is_older or (is_other and state == State.CANCELLED):  # the end of one that another has followed
        return
    if plan is None and (known is None or is_other):
        log.error("no plan has this price of Stripe", subscription=found["id"])
        return
    ends = found.get("ended_at") if state == State.CANCELLED else found.get("cancel_at")
    values = {
        "state": state,
        "provider": Subscription.Provider.STRIPE,
        "started_on": _day(found["billing_cycle_anchor"]),
        "ends_on": _day(ends) if ends else None,
        "customer": found["customer"],
        "external_id": found["id"],
        "synced_at": asked_at,
        **({"plan": plan} if plan else {}),
    }
    before = (known.plan, known.state, known.ends_on) if known else None
    row, _ = Subscription.objects.update_or_create(workspace=workspace, defaults=values)
    if before != (row.plan, row.state, row.ends_on):
        told = {"plan": str(row.plan), "state": row.state, "ends_on": str(row.ends_on or ""), "by": "Stripe"}
        AuditEntry.objects.create(
            workspace=workspace, action="subscription.changed", target=row.external_id, details=told
        )


def _save_invoice(workspace: Workspace, found: dict[str, Any]) -> None:
    currency = str(found["currency"]).upper()
    paid_at = (found.get("status_transitions") or {}).get("paid_at")
    values = {
        "number": found.get("number") or found["id"],
        "issued_on": _day(found["created"]),
        "amount": Decimal(found["total"]) / _cents(currency),
        "currency": currency,
        "state": INVOICES[found["status"]],
        "paid_on": _day(paid_at) if paid_at else None,
        "address": found.get("hosted_invoice_url") or "",
    }
    Invoice.objects.update_or_create(external_id=found["id"], defaults={**values, "workspace": workspace})


def _cents(currency: str) -> int:
    """How many of Stripe's smallest units one is."""
    return 1 if currency in WHOLE else 100


def _plan(found: dict[str, Any]) -> Plan | None:
    prices = [item["price"]["id"] for item in found["items"]["data"]]
    return Plan.objects.filter(stripe_price__in=prices).first()


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
