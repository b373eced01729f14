"""What a rule can do: each is the use case that an agent has, done in the rule's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from supportbot.actions.todo import TITLE_LIMIT
from supportbot.chat import notes, organising, services, todo, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.canned import unseen_text
from supportbot.chat.composing import BODY_LIMIT, LONGEST_SNOOZE
from supportbot.chat.doers import Automation
from supportbot.chat.models import CannedResponse, Conversation, Message, Rule, RuleRun
from supportbot.chat.refusals import Closed, Refused
from supportbot.chat.rules.conditions import Choices, labels_of, teams_of
from supportbot.chat.todo import Plan
from supportbot.chat.variables import names_in
from supportbot.workspaces.models import Member, Workspace

Action = list[str]  # name, value
Outcome = Message.Outcome


@dataclass(frozen=True)
class Deed:
    """One thing that can be done; its value is chosen, written, a number, or none."""

    label: str
    do: Callable[[RuleRun, str, int], None]
    choices: Callable[[Workspace], Choices] | None = None
    kind: str = "none"  # or text, number
    hint: str = ""
    limit: int = BODY_LIMIT  # characters of what is written


def _where(run: RuleRun) -> dict[str, Any]:
    return {"conversation_id": run.conversation_id, "agent": Automation(run.rule_name)}


def _client_id(run: RuleRun, index: int) -> Any:
    return uuid5(NAMESPACE_URL, f"rule-run:{run.pk}:{index}")


def _label(on: bool) -> Callable[[RuleRun, str, int], None]:
    return lambda run, value, _: organising.label(**_where(run), label_id=int(value), on=on)


def _reply(run: RuleRun, value: str, index: int) -> None:
    """Sent in the assistant's place, and never beside an answer of its own."""
    conversation = transcript.locked(run.conversation_id)
    response = _shared(conversation.workspace).filter(id=int(value)).first()
    if response is None:
        raise Refused("not_found", "There is no such canned response any more.")
    if conversation.is_spam:
        raise Closed(conversation)
    if _is_assistants(run, conversation) or conversation.messages.filter(outcome=Outcome.PENDING).exists():
        raise Refused("answered", "The assistant answers here itself, and nobody is answered twice.")
    text = unseen_text(response, conversation, None)
    message = transcript.append(conversation, author=Message.Author.BOT, body=text, client_id=_client_id(run, index))
    transcript.save(conversation, message)


def _is_assistants(run: RuleRun, conversation: Conversation) -> bool:
    """Whether what the customer wrote, and by that started the rule, is answered by the assistant."""
    if run.message:
        return run.message.outcome in (Outcome.PENDING, Outcome.ANSWERED)
    return run.event == Rule.Event.REOPENED and conversation.handler == Conversation.Handler.BOT


def _note(run: RuleRun, value: str, index: int) -> None:
    """A note has no other author, so it says itself whose it is."""
    body = f"{Automation(run.rule_name).get_short_name()}: {value}"[:BODY_LIMIT]
    notes.post_note(**_where(run), body=body, client_id=_client_id(run, index))


def _task(run: RuleRun, value: str, _: int) -> None:
    """For the team that has the conversation, if one has it."""
    conversation = transcript.locked(run.conversation_id)
    plan = Plan(value, team=conversation.team_id)
    todo.add(workspace=conversation.workspace, plan=plan, **_where(run))


def _snooze(run: RuleRun, value: str, _: int) -> None:
    organising.snooze(**_where(run), until=timezone.now() + timedelta(hours=int(value)))


def _resolve(run: RuleRun, value: str, _: int) -> None:
    services.resolve(**_where(run))


def _tell(run: RuleRun, value: str, _: int) -> None:
    announce(Event.RULE_RAN, run)


def _shared(workspace: Workspace) -> Any:
    return CannedResponse.objects.in_workspace(workspace).filter(owner=None)


def _people(workspace: Workspace) -> Choices:
    members = Member.objects.in_workspace(workspace).working().select_related("user").order_by("user__name")
    return [(str(member.user_id), str(member.user)) for member in members]


def _responses(workspace: Workspace) -> Choices:
    """Those that say nothing of who sends them, for nobody does."""
    found = _shared(workspace).order_by("code")[: CannedResponse.SHOWN]
    return [(str(row.pk), str(row)) for row in found if "agent.name" not in names_in(row.body)]


def _priorities(_: Workspace) -> Choices:
    return [(str(value), str(label)) for value, label in Conversation.Priority.choices]


DEEDS: dict[str, Deed] = {
    "label": Deed("Add the label", _label(True), labels_of),
    "unlabel": Deed("Remove the label", _label(False), labels_of),
    "priority": Deed(
        "Set the priority to", lambda run, value, _: organising.prioritise(**_where(run), priority=value), _priorities
    ),
    "team": Deed(
        "Assign to the team", lambda run, value, _: organising.route(**_where(run), team_id=int(value)), teams_of
    ),
    "agent": Deed("Assign to", lambda run, value, _: organising.assign(**_where(run), to_id=int(value)), _people),
    "hand_over": Deed("Hand over to people", lambda run, value, _: organising.hand_over(**_where(run))),
    "reply": Deed("Send the canned response", _reply, _responses),
    "note": Deed("Write the private note", _note, kind="text", hint="Only agents read it"),
    "task": Deed("Open the task", _task, kind="text", hint="What is to be done", limit=TITLE_LIMIT),
    "snooze": Deed("Snooze, for hours", _snooze, kind="number", hint="Hours"),
    "resolve": Deed("Resolve", _resolve),
    "spam": Deed("Mark as spam", lambda run, value, _: organising.mark_spam(**_where(run), on=True)),
    "webhook": Deed("Tell webhooks (rule.ran)", _tell),
}


def perform(action: Action, run: RuleRun, index: int) -> None:
    """Do it to the run's conversation, in a transaction; Refused says what is in its way. Again, nothing is doubled."""
    name, value = action
    DEEDS[name].do(run, value, index)


def in_words(action: Action, workspace: Workspace) -> str:
    """As people read it."""
    name, value = action
    deed = DEEDS[name]
    if deed.choices:
        return f"{deed.label} {dict(deed.choices(workspace)).get(value, '(deleted)')}"
    return f"{deed.label}: {value}" if value else deed.label


def complaint(action: Action, workspace: Workspace) -> str:
    """What is wrong with it, for who writes the rule; nothing if it can be done."""
    name, value = action
    deed = DEEDS.get(name)
    if deed is None:
        return "Choose what the rule does."
    if deed.choices:
        return "" if value in dict(deed.choices(workspace)) else f"{deed.label}: choose one that there is."
    if deed.kind == "text" and not 0 < len(value.strip()) <= deed.limit:
        return f"{deed.label}: write at most {deed.limit:,} characters."
    if deed.kind == "number" and not (value.isdecimal() and 0 < int(value[:6]) <= LONGEST_SNOOZE):
        return f"{deed.label}: write a number from 1 to {LONGEST_SNOOZE:,}."
    return ""
