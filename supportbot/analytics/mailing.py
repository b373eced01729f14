"""Reports on a schedule and alerts on thresholds and on the unusual, by e-mail. The sweep sends what is due, each once.

What the mail server refuses is tried again some minutes later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from supportbot.analytics import anomalies, digest
from supportbot.analytics.boards.charts import page_of, value_of
from supportbot.analytics.figures import rested
from supportbot.analytics.measures import MEASURES, Measure
from supportbot.analytics.models import Alert, Preferences, Report
from supportbot.analytics.performance import Performance
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope
from supportbot.analytics.wording import words
from supportbot.chat.models import RoutingAlert

log = structlog.get_logger(__name__)
AGAIN = timedelta(minutes=5)  # after the mail server has refused
CHECK_EVERY = timedelta(minutes=10)
AT_ONCE = 100
UNITS = {"share": 100, "time": 1 / 60}  # per cent, minutes


def send_reports() -> None:
    """Send every report whose time has come."""
    now = timezone.now()
    due = Report.objects.in_open_workspaces().filter(Q(next_at__lte=now) | Q(next_at=None)).values_list("id", flat=True)
    for report_id in due[:AT_ONCE]:
        _send_report(report_id, now)


def check_alerts() -> None:
    """Look at every threshold that nobody looked at for some minutes."""
    now = timezone.now()
    due = (
        Alert.objects.in_open_workspaces()
        .filter(Q(checked_at__lt=now - CHECK_EVERY) | Q(checked_at=None))
        .values_list("id", flat=True)
    )
    for alert_id in due[:AT_ONCE]:
        _check(alert_id, now)


@transaction.atomic
def _send_report(report_id: int, now: datetime) -> None:
    report = _locked(Report, report_id)
    if report is None or (report.next_at and report.next_at > now):
        return
    sent = report.next_at is None or _mail(report, *_report_words(report, now))
    report.next_at = _next(report, now) if sent else now + AGAIN
    report.save(update_fields=["next_at"])


@transaction.atomic
def _check(alert_id: int, now: datetime) -> None:
    alert = _locked(Alert, alert_id)
    if alert is None:
        return
    today = now.astimezone(alert.workspace.zone).date()
    scope = Scope(alert.workspace, Period(today - timedelta(days=alert.days - 1), today, "custom"))
    alert.checked_at = now
    is_passed, text = (_unusual if alert.side == Alert.Side.UNUSUAL else _past_threshold)(alert, scope)
    if not is_passed:
        alert.raised_at = None
    elif alert.raised_at is None:
        is_silent = alert.side == Alert.Side.UNUSUAL and alert.told_on == today
        if is_silent or _mail(alert, f"{alert.workspace}: {alert}", text):
            alert.raised_at, alert.told_on = now, today
    alert.save(update_fields=["checked_at", "raised_at", "told_on"])


def _past_threshold(alert: Alert, scope: Scope) -> tuple[bool, str]:
    """Whether it is, and the e-mail that says so."""
    value = _watched(alert, scope)
    if value is None or not (value > alert.threshold if alert.side == Alert.Side.ABOVE else value < alert.threshold):
        return False, ""
    of = "" if alert.chart else " now" if alert.figure in Alert.AS_OF_NOW else f" of {scope.period}"
    text = f"{alert.watched}: {value:.4g}{of}; you asked to be told when it is {alert.side} "
    alarms = _alarms(alert) if alert.figure == Alert.Watched.ROUTING else []
    page = "routing-overall" if alarms else "analytics"
    lines = [f"{f'Expert {row.subject}: ' if row.subject else ''}{row.get_kind_display()}." for row in alarms]
    where = f"More: {settings.SITE_ADDRESS}{page_of(alert.chart)}" if alert.chart else _where(page, scope)
    return True, "\n".join([f"{text}{alert.threshold:g}.", "", *lines, where])


def _unusual(alert: Alert, scope: Scope) -> tuple[bool, str]:
    """The same of a figure beside its history."""
    measure = MEASURES[alert.figure]
    found = anomalies.look(scope, measure, alert.days, scope.period.end)
    if found is None or found.distance < alert.threshold:
        return False, ""
    where = _where("analytics", replace(scope, period=found.period))
    return True, "\n".join([*_unusual_words(alert, measure, found), "", where])


def _unusual_words(alert: Alert, measure: Measure, found: anomalies.Found) -> list[str]:
    then = f"{found.period.end:%A}s" if alert.days == 1 else "same weekdays"
    kind = "the median is " if measure.column else ""
    shown = [words(value, measure.unit) for value in found.history]
    side = "above" if found.value > found.middle else "below"
    return [
        f"{measure.name}, {found.period}: {kind}{words(found.value, measure.unit)}.",
        f"On the {then} of the {anomalies.WEEKS} weeks before, the middle was {words(found.middle, measure.unit)}.",
        f"It is {side} that, {found.distance:.1f} times as far from it as usual; "
        f"you asked to be told from {alert.threshold:g} times.",
        f"The weeks before, the latest first: {', '.join(shown)}.",
    ]


def _locked(model: Any, pk: int) -> Any:
    rows = model.objects.select_for_update(of=("self",), skip_locked=True).select_related("workspace")
    return rows.filter(pk=pk).first()


def _next(report: Report, now: datetime) -> datetime:
    """The next time at that hour, on a Monday if it is weekly."""
    local = now.astimezone(report.workspace.zone)
    at = local.replace(hour=report.hour, minute=0, second=0, microsecond=0)
    at += timedelta(days=1) if at <= local else timedelta()
    return at + timedelta(days=-at.weekday() % 7) if report.rhythm != Report.Rhythm.DAILY else at


def _report_words(report: Report, now: datetime) -> tuple[str, str]:
    if report.rhythm == Report.Rhythm.DIGEST:
        return _digest_words(report, now)
    yesterday = now.astimezone(report.workspace.zone).date() - timedelta(days=1)
    days = 7 if report.rhythm == Report.Rhythm.WEEKLY else 1
    scope = Scope(report.workspace, Period(yesterday - timedelta(days=days - 1), yesterday, "custom"))
    shown = Performance(scope, Preferences.of(report.workspace))
    lines = [
        f"{figure.measure.name}: {figure.value}"
        + (f" ({figure.change.text}; before {figure.before})" if figure.change.text else "")
        + (f", {figure.note}" if figure.note else "")
        for figure in shown.figures()
    ]
    lines.append(f"Backlog: {shown.backlog()[0]}, with people now")
    what = f"{report.workspace}, {scope.period}"
    return f"Support of {what}", "\n".join([what, "", *lines, "", _where("analytics", scope)])


def _digest_words(report: Report, now: datetime) -> tuple[str, str]:
    """What changed, and where it can be seen."""
    found = digest.changes(report.workspace, now.astimezone(report.workspace.zone).date())
    lines = [f"{report.workspace}: what changed in the last seven days that are settled", ""]
    for one in found:
        lines += [*one.sentences, *(f"- {shows.words}: {settings.SITE_ADDRESS}{shows.url}" for shows in one.shown), ""]
    if not found:
        lines += [digest.NOTHING, ""]
    page = f"{reverse('admin:analytics-digest')}?workspace={report.workspace.slug}"
    return f"What changed at {report.workspace}", "\n".join([*lines, f"More: {settings.SITE_ADDRESS}{page}"])


def _where(name: str, scope: Scope) -> str:
    """The page's address."""
    return f"More: {settings.SITE_ADDRESS}{reverse(f'admin:{name}')}?{scope.address}"


def _watched(alert: Alert, scope: Scope) -> float | None:
    """The figure in the unit of its threshold; None where it rests on too little."""
    if alert.figure == Alert.Watched.BACKLOG:
        return scope.of("backlog").cases().count()
    if alert.figure == Alert.Watched.ROUTING:
        return len(_alarms(alert))
    if alert.chart:
        return value_of(alert.chart)
    measure = MEASURES[alert.figure]
    value, count = rested(scope, measure)
    is_thin = measure.unit in UNITS and count < anomalies.FEWEST
    return None if value is None or is_thin else value * UNITS.get(measure.unit, 1)


def _alarms(alert: Alert) -> list[RoutingAlert]:
    return list(RoutingAlert.objects.in_workspace(alert.workspace).filter(until=None))


def _mail(row: Report | Alert, subject: str, text: str) -> bool:
    """Whether the mail server took it; members who left or were deactivated get nothing."""
    people = row.recipients.filter(workspace=row.workspace, user__is_active=True).select_related("user")
    mails = [EmailMessage(subject, text, to=[member.user.email]) for member in people]
    try:
        for mail in mails:
            mail.send()
    except OSError as error:
        log.warning("not sent; the sweep tries again", subject=subject, error=repr(error))
        return False
    return True
