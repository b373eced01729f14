"""What collects money for plans: the one interface behind which invoices by hand and Stripe stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from supportbot.billing.models import Plan, Subscription
from supportbot.billing.periods import Period
from supportbot.workspaces.models import User, Workspace


class Unavailable(Exception):
    """It can't be done, or not now; the text says so to the owner."""


class Forged(Exception):
    """An event that the provider did not send, or not now."""


@dataclass(frozen=True)
class Charge:
    """What is due beyond the price of a plan."""

    words: str
    amount: Decimal


class Provider(Protocol):
    """All raise Unavailable, in words, where it does not work."""

    def check_out(self, workspace: Workspace, plan: Plan, *, by: User, back: str) -> str:
        """Begin; the address where the owner pays, or nothing where somebody gets in touch. `back` is our page."""

    def portal(self, subscription: Subscription, *, back: str) -> str:
        """The address where the owner sees cards and invoices; empty if there is none."""

    def cancel(self, subscription: Subscription, *, by: User) -> None:
        """End it with the period that is paid."""

    def charge(self, subscription: Subscription, period: Period, charges: Sequence[Charge]) -> None:
        """Bill a period that is over, with what went beyond the plan."""

    def handle(self, body: bytes, signature: str) -> None:
        """Take an event in; Forged if it is not one of the provider's."""
