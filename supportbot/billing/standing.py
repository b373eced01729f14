"""Where a workspace stands: of each kind what is used, included and left, what the period's end will see, and before.

A forecast adds the usual day, the mean of the last whole days, for each day that is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from supportbot.billing import metering
from supportbot.billing.contract import Contract, contract_of
from supportbot.billing.models import Allowance
from supportbot.billing.periods import Period, latest
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import Workspace

PERIODS = 12
USUAL = 28  # whole days behind a forecast
FEWEST = 3


@dataclass(frozen=True)
class Standing:
    """One kind in the present period."""

    kind: Kind
    amount: float
    forecast: float | None  # None: what is there has none, and neither has what began only now
    allowance: Allowance | None

    @property
    def name(self) -> str:
        """In words."""
        return self.kind.label.capitalize()

    @property
    def limit(self) -> int | None:
        """Where it ends, if it does."""
        return self.allowance.hard_limit if self.allowance else None

    @property
    def soft(self) -> float | None:
        """From where administrators are told."""
        return self.allowance.included * self.allowance.soft_percent / 100 if self.allowance else None

    @property
    def percent(self) -> int:
        """Of what is included."""
        return int(self.amount * 100 / self.allowance.included) if self.allowance else 0

    @property
    def level(self) -> str:
        """How near it is: `hard`, `over`, `soft` or nothing."""
        if self.allowance is None:
            return ""
        if self.limit is not None and self.amount >= self.limit:
            return "hard"
        if self.amount > self.allowance.included:
            return "over"
        return "soft" if self.soft is not None and self.amount >= self.soft else ""

    @property
    def charge(self) -> Decimal:
        """What is due beyond the price of the plan, as of now."""
        return self.allowance.charge(self.amount) if self.allowance else Decimal(0)


@dataclass(frozen=True)
class Account:
    """All kinds of a workspace, now and before."""

    contract: Contract
    standings: list[Standing]
    history: list[tuple[Period, list[float]]]  # the latest first; amounts in the order of the kinds


def account_of(workspace: Workspace) -> Account:
    """As of this moment."""
    contract = contract_of(workspace)
    periods = latest(contract.day, contract.anchor, PERIODS)
    days = {kind: metering.amounts(workspace, kind, periods[-1].start) for kind in Kind}
    there = {kind: metering.there(kind, workspace).get(workspace.pk, 0) for kind in metering.STANDING}
    now = [_standing(contract, kind, days[kind], there.get(kind)) for kind in Kind]
    past = [(period, [amount_in(kind, days[kind], period) for kind in Kind]) for period in periods]
    return Account(contract, now, past)


def standings_of(workspace: Workspace) -> tuple[Contract, list[Standing]]:
    """What has an allowance, without forecasts."""
    contract = contract_of(workspace)
    found = [
        Standing(Kind(kind), metering.used(workspace, Kind(kind), contract.period.start), None, allowance)
        for kind, allowance in contract.allowances.items()
    ]
    return contract, found


def _standing(contract: Contract, kind: Kind, days: dict[date, float], there: int | None) -> Standing:
    allowance = contract.allowances.get(kind)
    if there is not None:
        return Standing(kind, there, None, allowance)
    amount, usual = amount_in(kind, days, contract.period), _usual_day(days, contract.day)
    left = (contract.period.end - contract.day).days - 1  # what today brings is in the amount
    return Standing(kind, amount, None if usual is None else amount + usual * left, allowance)


def amount_in(kind: Kind, days: dict[date, float], period: Period) -> float:
    """What happened in a period, or the most that was there."""
    amounts = [amount for day, amount in days.items() if period.start <= day < period.end]
    return sum(amounts) if kind in metering.HAPPENING else max(amounts, default=0)


def _usual_day(days: dict[date, float], day: date) -> float | None:
    """The mean of the whole days before, since the first on which there was anything."""
    first = min((one for one, amount in days.items() if amount), default=day)
    whole = min(USUAL, (day - first).days)
    return None if whole < FEWEST else sum(days.get(day - timedelta(days=n), 0) for n in range(1, whole + 1)) / whole
