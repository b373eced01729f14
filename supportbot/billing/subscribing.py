"""What owners do about their plan: choose one, go to where it is paid, cancel it. The audit log is told."""

from __future__ import annotations

from supportbot.billing.by_hand import ByHand
from supportbot.billing.by_stripe import ByStripe
from supportbot.billing.models import Plan, StripeAccount, Subscription
from supportbot.billing.periods import today
from supportbot.billing.provider import Provider, Unavailable
from supportbot.workspaces.models import AuditEntry, User, Workspace


def stripe() -> ByStripe | None:
    """Where the operator has an account there."""
    account = StripeAccount.objects.filter(pk=StripeAccount.ONLY).first()
    return ByStripe(account) if account else None


def offered(workspace: Workspace) -> list[Plan]:
    """The plans that its owner may choose: none while Stripe's portal is where plans are changed."""
    subscription = _current(workspace)
    if subscription and subscription.provider == Subscription.Provider.STRIPE:
        return []
    plans = Plan.objects.filter(is_offered=True)
    return list(plans.exclude(pk=subscription.plan_id) if subscription else plans)


def choose(workspace: Workspace, plan: Plan, *, by: User, back: str) -> str:
    """Begin; the address where the owner goes on, or nothing where the operator gets in touch."""
    if plan not in offered(workspace):
        raise Unavailable("This plan is not offered to you.")
    online = stripe() if plan.stripe_price else None
    taker: Provider = online or ByHand()
    address = taker.check_out(workspace, plan, by=by, back=back)
    _note(workspace, by, "plan.chosen", plan=str(plan))
    return address


def portal(subscription: Subscription, *, back: str) -> str:
    """Where cards and invoices are; empty if there is no such place."""
    return provider(subscription).portal(subscription, back=back)


def cancel(subscription: Subscription, *, by: User) -> None:
    """It ends with the period that is paid."""
    if subscription.ends_on is not None:
        raise Unavailable("It ends already.")
    provider(subscription).cancel(subscription, by=by)
    _note(subscription.workspace, by, "plan.cancelled", plan=str(subscription.plan))


def end_with_workspace(workspace: Workspace) -> None:
    """Stripe charges nothing more for a workspace that is deleted; Unavailable if it can't be told."""
    subscription, online = _current(workspace), stripe()
    if online and subscription and subscription.provider == Subscription.Provider.STRIPE and not subscription.ends_on:
        online.cancel(subscription)


def _current(workspace: Workspace) -> Subscription | None:
    found = Subscription.objects.in_workspace(workspace).first()
    return found if found and found.holds(today()) else None


def provider(subscription: Subscription) -> Provider:
    """Who collects its money; Unavailable if Stripe does, and the operator has no account there any more."""
    if subscription.provider == Subscription.Provider.MANUAL:
        return ByHand()
    found = stripe()
    if found is None:
        raise Unavailable("This installation has no account at Stripe any more. Please ask whoever runs it.")
    return found


def _note(workspace: Workspace, by: User, action: str, **details: str) -> None:
    AuditEntry.objects.create(workspace=workspace, actor=by, action=action, target=workspace.slug, details=details)
