"""Bills a period once it is over and all of it is counted: by hand as a draft of an invoice, at Stripe what went beyond
the plan, whose price Stripe takes itself.

`Subscription.billed_until` is the first day that nobody was billed for; it moves with the bill, or after Stripe has
taken a charge, which it takes once for each key.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import structlog
from django.db import transaction

from supportbot.billing import metering, subscribing
from supportbot.billing.models import Meter, Subscription
from supportbot.billing.periods import Period, midnight, today
from supportbot.billing.provider import Charge, Unavailable
from supportbot.billing.standing import amount_in
from supportbot.billing.wording import number
from supportbot.workspaces.limits import Kind

log = structlog.get_logger(__name__)
AT_ONCE = 100


def close_periods() -> None:
    """Bill what is over; a subscription that is new here begins with its present period."""
    day = today()
    for new in Subscription.objects.filter(billed_until=None):
        Subscription.objects.filter(pk=new.pk, billed_until=None).update(billed_until=new.period(day).start)
    meter = Meter.objects.filter(pk=1).first()
    for subscription in _due(day):
        period = subscription.period(_billed_until(subscription))
        if period.end <= day and meter and meter.until >= midnight(period.end):
            _close(subscription, period)


def charges(subscription: Subscription, period: Period) -> list[Charge]:
    """What went beyond the plan in a period."""
    plan, found = subscription.plan, []
    for allowance in plan.allowances.exclude(overage=0):
        kind = Kind(allowance.kind)
        days = metering.amounts(subscription.workspace, kind, period.start)
        amount = amount_in(kind, days, period)
        if price := allowance.charge(amount):
            words = f"{number(allowance.beyond(amount))} {kind.label} beyond {allowance.included:,}"
            found.append(Charge(f"{words}, {period}", price))
    return found


def _due(day: date) -> Iterable[Subscription]:
    old = Subscription.objects.filter(billed_until__lt=day).select_related("workspace", "plan")
    return old.order_by("billed_until")[:AT_ONCE]


def _close(subscription: Subscription, period: Period) -> None:
    is_paid_for = subscription.holds(period.start) and subscription.state != Subscription.State.TRIAL
    try:
        with transaction.atomic():
            same = Subscription.objects.filter(pk=subscription.pk, billed_until=subscription.billed_until)
            if same.update(billed_until=period.end) and is_paid_for:
                found = charges(subscription, period)
                subscribing.provider(subscription).charge(subscription, period, found)
    except Unavailable as error:
        log.warning("period not billed; the sweep tries again", subscription=subscription.pk, error=str(error))


def _billed_until(subscription: Subscription) -> date:
    assert subscription.billed_until is not None
    return subscription.billed_until
