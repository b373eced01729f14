"""A member leaves a workspace: what they have goes back to the queue, and nothing there is open to them any more."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from supportbot.chat import events, organising
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from supportbot.workspaces.roles import objection


@transaction.atomic
def dismiss(member: Member, *, by: User) -> None:
    """End a membership, at once; the user, who may work elsewhere, and what they wrote stay."""
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=member.workspace_id)
    if member.user_id == by.pk:
        raise Refused("forbidden", "Somebody else has to end your own membership.")
    if words := objection(member, None, by=by):
        raise Refused("forbidden", words)
    theirs = Conversation.objects.in_workspace(workspace).filter(assignee=member.user)
    for conversation_id in theirs.exclude(status=Conversation.Status.RESOLVED).values_list("id", flat=True):
        organising.assign(conversation_id=conversation_id, agent=by, to_id=None)
    AuditEntry.objects.create(workspace=workspace, actor=by, action="member.removed", target=str(member.user_id))
    member.delete()
    transaction.on_commit(partial(events.publish_presence, workspace))
