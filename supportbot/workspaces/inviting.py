"""Inviting people by e-mail: a signed link that opens once, for a week, until it is sent anew or revoked."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from supportbot.workspaces import limits, pace
from supportbot.workspaces.invitation import LASTS, Invitation
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from supportbot.workspaces.roles import owns

SALT = "supportbot.invitation"
MOST, WITHIN = 100, 86_400  # e-mails of one workspace, seconds


def objection(workspace: Workspace, email: str, role: str, *, by: User) -> str:
    """Why this person can't be invited so; empty if nothing is in the way."""
    if Member.objects.in_workspace(workspace).filter(user__email=email.strip().lower()).exists():
        return "Somebody with this address works here already."
    if role == Member.Role.OWNER and not owns(by, workspace):
        return "Only an owner decides who else is one."
    return _no_seat(workspace, role)


def send(invitation: Invitation, *, by: User) -> None:
    """Send the link, which makes earlier ones void.

    ValueError, in words, if too many were sent or no seat is free; OSError or SMTPException if the mail server does
    not take it.
    """
    if pace.is_too_much(f"invitations:{invitation.workspace_id}", most=MOST, within=WITHIN):
        raise ValueError("This workspace has sent many invitations today. Please go on tomorrow.")
    if invitation.ends_at <= timezone.now() and (words := _no_seat(invitation.workspace, invitation.role)):
        raise ValueError(words)  # one that holds has its seat
    invitation.sent_at, invitation.invited_by = timezone.now(), by
    invitation.save(update_fields=["sent_at", "invited_by"])
    _email(invitation, by).send()


def token_of(invitation: Invitation) -> str:
    """What opens it; it names the time of sending, so that the next one voids it."""
    return signing.dumps([invitation.pk, invitation.sent_at.isoformat()], salt=SALT)


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a token opens; None if it is forged, too old, used, revoked or sent anew."""
    try:
        pk, sent_at = signing.loads(token, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = Invitation.objects.in_open_workspaces().select_related("workspace", "invited_by")
    found = rows.filter(pk=pk).first()
    return found if found and found.sent_at.isoformat() == sent_at else None


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Member | None:
    """Make the user a member, and the invitation void; None if somebody was quicker with the same link."""
    if not Invitation.objects.select_for_update().filter(pk=invitation.pk, sent_at=invitation.sent_at).exists():
        return None
    workspace = invitation.workspace
    member, is_new = Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": invitation.role})
    if is_new:
        member.teams.set(invitation.teams.all())
    invitation.delete()
    told = {"role": member.role, "email": invitation.email}
    AuditEntry.objects.create(
        workspace=workspace, actor=user, action="invitation.accepted", target=str(user.pk), details=told
    )
    return member


def _no_seat(workspace: Workspace, role: str) -> str:
    return "" if role == Member.Role.VIEWER else limits.objection(workspace, limits.Kind.SEATS)


def _email(invitation: Invitation, by: User) -> EmailMessage:
    name = " ".join(invitation.workspace.name.split())
    address = settings.SITE_ADDRESS + reverse("invitation", args=[token_of(invitation)])
    text = (
        f"Hello,\n\n{by} invites you to {name} at Supportbot, the chat with its customers, as "
        f"{invitation.get_role_display().lower()}. Open this within {LASTS.days} days:\n\n{address}\n\n"
        "If you don't know why, do nothing.\n"
    )
    return EmailMessage(f"Your place at {name}", text, to=[invitation.email])
