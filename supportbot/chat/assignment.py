"""Gives what waits in the queue to agents who are there and have room, where a team or a workspace wants it so."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from supportbot.chat import organising, todo, transcript
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Assignment, Member, Workspace

AT_ONCE = 500  # conversations that one sweep looks at
ON = (Assignment.ROUND_ROBIN, Assignment.LEAST_LOAD)
Status, Handler = Conversation.Status, Conversation.Handler


def assign_waiting() -> None:
    """Assign as many as there is room for; who waits longest comes first. Who works here no more gives back."""
    for conversation in _left_behind().select_related("assignee")[:AT_ONCE]:
        assert conversation.assignee is not None
        with suppress(Refused):  # it was resolved meanwhile
            organising.assign(conversation_id=conversation.id, agent=conversation.assignee, to_id=None)
    todo.take_from_who_left()
    for conversation_id in _waiting().values_list("id", flat=True)[:AT_ONCE]:
        _assign(conversation_id)


def _left_behind() -> QuerySet[Conversation]:
    """What somebody has who only looks on by now, whose membership ended, or who is switched off."""
    own = Member.objects.working().filter(workspace=OuterRef("workspace"), user=OuterRef("assignee"))
    rows = Conversation.objects.filter(~Exists(own), handler=Handler.AGENT, assignee__isnull=False)
    return rows.exclude(status=Status.RESOLVED)


def _waiting() -> QuerySet[Conversation]:
    by_workspace = Q(workspace__assignment__in=ON) & (Q(team=None) | Q(team__assignment=""))
    rows = Conversation.objects.filter(Q(team__assignment__in=ON) | by_workspace, workspace__in=_staffed())
    return rows.filter(handler=Handler.QUEUE, status=Status.OPEN, is_spam=False).order_by("waiting_since")


def _staffed() -> QuerySet[Workspace]:
    return Workspace.objects.filter(members__in=Member.objects.present())


@transaction.atomic
def _assign(conversation_id: UUID) -> None:
    """Look again under the lock: somebody may have taken it."""
    conversation = transcript.locked(conversation_id)
    if conversation.handler != Handler.QUEUE or conversation.status != Status.OPEN:
        return
    member = _chosen(conversation)
    if member is None:
        return
    Member.objects.filter(pk=member.pk).update(assigned_at=timezone.now())
    transcript.note_activity(conversation, f"Assigned to {member.user.get_short_name()} automatically")
    transcript.give_to_agent(conversation, member.user)


def _chosen(conversation: Conversation) -> Member | None:
    """Who gets it; members stay locked, so that nobody gets more than they have room for."""
    mode = (conversation.team and conversation.team.assignment) or conversation.workspace.assignment
    there = Member.objects.in_workspace(conversation.workspace).present()
    if conversation.team_id:
        there = there.filter(teams=conversation.team_id)
    locked = there.select_related("user").select_for_update(of=("self",), no_key=True).order_by("pk")
    able = [member for member in locked if not member.skills or conversation.category in member.skills]
    loads = _loads(conversation.workspace)
    free = [member for member in able if loads.get(member.user_id, 0) < member.capacity]

    def rank(member: Member) -> tuple[int, float, int]:
        load = loads.get(member.user_id, 0) if mode == Assignment.LEAST_LOAD else 0
        return load, member.assigned_at.timestamp() if member.assigned_at else 0, member.pk

    return min(free, key=rank, default=None)


def _loads(workspace: Workspace) -> dict[int, int]:
    """How many open conversations each agent has; what is snoozed takes no room."""
    rows = Conversation.objects.in_workspace(workspace).filter(handler=Handler.AGENT, status=Status.OPEN)
    counted = rows.exclude(assignee=None).order_by().values_list("assignee").annotate(Count("id"))
    return dict(counted)
