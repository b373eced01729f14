"""Where somebody is signed in: the list of one's own sessions, and the end of one, at once and everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from axes.helpers import get_client_ip_address
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from supportbot.workspaces.models import AuditEntry, Login, User, Workspace

NOTED = "noted"  # in a session: its key, and when it was last looked at
BEGAN = "began"
SEEN_EVERY = timedelta(minutes=5)
LONGEST = timedelta(days=30)  # after which everybody signs in again, however busy they are


def note_logins(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: write down whose session this is, and end one that is too old."""

    def note_after(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.session.accessed and isinstance(request.user, User):
            note(request, request.user)
        return response

    return note_after


def note(request: HttpRequest, user: User) -> None:
    """Keep that the session is in use, every few minutes; this also moves the time at which it ends by itself."""
    session, now = request.session, timezone.now()
    if session.session_key is None:
        session.save()
    key, at = session.get(NOTED, ("", 0))
    if key == session.session_key and now.timestamp() - at < SEEN_EVERY.total_seconds():
        return
    began = datetime.fromtimestamp(session.setdefault(BEGAN, now.timestamp()), tz=now.tzinfo)
    if now - began > LONGEST:
        logout(request)
        return
    session[NOTED] = (session.session_key, now.timestamp())
    seen = {"user": user, "began_at": began, "seen_at": now, "address": get_client_ip_address(request) or None}
    seen["browser"] = request.headers.get("User-Agent", "")[:200]
    Login.objects.update_or_create(session_key=session.session_key, defaults=seen)
    Login.objects.filter(user=user).exclude(session_key__in=_living_keys()).delete()


def living(user: User) -> models.QuerySet[Login]:
    """The user's sessions that open something, the latest first."""
    return Login.objects.filter(user=user, session_key__in=_living_keys()).order_by("-seen_at")


@transaction.atomic
def end(user: User, *, by: User, chosen: models.Q | None = None) -> int:
    """End the user's sessions, all or those chosen: the next request, or sign of life of an inbox, is turned away.

    How many there were.
    """
    keys = list(living(user).filter(chosen or models.Q()).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    Login.objects.filter(session_key__in=keys).delete()
    if keys:
        tell(user, "user.sessions_ended", by=by, sessions=len(keys))
    return len(keys)


def tell(user: User, action: str, *, by: User, **details: object) -> None:
    """A line in the audit log of every workspace of the user."""
    for workspace in Workspace.objects.filter(members__user=user):
        AuditEntry.objects.create(workspace=workspace, actor=by, action=action, target=str(user.pk), details=details)


def _living_keys() -> models.QuerySet[Session, str]:
    return Session.objects.filter(expire_date__gt=timezone.now()).values_list("session_key", flat=True)
