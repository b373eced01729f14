"""Who may give and take which role: only owners touch owners, and a workspace keeps one."""

from __future__ import annotations

from django.db.models import QuerySet

from supportbot.workspaces.models import Member, User, Workspace
from supportbot.workspaces.role import Role


def owns(user: User, workspace: Workspace) -> bool:
    """Whether the user may make and unmake owners there: whoever runs the installation may, too."""
    place = workspace.members.filter(user=user, user__is_active=True, role=Role.OWNER)
    return user.is_active and (user.is_superuser or place.exists())


def owned_by(user: User) -> QuerySet[Workspace]:
    """The workspaces that the user owns, by name: all for whoever runs the installation."""
    if not user.is_active:
        return Workspace.objects.none()
    rows = Workspace.objects.open().order_by("name")
    return rows if user.is_superuser else rows.filter(members__user=user, members__role=Role.OWNER)


def objection(member: Member, to: str | None, *, by: User) -> str:
    """Why a member may not get this role, or, with None, not leave; empty if nothing is in the way."""
    workspace = member.workspace
    if member.role == to:
        return ""
    if Role.OWNER in (member.role, to) and not owns(by, workspace):
        return "Only an owner decides who else is one."
    keepers = workspace.members.filter(user__is_active=True)
    top = Role.OWNER if keepers.filter(role=Role.OWNER).exists() else Role.ADMIN
    is_last = member.role == top and not keepers.filter(role=top).exclude(pk=member.pk).exists()
    if is_last and to != Role.OWNER:
        return f"A workspace keeps at least one {top.label.lower()}."
    return ""
