"""How a customer gets something done in the chat: two functions, each called once for a message of the customer's.

`start` when the customer wants it, `go_on` for each message after it. `turn` is the message's number: called again with
the same, after a crash or in a second process, both say what they said before and do nothing twice. Words in a message
fill parameters and answer the one question that was asked; nothing in them skips identity or confirmation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.actions import words
from supportbot.actions.catalogue import find, for_intent, is_withheld, look_up_for
from supportbot.actions.identity import Visitor, has_proven, owns
from supportbot.actions.models import ActionCall
from supportbot.actions.registry import BUILT_IN, UnknownAction
from supportbot.actions.talk import Step, Talk, is_elsewhere, said_before
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

__all__ = [
    "Step",
    "UnknownAction",
    "Visitor",
    "for_intent",
    "go_on",
    "has_proven",
    "is_withheld",
    "look_up_for",
    "owns",
    "put_aside",
    "start",
    "trigger",
]

State = ActionCall.State
ASKED = (State.COLLECTING, State.PROPOSED)
OPEN = (*ASKED, State.CONFIRMED)
STANDS_FOR = timedelta(minutes=30)  # an older question counts no more


def start(
    workspace: Workspace,
    conversation_id: UUID,
    action_name: str,
    known: Mapping[str, Any],
    visitor: Visitor,
    *,
    turn: int | None = None,
) -> Step:
    """Begin an action with what is known already, or take up one that was put aside; UnknownAction if there is none."""
    action = find(workspace, action_name)
    with transaction.atomic():
        calls = _calls(conversation_id)
        repeated = calls.filter(turn=turn, action=action_name).first() if turn is not None else None
        if repeated and repeated.state != State.CONFIRMED:
            return said_before(repeated)
        talk = Talk(repeated or _begun(workspace, conversation_id, action_name, calls), action, visitor, turn)
        if not repeated:
            talk.learn(known)
            if step := talk.go_on():
                return step
    return talk.perform()


def go_on(
    conversation_id: UUID, text: str, visitor: Visitor, *, turn: int | None = None, intent: str = ""
) -> Step | None:
    """Take the customer's words as an answer to what was asked; None if nothing is, or he talks of something else.

    `intent` is what triage is sure that the words want, if it is: it tells another subject from a slip.
    """
    with transaction.atomic():
        calls = _calls(conversation_id)
        repeated = calls.filter(turn=turn, is_aside=False).first() if turn is not None else None
        if repeated and repeated.state != State.CONFIRMED:
            return said_before(repeated)
        call = repeated or _fresh(calls).filter(state__in=OPEN, is_aside=False).first()
        if call is None:
            return None
        try:
            action = find(call.workspace, call.action)
        except UnknownAction:
            return _withdrawn(call, text, visitor, turn=turn, intent=intent)
        talk = Talk(call, action, visitor, turn)
        step = talk.hear(text, intent)
    return talk.perform() if talk.call.state == State.CONFIRMED else step


def put_aside(conversation_id: UUID) -> None:
    """Nothing is asked any more: a person has the turn, so a later yes is no answer to the bot's question."""
    ActionCall.objects.filter(conversation_id=conversation_id, state__in=ASKED).update(is_aside=True)


def trigger(
    workspace: Workspace,
    action_name: str,
    arguments: Mapping[str, Any],
    agent: User,
    *,
    conversation_id: UUID | None = None,
    is_test: bool = False,
) -> Step:
    """An agent has it done at once; Invalid if the arguments are not those of the action."""
    action = find(workspace, action_name, by=ActionCall.By.AGENT)
    with transaction.atomic():
        if conversation_id:
            _leave_others(_calls(conversation_id))
        call = ActionCall(workspace=workspace, conversation_id=conversation_id, action=action_name, user=agent)
        call.by, call.arguments = ActionCall.By.AGENT, action.parameters.check(arguments)
        call.is_verified, call.is_test = True, is_test
        call.enter(State.CONFIRMED)
        call.save()
    return Talk(call, action, Visitor(id=f"agent-{agent.pk}")).perform()


def _calls(conversation_id: UUID) -> ScopedQuerySet[ActionCall]:
    """The conversation's calls, newest first, which nobody else may change before this transaction ends."""
    rows = ActionCall.objects.filter(conversation_id=conversation_id).select_related("workspace", "user")
    return rows.select_for_update(of=("self",)).order_by("-updated_at")


def _begun(
    workspace: Workspace, conversation_id: UUID, action_name: str, calls: ScopedQuerySet[ActionCall]
) -> ActionCall:
    """The call that was put aside a while ago, or a new one; any other is left."""
    call = _fresh(calls).filter(action=action_name, state__in=ASKED).first()
    _leave_others(calls)
    call = call or ActionCall(workspace=workspace, conversation_id=conversation_id, action=action_name)
    call.is_aside, call.state, call.misses, call.result = False, State.COLLECTING, 0, {}
    call.save()
    return call


def _fresh(calls: ScopedQuerySet[ActionCall]) -> ScopedQuerySet[ActionCall]:
    return calls.filter(updated_at__gt=timezone.now() - STANDS_FOR)


def _withdrawn(call: ActionCall, text: str, visitor: Visitor, *, turn: int | None, intent: str) -> Step | None:
    """It was switched off while it was talked about: people take over, unless the customer talks of something else."""
    if is_elsewhere(text, intent):
        call.is_aside = True
        call.save()
        return None
    is_unknown = call.state == State.CONFIRMED and call.action not in BUILT_IN
    said = words.say(visitor.language, "failed" if is_unknown else "off")
    call.turn, call.said = turn, {"text": said, "hand_off": "reserved"}
    call.enter(State.FAILED, reason="off")
    call.save()
    return said_before(call)


def _leave_others(calls: ScopedQuerySet[ActionCall]) -> None:
    """One thing at a time; of what was confirmed and never finished nobody knows more."""
    for call in calls.filter(state=State.CONFIRMED, is_aside=False):
        call.enter(State.FAILED, reason="interrupted")
        call.save()
    calls.filter(state__in=ASKED).update(is_aside=True)
