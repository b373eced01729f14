"""The plan of a workspace, and what it uses of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from ninja import Router, Schema
from pydantic import Field

from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.schemas import OneOf
from supportbot.billing.models import Subscription
from supportbot.billing.standing import Account, Standing, account_of
from supportbot.workspaces.limits import Kind

router = Router(tags=["Usage"])


class KindOut(Schema):
    """One kind in the present period."""

    kind: Annotated[str, OneOf(Kind)]
    used: float = Field(description="Until now; of seats and knowledge what is there now")
    forecast: float | None = Field(description="At the period's end; null where there is none, or not yet")
    included: int | None = Field(description="Null is no limit, as in all that follows")
    soft_limit: float | None = Field(description="From here on administrators are told")
    hard_limit: int | None = Field(description="Beyond it nothing new begins")


class PeriodOut(Schema):
    """One period, with what was used in it; of seats and knowledge the most that there was."""

    first_day: date
    last_day: date
    used: dict[str, float]


class UsageOut(Schema):
    """What a workspace has and uses."""

    plan: str | None = Field(description="Null where the installation limits nothing")
    state: Annotated[str, OneOf(Subscription.State)] | None = Field(description="Of the subscription, if there is one")
    first_day: date = Field(description="Of the present period; days are those of UTC")
    last_day: date
    kinds: list[KindOut]
    history: list[PeriodOut] = Field(description="The present period and those before it, the latest first")


@router.get("/usage", response=UsageOut, operation_id="get_usage", **needs(Scope.USAGE_READ))
def get_usage(request: Call) -> dict[str, Any]:
    """What the plan includes, what is used of it, and what was used before."""
    account = account_of(request.auth.workspace)
    contract = account.contract
    return {
        "plan": contract.plan.name if contract.plan else None,
        "state": contract.subscription.state if contract.subscription else None,
        "first_day": contract.period.start,
        "last_day": contract.period.last,
        "kinds": [_kind(one) for one in account.standings],
        "history": _history(account),
    }


def _kind(one: Standing) -> dict[str, Any]:
    included = one.allowance.included if one.allowance else None
    told = {"kind": one.kind.value, "used": one.amount, "forecast": one.forecast, "included": included}
    return {**told, "soft_limit": one.soft, "hard_limit": one.limit}


def _history(account: Account) -> list[dict[str, Any]]:
    names = [kind.value for kind in Kind]
    return [
        {"first_day": period.start, "last_day": period.last, "used": dict(zip(names, amounts, strict=True))}
        for period, amounts in account.history
    ]
