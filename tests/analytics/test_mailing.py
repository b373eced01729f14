"""Reports on a schedule and alerts on thresholds: who gets which e-mail, once."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from supportbot.analytics import tasks
from supportbot.analytics.models import Alert, Report
from supportbot.analytics.recount import Stated, holds
from supportbot.chat.models import RoutingAlert
from supportbot.workspaces.models import AuditEntry, Member
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.told import Told


@pytest.fixture
def admin_of(shop: Shop) -> Member:
    """The administrator's place in the shop."""
    return Member.objects.get(user=shop.admin)


def chosen(shop: Shop, model: str, recipient: Member, **fields: object) -> str:
    """Fill in the form of a new report or alert; what the page answers."""
    form = {"workspace": shop.workspace.pk, "recipients": [recipient.pk], **fields}
    return signed_in(shop.admin).post(f"/admin/analytics/{model}/add/", form, follow=True).content.decode()


def test_a_weekly_report_goes_out_once_with_the_figures_of_the_week(shop: Shop, admin_of: Member) -> None:
    chosen(shop, "report", admin_of, rhythm="weekly", hour=7)
    tasks.sweep()
    report = Report.objects.get()
    local = report.next_at.astimezone(shop.workspace.zone)  # type: ignore[union-attr]
    assert (local.weekday(), local.hour) == (0, 7) and local > timezone.now()
    assert not mail.outbox
    Told(shop.workspace, timezone.now() - timedelta(days=2)).bot(4, verdict="helped").note(9, "confirmed")
    Report.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    tasks.sweep()
    (sent,) = mail.outbox
    assert sent.to == [shop.admin.email] and sent.subject.startswith("Support of Fennmoor, ")
    assert "Resolved by the bot: 100.0 %, 100.0 % confirmed, 0.0 % unchallenged" in sent.body
    assert "First response: 4 s" in sent.body and "http://127.0.0.1/admin/analytics/?workspace=fennmoor" in sent.body
    assert AuditEntry.objects.get(action="analytics.report_added").actor == shop.admin


def test_an_alert_is_raised_once_and_again_after_it_was_over(shop: Shop, admin_of: Member) -> None:
    chosen(shop, "alert", admin_of, figure="backlog", side="above", threshold=1, days=7)
    waiting = [Told(shop.workspace, timezone.now()).bot(1, "hand_off", "asked") for _ in range(2)]

    def look() -> list[str]:
        Alert.objects.update(checked_at=None)
        tasks.sweep()
        return [sent.subject for sent in mail.outbox]

    assert look() == look() == ["Fennmoor: Backlog above 1"]
    waiting[0].note(5, "resolved")
    assert len(look()) == 1
    Told(shop.workspace, timezone.now()).bot(1, "hand_off", "asked")
    assert len(look()) == 2


def test_open_alarms_of_expert_routing_are_told(shop: Shop, admin_of: Member) -> None:
    refused = chosen(shop, "alert", admin_of, figure="routing", side="unusual", threshold=4, days=1)
    assert "has no history" in refused
    chosen(shop, "alert", admin_of, figure="routing", side="above", threshold=0, days=1)
    fields = {"workspace": shop.workspace, "version": "0123456789ab", "threshold": 0.25}
    RoutingAlert.objects.create(kind="change", value=0.1, until=timezone.now(), **fields)
    tasks.sweep()
    assert not mail.outbox
    RoutingAlert.objects.create(kind="categories", value=0.31, **fields)
    RoutingAlert.objects.create(kind="dead", subject="7", value=0.01, **fields)
    Alert.objects.update(checked_at=None)
    tasks.sweep()
    (sent,) = mail.outbox
    assert sent.subject == "Fennmoor: Expert routing, open alarms above 0"
    assert "open alarms: 2 now; you asked to be told when it is above 0." in sent.body
    assert "customers ask about other things than the model was trained on." in sent.body
    assert "Expert 7: an expert has next to no work." in sent.body
    assert "/admin/routing/overall/?workspace=fennmoor" in sent.body


