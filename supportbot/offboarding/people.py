"""What becomes of the accounts of a workspace that is gone."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from supportbot.chat.models import Message
from supportbot.offboarding.kinds import path_of
from supportbot.workspaces.models import AuditEntry, Login, Member, User, Workspace


def of(workspace: Workspace) -> list[int]:
    """The users who work there, or whose names stand in its messages or its audit log."""
    found: set[int | None] = set(Member.objects.in_workspace(workspace).values_list("user", flat=True))
    found |= set(Message.objects.in_workspace(workspace).order_by().values_list("user", flat=True).distinct())
    found |= set(AuditEntry.objects.in_workspace(workspace).order_by().values_list("actor", flat=True).distinct())
    return sorted(pk for pk in found if pk is not None)


def see_to(pk: int) -> bool:
    """Delete the account of who works nowhere else; whether it is gone.

    Where other workspaces hold something of theirs, from former times, the account stays there as their name alone:
    nobody signs in with it any more.
    """
    user = User.objects.select_for_update().filter(pk=pk, is_superuser=False).first()
    if user is None or user.memberships.exists():
        return False
    Session.objects.filter(session_key__in=Login.objects.filter(user=user).values("session_key")).delete()
    for record in (AccessAttempt, AccessFailureLog, AccessLog):
        record.objects.filter(username=user.email).delete()
    LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(pk)).delete()
    if _is_named_elsewhere(user):
        Authenticator.objects.filter(user=user).delete()
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        return False
    user.delete()
    return True


def _is_named_elsewhere(user: User) -> bool:
    fields = [way.field for way in User._meta.related_objects if path_of(way.field.model)]
    return any(field.model._base_manager.filter(**{field.name: user}).exists() for field in fields)
