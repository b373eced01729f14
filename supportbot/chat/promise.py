"""What a customer is promised at a hand-off: how long a reply usually takes, or when the team is back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from statistics import median_high

from django.utils import timezone, translation
from django.utils.formats import date_format

from supportbot.chat.models import Conversation
from supportbot.chat.words import FALLBACK, LANGUAGES, say
from supportbot.workspaces.hours import Hours
from supportbot.workspaces.models import Workspace

PERIOD = timedelta(days=30)
ENOUGH = 5  # hand-offs from which a median says something
LATEST = 500
STEPS = (2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480)  # minutes; what usually takes longer is not promised


@dataclass(frozen=True)
class Promise:
    """What is said, and whether nobody is there, so that an e-mail address helps."""

    sentences: list[str]
    is_away: bool


def promise(conversation: Conversation, language: str) -> Promise:
    """What can be said honestly at this moment."""
    workspace, now = conversation.workspace, timezone.now()
    hours = (conversation.team or workspace).hours()
    if hours and not hours.is_open(now):
        return Promise([*_back(hours, now, language), *_email(conversation, language)], is_away=True)
    if not workspace.agents_online():
        absent = [say("nobody_online", language), *_until(hours, now, language)]
        return Promise([*absent, *_email(conversation, language)], is_away=True)
    return Promise(_usually(workspace, hours, language), is_away=False)


def hours_line(workspace: Workspace, language: str) -> str:
    """When people are there, for who has not written yet; nothing where nobody has set business hours."""
    hours, now = workspace.hours(), timezone.now()
    if hours is None:
        return ""
    return " ".join(_until(hours, now, language) or _back(hours, now, language))


def usual_minutes(workspace: Workspace, hours: Hours | None) -> int | None:
    """Within how many minutes a person usually answers: the median of the last 30 days, rounded up to a step.

    Counted are hand-offs within business hours; one that nobody has answered yet counts as endless. None where there
    are too few of them, or where it takes longer than can be promised.
    """
    rows = Conversation.objects.in_workspace(workspace).filter(handed_off_at__gt=timezone.now() - PERIOD)
    answered_or_waiting = rows.exclude(response_s=None, waiting_since=None).order_by("-handed_off_at")
    found = answered_or_waiting.values_list("handed_off_at", "response_s")[:LATEST]
    waits = [inf if s is None else s / 60 for at, s in found if at and (hours is None or hours.is_open(at))]
    if len(waits) < ENOUGH:
        return None
    usual = median_high(waits)
    return next((step for step in STEPS if usual <= step), None)


def day_of(at: datetime, language: str) -> str:
    """The date as this language writes it within a sentence, without the year."""
    pattern = r"l j \d\e F" if language[:2] in ("es", "pt") else "l, j. F" if language[:2] == "de" else "l j F"
    with translation.override(language[:2] if language[:2] in LANGUAGES else FALLBACK):
        day = date_format(at, pattern)
    return day.lower() if language[:2] in ("es", "fr", "it", "pt") else day


def _usually(workspace: Workspace, hours: Hours | None, language: str) -> list[str]:
    minutes = usual_minutes(workspace, hours)
    if minutes is None:
        return []
    if minutes < 60:
        return [say("usually_minutes", language, count=minutes)]
    if minutes == 60:
        return [say("usually_hour", language)]
    return [say("usually_hours", language, count=minutes // 60)]


def _back(hours: Hours, now: datetime, language: str) -> list[str]:
    opens = hours.next_opening(now)
    if opens is None:
        return []
    ahead = (opens.date() - now.astimezone(hours.zone).date()).days
    key = {0: "back_today", 1: "back_tomorrow"}.get(ahead, "back_on")
    return [say(key, language, day=day_of(opens, language), **_clock(opens))]


def _until(hours: Hours | None, now: datetime, language: str) -> list[str]:
    closes = hours.closes_at(now) if hours else None
    return [say("here_until", language, **_clock(closes))] if closes else []


def _email(conversation: Conversation, language: str) -> list[str]:
    """Where the answer goes, unless all of it goes there."""
    if conversation.reaches_customer:
        return []
    return [say("email_goes" if conversation.contact.email else "leave_email", language)]


def _clock(at: datetime) -> dict[str, str]:
    name = at.tzname() or "UTC"
    return {"time": f"{at:%H:%M}", "zone": name if name.isalpha() else f"UTC{name}"}