def test_a_share_that_rests_on_too_little_raises_nothing(shop: Shop, admin_of: Member) -> None:
    chosen(shop, "alert", admin_of, figure="handover", side="above", threshold=20, days=7)
    for _ in range(8):
        Told(shop.workspace, timezone.now()).bot(1, "hand_off", "asked")
    tasks.sweep()
    assert not mail.outbox
    Alert.objects.update(checked_at=None)
    Told(shop.workspace, timezone.now())
    tasks.sweep()
    assert "Handed over, %: 80 of" in mail.outbox[0].body


def test_recipients_are_of_the_workspace(shop: Shop, other_shop: Shop, admin_of: Member) -> None:
    theirs = Member.objects.get(user=other_shop.agent)
    page = chosen(shop, "report", theirs, rhythm="daily", hour=7)
    assert "not one of the available choices" in page and not Report.objects.exists()
    assert "less than or equal to 23" in chosen(shop, "report", admin_of, rhythm="daily", hour=24)


def test_the_unusual_is_told_once_with_its_history(shop: Shop, admin_of: Member) -> None:
    refused = chosen(shop, "alert", admin_of, figure="backlog", side="unusual", threshold=4, days=1)
    assert "has no history" in refused
    assert "at most 7 days" in chosen(shop, "alert", admin_of, figure="first", side="unusual", threshold=4, days=30)
    assert not Alert.objects.exists()
    for figure in ("conversations", "first"):
        chosen(shop, "alert", admin_of, figure=figure, side="unusual", threshold=4, days=1)
    midday = timezone.now().astimezone(shop.workspace.zone).replace(hour=12, minute=0)
    usual = (11, 12, 10, 13, 11, 60, 11, 10)
    for back, count in enumerate(usual, 1):
        for lag in (1, 2):
            for number in range(count):
                Told(shop.workspace, midday - timedelta(weeks=back, days=lag)).bot(60 + number)

    def look() -> list[str]:
        Alert.objects.update(checked_at=None)
        tasks.sweep()
        return [str(sent.body) for sent in mail.outbox]

    for number in range(12):
        Told(shop.workspace, midday - timedelta(days=1)).bot(60)
        Told(shop.workspace, midday - timedelta(days=2)).bot(60 + number)
    assert look() == [], "as always"
    for _ in range(20):
        Told(shop.workspace, midday - timedelta(days=1)).bot(60)
    (told,) = look()
    assert ": 32.\n" in told and "of the 8 weeks before, the middle was 11.\n" in told
    assert "It is above that, 6.3 times as far from it as usual; you asked to be told from 4 times." in told
    assert "The weeks before, the latest first: 11, 12, 10, 13, 11, 60, 11, 10." in told
    Alert.objects.update(raised_at=None)
    assert len(look()) == 1, "once a day"
    chosen(shop, "report", admin_of, rhythm="digest", hour=7)
    Report.objects.update(next_at=timezone.now())
    tasks.sweep()
    digest = str(mail.outbox[-1].body)
    assert re.search(r"Conversations rose to \d\d from .* against 2\d in the middle of the weeks before\.", digest)
    assert "It has been so since the seven days that began on " in digest
    assert digest.count("/admin/chat/conversation/") == 5
    assert "Conversations rose to" in signed_in(shop.admin).get("/admin/analytics/digest/").content.decode()


def test_a_sentence_whose_figures_are_not_so_is_dropped() -> None:
    day = date(2026, 11, 9)
    stated = [Stated("share", lambda: 0.4124), Stated("time", lambda: 7560), Stated("count", lambda: 1204)]
    stated += [Stated("date", lambda: day)]
    true = "It rose to 41.2 % after 2.1 h in 1,204 conversations since 9 November 2026."
    assert holds(true, stated)
    for right, wrong in (("41.2", "41.3"), ("2.1 h", "2.1 min"), ("1,204", "1,205"), ("9 Nov", "8 Nov"), ("%", "")):
        assert not holds(true.replace(right, wrong), stated), wrong
    assert not holds(f"{true} 7 of them", stated) and not holds("It rose.", stated)


def test_the_unusual_needs_a_history(shop: Shop, admin_of: Member) -> None:
    chosen(shop, "alert", admin_of, figure="conversations", side="unusual", threshold=1, days=1)
    for _ in range(30):
        Told(shop.workspace, timezone.now() - timedelta(days=1)).bot(5)
    tasks.sweep()
    assert not mail.outbox
