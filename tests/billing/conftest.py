"""A shop whose plan has room for little, and the time that passes for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client

from supportbot.billing import tasks
from supportbot.billing.models import Allowance, Meter, Plan, Subscription, Usage
from supportbot.billing.periods import today
from supportbot.chat.models import Generation, Message
from supportbot.workspaces.models import User, Workspace
from tests.api.conftest import a_shop

LATER = timedelta(minutes=3)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What other tests have asked for."""
    cache.clear()


@pytest.fixture
def shop(db: None) -> Workspace:
    """With Maya, an agent, and Ada, an administrator; its periods began ten days ago."""
    shop = a_shop("fennmoor")
    plan = Plan.objects.create(name="Small", price=19)
    Subscription.objects.create(workspace=shop, plan=plan, started_on=today() - timedelta(days=10))
    return shop


def allow(shop: Workspace, kind: str, included: int, hard_limit: int | None = None, **fields: object) -> None:
    """Its plan includes so much."""
    values = {"included": included, "hard_limit": hard_limit, **fields}
    Allowance.objects.update_or_create(plan=shop.subscription.plan, kind=kind, defaults=values)
    cache.clear()


def browser(name: str = "ada") -> Client:
    """Of somebody of the shop who is signed in."""
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@fennmoor.example"))
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """The browser of whoever runs the installation."""
    client = Client()
    client.force_login(User.objects.create_superuser("root@host.example", name="Root"))
    return client


def sweep() -> None:
    """Some minutes later all is counted and told."""
    for rows in (Message.objects.all(), Generation.objects.all()):
        rows.update(created_at=F("created_at") - LATER)
    Meter.objects.update(until=F("until") - LATER)
    cache.clear()
    tasks.sweep()


def last_period_is_due(shop: Workspace, **used: int) -> Subscription:
    """So much was used in the period before this one, and nobody was billed for it."""
    row = Subscription.objects.get(workspace=shop)
    period = row.period(row.period(today()).start - timedelta(days=1))
    for kind, amount in used.items():
        Usage.objects.create(workspace=shop, kind=kind, day=period.start, amount=amount)
    Subscription.objects.update(billed_until=period.start)
    return row
