"""SLA policies: what is due when, and what agents are told as it comes near and passes. Time passes in stored times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from supportbot.chat import organising, services, tasks
from supportbot.chat.models import Conversation, SlaPolicy
from supportbot.workspaces.models import Team, User, Workspace
from tests.chat.conftest import Write, now

Alarm = Conversation.Alarm


def policy(workspace: Workspace, **fields: Any) -> SlaPolicy:
    """A policy under which every minute counts."""
    made = SlaPolicy(workspace=workspace, name="Policy", in_business_hours=False, **fields)
    made.full_clean()
    made.save()
    return made


@pytest.fixture
def waiting(workspace: Workspace, write: Write) -> Conversation:
    """A conversation that waits for a person under a policy of 30 and 60 minutes, and two hours in all."""
    policy(workspace, first_minutes=30, next_minutes=60, resolution_minutes=120)
    conversation = write("Hello").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    return now(conversation)


def answer(conversation: Conversation, agent: User) -> None:
    """An agent answers."""
    services.take(conversation_id=conversation.id, agent=agent)
    services.post_message(
        conversation_id=conversation.id, body="Hello, how can I help?", client_id=uuid4(), agent=agent
    )


def pass_time(conversation: Conversation, minutes: float) -> None:
    """The clocks of the conversation began that much earlier."""
    row, by = now(conversation), timedelta(minutes=minutes)
    for name in ("waiting_since", "with_people_since", "reply_due_at", "resolution_due_at"):
        at = getattr(row, name)
        setattr(row, name, at and at - by)
    row.save()


def told(conversation: Conversation) -> list[str]:
    """What agents were told of breaches."""
    return list(conversation.remarks.filter(body__startswith="Overdue").values_list("body", flat=True))


def test_what_the_bot_has_is_not_due(workspace: Workspace, write: Write) -> None:
    policy(workspace, first_minutes=30, resolution_minutes=60)
    conversation = now(write("Hello").conversation)
    assert (conversation.reply_due_at, conversation.resolution_due_at) == (None, None)


def test_a_waiting_customer_is_due_until_people_answer_and_resolve(
    waiting: Conversation, maya: User, write: Write
) -> None:
    assert waiting.waiting_since and waiting.with_people_since
    assert waiting.reply_due_at == waiting.waiting_since + timedelta(minutes=30)
    assert waiting.resolution_due_at == waiting.with_people_since + timedelta(minutes=120)
    answer(waiting, maya)
    assert now(waiting).reply_due_at is None
    assert now(waiting).resolution_due_at == waiting.resolution_due_at
    again = write("It is about my order")
    assert now(waiting).reply_due_at == again.created_at + timedelta(minutes=60), "people have answered once"
    services.resolve(conversation_id=waiting.id, agent=maya)
    assert (now(waiting).reply_due_at, now(waiting).resolution_due_at) == (None, None)


def test_an_alarm_is_raised_once_before_and_once_after_the_time(waiting: Conversation, maya: User) -> None:
    tasks.sweep()
    assert now(waiting).reply_alarm == ""
    pass_time(waiting, 20)
    tasks.sweep()
    assert (now(waiting).reply_alarm, told(waiting)) == (Alarm.SOON, [])
    pass_time(waiting, 20)
    tasks.sweep()
    tasks.sweep()
    assert (now(waiting).reply_alarm, now(waiting).resolution_alarm) == (Alarm.BREACHED, "")
    (line,) = told(waiting)
    assert line.startswith("Overdue: the first response was due on")
    answer(waiting, maya)
    assert (now(waiting).reply_due_at, now(waiting).reply_alarm) == (None, "")
    pass_time(waiting, 100)
    tasks.sweep()
    assert told(waiting)[1].startswith("Overdue: the resolution was due on")


def test_the_most_specific_policy_counts(waiting: Conversation, maya: User, workspace: Workspace) -> None:
    team = Team.objects.create(workspace=workspace, name="Returns")
    policy(workspace, first_minutes=10, priority="urgent")
    policy(workspace, first_minutes=20, team=team)
    policy(workspace, first_minutes=5, team=team, priority="high")
    assert waiting.waiting_since

    def minutes() -> float:
        due = now(waiting).reply_due_at
        assert due and waiting.waiting_since
        return (due - waiting.waiting_since) / timedelta(minutes=1)

    organising.prioritise(conversation_id=waiting.id, agent=maya, priority="urgent")
    assert minutes() == 10
    organising.route(conversation_id=waiting.id, agent=maya, team_id=team.pk)
    assert minutes() == 20, "a team before a priority"
    organising.prioritise(conversation_id=waiting.id, agent=maya, priority="high")
    assert minutes() == 5


def test_minutes_are_those_of_the_business_hours(waiting: Conversation, maya: User, workspace: Workspace) -> None:
    SlaPolicy.objects.update(in_business_hours=True)
    for weekday in range(5):
        workspace.opening_times.create(weekday=weekday, opens="09:00", closes="17:00")
    workspace.holidays.create(day="2026-11-30")  # a Monday
    friday = datetime(2026, 11, 27, 16, 50, tzinfo=UTC)
    Conversation.objects.update(waiting_since=friday)
    organising.prioritise(conversation_id=waiting.id, agent=maya, priority="high")
    assert now(waiting).reply_due_at == datetime(2026, 12, 1, 9, 20, tzinfo=UTC)
    team = Team.objects.create(workspace=workspace, name="Returns", time_zone="America/New_York")
    team.opening_times.create(weekday=4, opens="09:00", closes="17:00")
    organising.route(conversation_id=waiting.id, agent=maya, team_id=team.pk)
    assert now(waiting).reply_due_at == friday + timedelta(minutes=30), "the team's own hours"


def test_a_policy_that_is_gone_leaves_nothing_due(waiting: Conversation) -> None:
    pass_time(waiting, 500)
    SlaPolicy.objects.all().delete()
    tasks.sweep()
    assert (now(waiting).reply_due_at, now(waiting).resolution_due_at, told(waiting)) == (None, None, [])


def test_a_policy_promises_something_in_one_workspace(workspace: Workspace) -> None:
    other = Team.objects.create(workspace=Workspace.objects.create(name="Other", slug="other"), name="Theirs")
    with pytest.raises(ValidationError, match="at least one"):
        policy(workspace)
    with pytest.raises(ValidationError, match="same workspace"):
        policy(workspace, first_minutes=5, team=other)
    policy(workspace, first_minutes=5)
    with pytest.raises(ValidationError):
        policy(workspace, first_minutes=6)


def test_a_snooze_stops_no_clock(waiting: Conversation, maya: User) -> None:
    organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + timedelta(days=3))
    assert now(waiting).reply_due_at == waiting.reply_due_at
