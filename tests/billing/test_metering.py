"""What is used is counted once, cheaply, and a recount says the same."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportbot.billing import metering
from supportbot.billing.models import Usage
from supportbot.billing.periods import latest, period_at
from supportbot.billing.standing import account_of
from supportbot.chat import services
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.knowledge.models import Article
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import User, Workspace
from tests.api.conftest import a_conversation, a_shop
from tests.billing.conftest import allow, sweep


def says(conversation: Conversation, body: str = "And now?") -> Message:
    """The customer goes on."""
    return services.post_message(conversation_id=conversation.pk, body=body, client_id=uuid4())


def reply(message: Message, seconds: float) -> None:
    """A worker has written an answer."""
    seq = message.seq + 1
    made = Message.objects.create(conversation=message.conversation, seq=seq, author="bot", body="Soon.")
    Conversation.objects.filter(pk=message.conversation_id).update(last_seq=seq)
    Message.objects.filter(pk=message.pk).update(outcome=Message.Outcome.ANSWERED)
    Generation.objects.create(in_reply_to=message, message=made, act="answer", reason="known", total_s=seconds)


def used(shop: Workspace, kind: Kind) -> float:
    """As a page shows it."""
    return next(one.amount for one in account_of(shop).standings if one.kind == kind)


def test_a_conversation_counts_once_until_it_is_resolved_and_a_recount_agrees(shop: Workspace) -> None:
    other = a_shop("harbour")
    talks = [a_conversation(shop) for _ in range(3)]
    a_conversation(other)
    reply(says(talks[0]), 90.0)
    assert (used(shop, Kind.CONVERSATIONS), used(shop, Kind.MINUTES)) == (3, 1.5), "before any sweep"
    sweep()
    sweep()
    maya = User.objects.get(email="maya@fennmoor.example")
    services.resolve(conversation_id=talks[1].pk, agent=maya)
    reply(says(talks[1], "It is me again"), 30.0)
    says(talks[1], "Still here")
    assert (used(shop, Kind.CONVERSATIONS), used(shop, Kind.MINUTES)) == (4, 2), "counted, and what came since"
    sweep()
    before = list(Usage.objects.order_by("pk").values_list("workspace", "kind", "day", "amount"))
    assert used(shop, Kind.CONVERSATIONS) == 4 and sum(row[3] for row in before if row[1] == "minutes") == 120_000
    assert used(other, Kind.CONVERSATIONS) == 1
    call_command("recount_usage")
    assert sorted(Usage.objects.values_list("workspace", "kind", "day", "amount")) == sorted(before)
    talks[2].contact.delete()
    sweep()
    assert used(shop, Kind.CONVERSATIONS) == 4, "what is erased stays counted"
    call_command("recount_usage", "fennmoor")
    assert used(shop, Kind.CONVERSATIONS) == 3, "but for a recount"


def test_the_most_people_and_articles_of_a_day_stay(shop: Workspace) -> None:
    Article.objects.create(workspace=shop, slug="a", title="A", body="A", status="published")
    draft = Article.objects.create(workspace=shop, slug="b", title="B", body="B")
    sweep()
    shop.members.filter(user__email="maya@fennmoor.example").delete()
    draft.delete()
    sweep()
    assert (used(shop, Kind.SEATS), used(shop, Kind.KNOWLEDGE)) == (1, 1)
    most = dict(Usage.objects.in_workspace(shop).filter(kind__in=metering.STANDING).values_list("kind", "amount"))
    assert most == {"seats": 2, "knowledge": 1}


def test_a_message_costs_no_query_more_where_there_are_limits(shop: Workspace) -> None:
    begun = a_conversation(shop)

    def queries(what: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            says(begun) if what == "goes on" else a_conversation(shop)
        return len(captured)

    free = {what: queries(what) for what in ("goes on", "goes on", "begins", "begins")}
    allow(shop, Kind.CONVERSATIONS, 100, 100)
    allow(shop, Kind.MINUTES, 100, 100)
    assert queries("goes on") == free["goes on"], "nobody asks"
    first, second = queries("begins"), queries("begins")
    assert first > second == free["begins"], "asked once, then kept"


def test_periods_are_months_from_the_day_of_the_beginning() -> None:
    anchor = date(2026, 1, 31)
    days = [(2026, 2, 27), (2026, 2, 28), (2026, 3, 30), (2026, 3, 31), (2025, 12, 31)]
    starts = [period_at(date(*day), anchor).start for day in days]
    assert starts == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 31), date(2025, 12, 31)]
    past = latest(date(2026, 11, 27), anchor, 12)
    assert all(later.start == earlier.end for later, earlier in zip(past, past[1:], strict=False)) and len(past) == 12


def test_the_forecast_goes_by_the_usual_day(shop: Workspace) -> None:
    today = timezone.now().date()
    Usage.objects.bulk_create(
        Usage(workspace=shop, kind="conversations", day=today - timedelta(days=n), amount=10) for n in range(1, 6)
    )
    account = account_of(shop)
    left = (account.contract.period.end - today).days - 1
    assert account.standings[0].forecast == pytest.approx(50 + 10 * left)
    assert account.standings[2].forecast is None
