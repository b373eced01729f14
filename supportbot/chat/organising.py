"""How agents keep conversations in order: priority, labels, assignment, snooze, spam, block.

Each is one transaction, and each writes a line among the messages that only agents see. Whatever is named by an id has
to be of the conversation's workspace.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.chat import milestones, sending, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.doers import Doer, may_put_away, person
from supportbot.chat.models import Contact, Conversation, Message, Milestone
from supportbot.chat.refusals import Closed, NotYours, Refused
from supportbot.chat.sorting import Label
from supportbot.workspaces.models import AuditEntry, Team, User, Workspace

LONGEST_SNOOZE = timedelta(days=366)
AT_ONCE = 500  # snoozes that one sweep ends
Status, Handler = Conversation.Status, Conversation.Handler


@transaction.atomic
def prioritise(*, conversation_id: UUID, agent: Doer, priority: str) -> None:
    """Set the priority."""
    conversation = transcript.locked(conversation_id)
    if priority not in Conversation.Priority.values:
        raise Refused("bad_frame", f"A priority is one of: {', '.join(Conversation.Priority.values)}.")
    if conversation.priority == priority:
        return
    conversation.priority = priority
    _note(conversation, agent, f"set the priority to {priority}")
    transcript.save_among_agents(conversation)


@transaction.atomic
def add_label(*, workspace: Workspace, name: str, colour: str) -> Label:
    """Define a label; one of that name, in any case of letters, is given as it is."""
    name = " ".join(name.replace("\x00", "").split())
    if not 0 < len(name) <= 40 or colour not in Label.Colour.values:
        raise Refused("bad_label", "A label has a name of at most 40 characters, and one of the colours.")
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    labels = Label.objects.in_workspace(workspace)
    return labels.filter(name__iexact=name).first() or labels.create(workspace=workspace, name=name, colour=colour)


@transaction.atomic
def label(*, conversation_id: UUID, agent: Doer, label_id: int, on: bool) -> None:
    """Put a label on the conversation, or take it off."""
    conversation = transcript.locked(conversation_id)
    found = Label.objects.in_workspace(conversation.workspace).filter(id=label_id).first()
    if found is None:
        raise Refused("not_found", "There is no such label.")
    if conversation.labels.filter(id=label_id).exists() == on:
        return
    (conversation.labels.add if on else conversation.labels.remove)(found)
    _note(conversation, agent, f"{'added' if on else 'removed'} the label {found.name}")
    transcript.save_among_agents(conversation)


@transaction.atomic
def assign(*, conversation_id: UUID, agent: Doer, to_id: int | None) -> None:
    """Give the turn to an agent of the workspace, whoever has it now; without one, to the queue."""
    conversation = transcript.locked(conversation_id)
    _demand_live(conversation)
    if conversation.assignee:
        sending.deliver_now(conversation, conversation.assignee)
    if to_id is None:
        _put_in_queue(conversation, agent)
    elif conversation.handler != Handler.AGENT or conversation.assignee_id != to_id:
        to = _colleague(conversation.workspace, to_id)
        _note(conversation, agent, "took it" if to == agent else f"assigned it to {to.get_short_name()}")
        transcript.give_to_agent(conversation, to)


@transaction.atomic
def route(*, conversation_id: UUID, agent: Doer, team_id: int | None) -> None:
    """Assign to a team, or to none; what the assistant had goes to people with it."""
    conversation = transcript.locked(conversation_id)
    _demand_live(conversation)
    if conversation.team_id == team_id:
        return
    teams = Team.objects.in_workspace(conversation.workspace)
    team = teams.filter(id=team_id).first() if team_id is not None else None
    if team_id is not None and team is None:
        raise Refused("not_found", "There is no such team.")
    conversation.team = team
    _note(conversation, agent, f"assigned it to the team {team.name}" if team else "took it from its team")
    if team and conversation.handler == Handler.BOT:
        transcript.hand_off(conversation, reason=_reason(agent))
    else:
        transcript.save_among_agents(conversation)


@transaction.atomic
def hand_over(*, conversation_id: UUID, agent: Doer) -> None:
    """What the assistant has goes to people; what they have stays as it is."""
    conversation = transcript.locked(conversation_id)
    _demand_live(conversation)
    if conversation.handler == Handler.BOT:
        _note(conversation, agent, "handed it over to people")
        transcript.hand_off(conversation, reason=_reason(agent))


@transaction.atomic
def snooze(*, conversation_id: UUID, agent: Doer, until: datetime) -> None:
    """Put it out of the way until then, or until the customer writes."""
    conversation = transcript.locked(conversation_id)
    _demand_live(conversation)
    _demand_free(conversation, agent)
    now = timezone.now()
    if not now < until < now + LONGEST_SNOOZE:
        raise Refused("bad_time", "Choose a time that is still to come, within a year.")
    conversation.snooze(until)
    local = until.astimezone(conversation.workspace.zone)
    _note(conversation, agent, f"snoozed it until {local:%d %B %Y, %H:%M} ({conversation.workspace.time_zone})")
    transcript.save_among_agents(conversation)
    announce(Event.CONVERSATION_SNOOZED, conversation)


@transaction.atomic
def wake(*, conversation_id: UUID, agent: User) -> None:
    """End the snooze before its time."""
    conversation = transcript.locked(conversation_id)
    if conversation.status == Status.SNOOZED:
        conversation.wake()
        _note(conversation, agent, "ended the snooze")
        transcript.save_among_agents(conversation)


@transaction.atomic
def reopen(*, conversation_id: UUID, agent: User) -> None:
    """What was resolved waits for people again; one that goes on stays as it is."""
    conversation = transcript.locked(conversation_id)
    if conversation.is_spam:
        raise Closed(conversation)
    if conversation.status != Status.RESOLVED:
        return
    conversation.give_to_queue()
    _note(conversation, agent, "reopened the conversation")
    transcript.save(conversation)
    announce(Event.CONVERSATION_REOPENED, conversation)


def wake_due() -> None:
    """End every snooze whose time has come."""
    due = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=timezone.now())
    for conversation_id in due.values_list("id", flat=True)[:AT_ONCE]:
        _wake_if_due(conversation_id)


@transaction.atomic
def mark_spam(*, conversation_id: UUID, agent: Doer, on: bool) -> None:
    """Put it among the spam, where nobody answers; or take it out, and people look at it."""
    conversation = transcript.locked(conversation_id)
    if conversation.is_spam == on:
        return
    _demand_free(conversation, agent)
    sending.deliver_now(conversation, agent)
    if on:
        conversation.put_among_spam()
        transcript.settle(conversation, Message.Outcome.BY_AGENT)
        transcript.silence_bot(conversation, "taken_over")
    else:
        conversation.is_spam = False
        conversation.give_to_queue()
        milestones.note(conversation, Milestone.Kind.HANDED_OFF, "no_spam", person(agent))
    _note(conversation, agent, "marked it as spam" if on else "took it out of the spam")
    (transcript.save_among_agents if on else transcript.save)(conversation)


@transaction.atomic
def block(*, conversation_id: UUID, agent: User, on: bool) -> None:
    """Refuse from now on what this contact writes, in all conversations; or no longer."""
    contacts = Contact.objects.select_for_update(of=("self",))  # first, as whoever posts does
    contact = contacts.get(conversations=conversation_id)
    conversation = transcript.locked(conversation_id)
    if (contact.blocked_at is not None) == on:
        return
    contact.blocked_at = timezone.now() if on else None
    Contact.objects.filter(id=contact.id).update(blocked_at=contact.blocked_at)
    if on and conversation.handler == Handler.BOT:
        transcript.settle(conversation, Message.Outcome.BY_AGENT)
        conversation.claim = conversation.claimed_until = None
        transcript.silence_bot(conversation, "taken_over")
    conversation.contact = contact
    _note(conversation, agent, f"{'blocked' if on else 'unblocked'} the contact")
    where = {"workspace": conversation.workspace, "target": str(contact.pk)}
    AuditEntry.objects.create(**where, actor=agent, action=f"contact.{'blocked' if on else 'unblocked'}")
    transcript.save_among_agents(conversation)
    transcript.show_anew(contact.conversations.exclude(id=conversation.id))


@transaction.atomic
def _wake_if_due(conversation_id: UUID) -> None:
    conversation = transcript.locked(conversation_id)
    until = conversation.snoozed_until
    if conversation.status == Status.SNOOZED and until and until <= timezone.now():
        conversation.wake()
        transcript.note_activity(conversation, "The snooze is over")
        transcript.save_among_agents(conversation)


def _put_in_queue(conversation: Conversation, agent: Doer) -> None:
    if conversation.handler == Handler.QUEUE:
        return
    _note(conversation, agent, "assigned it to nobody")
    if conversation.handler == Handler.BOT:
        transcript.hand_off(conversation, reason=_reason(agent))
    else:
        conversation.give_to_queue()
        transcript.say_publicly(conversation, "passed_on", agent)
        announce(Event.CONVERSATION_ASSIGNED, conversation)


def _reason(agent: Doer) -> str:
    return "assigned" if person(agent) else "rule"


def _colleague(workspace: Workspace, user_id: int) -> User:
    member = workspace.members.working().filter(user=user_id).select_related("user").first()
    if member is None:
        raise Refused("not_found", "There is no such agent in this workspace.")
    return member.user


def _demand_live(conversation: Conversation) -> None:
    if conversation.status == Status.RESOLVED:
        raise Closed(conversation)


def _demand_free(conversation: Conversation, agent: Doer) -> None:
    """What another agent has is theirs to put away."""
    if not may_put_away(agent, conversation):
        raise NotYours


def _note(conversation: Conversation, agent: Doer, done: str) -> None:
    transcript.note_activity(conversation, f"{agent.get_short_name()} {done}", person(agent))
