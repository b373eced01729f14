"""Runs macros: every step is the use case that an agent has, all of them in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.chat import organising, services, transcript
from supportbot.chat.canned import unseen_text
from supportbot.chat.models import CannedResponse, Conversation, Macro
from supportbot.chat.refusals import Closed, Refused
from supportbot.workspaces.models import User


@transaction.atomic
def run_macro(*, conversation_id: UUID, agent: User, macro_id: int, client_id: UUID) -> Macro:
    """Do all that the macro says; if one step is refused, nothing was done. A resend sends no second reply."""
    conversation = transcript.locked(conversation_id)
    macros = Macro.objects.in_workspace(conversation.workspace).select_related("reply", "label", "assignee")
    macro = macros.filter(id=macro_id).first()
    if macro is None:
        raise Refused("not_found", "There is no such macro any more.")
    if not conversation.messages.filter(client_id=client_id).exists():
        if conversation.status == Conversation.Status.RESOLVED:
            raise Closed(conversation)
        transcript.note_activity(conversation, f"{agent.get_short_name()} ran the macro {macro.name}", agent)
        transcript.save_among_agents(conversation)
        _do(macro, conversation, agent, client_id)
    return macro


def _do(macro: Macro, conversation: Conversation, agent: User, client_id: UUID) -> None:
    where: dict[str, Any] = {"conversation_id": conversation.id, "agent": agent}
    if macro.reply:
        _demand_shared(macro, macro.reply)
        _reply(macro.reply, conversation, agent, client_id)
    if macro.label:
        organising.label(**where, label_id=macro.label.pk, on=True)
    if macro.priority:
        organising.prioritise(**where, priority=macro.priority)
    if macro.takes or macro.assignee:
        organising.assign(**where, to_id=macro.assignee.pk if macro.assignee else agent.pk)
    if macro.snooze_hours:
        organising.snooze(**where, until=timezone.now() + timedelta(hours=macro.snooze_hours))
    if macro.resolves:
        services.resolve(**where)


def _demand_shared(macro: Macro, response: CannedResponse) -> None:
    """A text may have become somebody's own since the macro was saved."""
    if response.workspace_id != macro.workspace_id or response.owner_id is not None:
        raise Refused("not_found", f"The text that {macro.name} sends is not everybody's here any more.")


def _reply(response: CannedResponse, conversation: Conversation, agent: User, client_id: UUID) -> None:
    text = unseen_text(response, conversation, agent)
    services.take(conversation_id=conversation.id, agent=agent)
    services.post_message(conversation_id=conversation.id, body=text, client_id=client_id, agent=agent)
