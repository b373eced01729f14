"""What holds for a workspace today: its plan, or the installation's default one, or nothing, which is no limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from supportbot.billing.models import Allowance, Plan, Subscription
from supportbot.billing.periods import CALENDAR, Period, period_at, today
from supportbot.workspaces.models import Workspace


@dataclass(frozen=True)
class Contract:
    """The plan with its allowances by kind, and the subscription, also one that is over."""

    plan: Plan | None
    subscription: Subscription | None
    allowances: dict[str, Allowance]
    day: date

    @property
    def anchor(self) -> date:
        """From which day periods are reckoned."""
        return self.subscription.started_on if self.subscription else CALENDAR

    @property
    def period(self) -> Period:
        """The present one."""
        return period_at(self.day, self.anchor)


def contract_of(workspace: Workspace) -> Contract:
    """As of today; two or three queries."""
    day = today()
    subscription = Subscription.objects.in_workspace(workspace).select_related("plan", "workspace").first()
    if subscription and subscription.holds(day):
        plan: Plan | None = subscription.plan
    else:
        plan = Plan.objects.filter(is_default=True).first()
    allowances = {row.kind: row for row in plan.allowances.all()} if plan else {}
    return Contract(plan, subscription, allowances, day)
