"""Tells administrators of a workspace that much of a kind is used, or that its limit is reached: once in a period.

A notice is a row first; what the mail server refuses goes out at a later sweep. Customers are told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from supportbot.billing import enforcing, metering
from supportbot.billing.contract import Contract, contract_of
from supportbot.billing.models import Notice
from supportbot.billing.standing import Standing, standings_of
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.role import ADMINISTERING

log = structlog.get_logger(__name__)
AT_ONCE = 100
SHOWN = 5  # workspaces on the front page
LONGEST = timedelta(days=31)  # of a period
LEVELS = {"hard": (Notice.Level.SOFT, Notice.Level.HARD), "over": (Notice.Level.SOFT,), "soft": (Notice.Level.SOFT,)}
BEYOND = {
    Kind.CONVERSATIONS: "Conversations that go on are still answered by the assistant. New ones go to your colleagues, "
    "until the period ends or the plan changes. Customers are told nothing of it.",
    Kind.MINUTES: "Conversations that go on are still answered by the assistant. New ones go to your colleagues, "
    "until the period ends or the plan changes. Customers are told nothing of it.",
    Kind.SEATS: "Nobody else can be invited who answers customers; viewers can.",
    Kind.KNOWLEDGE: "No further article can be published. What is written or imported is kept as drafts.",
}


def look_at(workspaces: Iterable[int]) -> None:
    """Write down what these workspaces have to be told."""
    for workspace in Workspace.objects.filter(pk__in=list(workspaces)):
        contract, standings = standings_of(workspace)
        enforcing.forget(workspace.pk)
        Notice.objects.bulk_create(
            [
                Notice(workspace=workspace, kind=one.kind, level=level, period_start=contract.period.start)
                for one in standings
                for level in LEVELS.get(one.level, ())
            ],
            ignore_conflicts=True,
        )


def send() -> None:
    """Send what nobody has been told yet; of both levels at once only the latter."""
    for notice_id in Notice.objects.filter(mailed_at=None).order_by("-id").values_list("pk", flat=True)[:AT_ONCE]:
        _send(notice_id)


def told(workspace: Workspace) -> list[tuple[Notice, str]]:
    """What holds in this period and nobody has hidden, in words as of now: of each kind the worst, the worst first."""
    contract = contract_of(workspace)
    if not contract.allowances:
        return []
    rows = Notice.objects.in_workspace(workspace).filter(period_start=contract.period.start)
    worst = {notice.kind: notice for notice in rows.order_by("-level") if _holds(workspace, contract, notice)}
    shown = [notice for notice in worst.values() if notice.hidden_at is None]
    return [(notice, _words(notice, contract)) for notice in sorted(shown, key=lambda notice: notice.level)]


def told_in(workspaces: QuerySet[Workspace]) -> list[tuple[Notice, str]]:
    """The same of some workspaces, those that were told something last."""
    recent = Notice.objects.in_workspaces(workspaces).filter(created_at__gt=timezone.now() - LONGEST)
    ids = list(dict.fromkeys(recent.order_by("-id").values_list("workspace", flat=True)[:AT_ONCE]))[:SHOWN]
    return [one for workspace in Workspace.objects.filter(pk__in=ids) for one in told(workspace)]


def _words(notice: Notice, contract: Contract) -> str:
    kind, allowance = Kind(notice.kind), contract.allowances[notice.kind]
    amount = int(metering.used(notice.workspace, kind, contract.period.start))
    if notice.level == Notice.Level.HARD:
        return f"The limit of {allowance.hard_limit:,} {kind.label} is reached. {BEYOND[kind]}"
    return f"{amount:,} of the {allowance.included:,} {kind.label} of the plan {contract.plan} are used."


@transaction.atomic
def _send(notice_id: int) -> None:
    rows = Notice.objects.select_for_update(of=("self",), skip_locked=True).select_related("workspace")
    notice = rows.filter(pk=notice_id, mailed_at=None).first()
    if notice is None:
        return
    contract = contract_of(notice.workspace)
    holds = _holds(notice.workspace, contract, notice)
    if holds and not _mail(notice, contract):
        return
    same = {"workspace": notice.workspace, "kind": notice.kind, "period_start": notice.period_start}
    milder = [Notice.Level.SOFT] if notice.level == Notice.Level.HARD and holds else []
    Notice.objects.filter(**same, mailed_at=None, level__in=[notice.level, *milder]).update(mailed_at=timezone.now())


def _holds(workspace: Workspace, contract: Contract, notice: Notice) -> bool:
    """Whether it is still so: a seat may be free again, or the plan another."""
    if notice.period_start != contract.period.start or notice.kind not in contract.allowances:
        return False
    kind = Kind(notice.kind)
    used = metering.used(workspace, kind, contract.period.start)
    return notice.level in LEVELS.get(Standing(kind, used, None, contract.allowances[kind]).level, ())


def _mail(notice: Notice, contract: Contract) -> bool:
    """Whether the mail server took it."""
    people = notice.workspace.members.filter(role__in=ADMINISTERING, user__is_active=True)
    page = f"{settings.SITE_ADDRESS}{reverse('admin:plan')}?workspace={notice.workspace.slug}"
    text = f"Hello,\n\n{_words(notice, contract)}\n\nThe period is {contract.period}. Plan and usage: {page}\n"
    subject = f"{' '.join(notice.workspace.name.split())}: {notice.get_level_display()} ({notice.get_kind_display()})"
    try:
        for address in people.values_list("user__email", flat=True):
            EmailMessage(subject, text, to=[address]).send()
    except (OSError, SMTPException) as error:
        log.warning("not told of usage; the sweep tries again", notice=notice.pk, error=repr(error))
        return False
    return True
