"""Automatic assignment: who gets what waits, and that nobody gets it twice or more than they have room for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from supportbot.chat import assignment, organising, services, tasks
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import identify
from supportbot.workspaces.models import Assignment, Member, Team, User, Workspace
from tests.chat.conftest import now

Wait = Callable[..., Conversation]


@pytest.fixture
def wait(workspace: Workspace) -> Wait:
    """Another customer who waits for a person, in a workspace that assigns in turn."""
    Workspace.objects.filter(pk=workspace.pk).update(assignment=Assignment.ROUND_ROBIN)

    def begin(**fields: Any) -> Conversation:
        visitor = identify(workspace.key, f"{uuid4().hex}{uuid4().hex}"[:43], origin=None, host="testserver")
        conversation = visitor.begin()
        services.post_message(conversation_id=conversation.id, body="Hello", client_id=uuid4())
        services.request_agent(conversation_id=conversation.id, client_id=uuid4())
        Conversation.objects.filter(id=conversation.id).update(**fields)
        return now(conversation)

    return begin


def come(*people: User, **fields: Any) -> None:
    """They open the inbox."""
    Member.objects.filter(user__in=people).update(seen_at=timezone.now(), **fields)


def holders(*conversations: Conversation) -> list[User | None]:
    """Who has which."""
    return [now(conversation).assignee for conversation in conversations]


def test_it_is_off_until_somebody_wants_it(wait: Wait, maya: User) -> None:
    come(maya)
    waiting = wait()
    Workspace.objects.update(assignment=Assignment.OFF)
    tasks.sweep()
    assert holders(waiting) == [None]


def test_agents_get_what_waits_in_turn(wait: Wait, maya: User, tom: User) -> None:
    come(maya, tom)
    waiting = [wait() for _ in range(4)]
    tasks.sweep()
    assert holders(*waiting) == [maya, tom, maya, tom]
    assert waiting[0].remarks.get().body == "Assigned to Maya automatically"
    assert waiting[0].messages.last().body == "Maya has joined the conversation."  # type: ignore[union-attr]


def test_who_has_least_gets_the_next(wait: Wait, maya: User, tom: User) -> None:
    Workspace.objects.update(assignment=Assignment.LEAST_LOAD)
    come(maya, tom)
    for _ in range(2):
        services.take(conversation_id=wait().id, agent=maya)
    waiting = [wait() for _ in range(2)]
    tasks.sweep()
    assert holders(*waiting) == [tom, tom]


def test_what_is_beyond_capacity_waits_until_there_is_room(wait: Wait, maya: User, tom: User) -> None:
    come(maya, capacity=1)
    first, second = wait(), wait()
    tasks.sweep()
    assert holders(first, second) == [maya, None], "Tom is not there"
    services.resolve(conversation_id=first.id, agent=maya)
    tasks.sweep()
    assert holders(second) == [maya]


def test_categories_go_to_who_has_them_or_has_none(wait: Wait, maya: User, tom: User) -> None:
    come(maya, skills=["delivery"])
    parcel, bill = wait(category="delivery"), wait(category="invoice")
    tasks.sweep()
    assert holders(parcel, bill) == [maya, None]
    come(tom)
    tasks.sweep()
    assert holders(bill) == [tom]


def test_a_team_assigns_among_its_members_in_its_own_way(
    wait: Wait, maya: User, tom: User, workspace: Workspace
) -> None:
    team = Team.objects.create(workspace=workspace, name="Returns", assignment=Assignment.LEAST_LOAD)
    team.members.add(Member.objects.get(user=tom))
    quiet = Team.objects.create(workspace=workspace, name="Legal", assignment=Assignment.OFF)
    quiet.members.add(Member.objects.get(user=maya))
    come(maya, tom)
    of_team, of_quiet = wait(team=team), wait(team=quiet)
    tasks.sweep()
    assert holders(of_team, of_quiet) == [tom, None]


def test_who_is_away_gets_nothing_until_they_are_back(wait: Wait, maya: User) -> None:
    come(maya, is_away=True)
    waiting = wait()
    tasks.sweep()
    assert holders(waiting) == [None]
    come(maya, back_at=timezone.now())
    tasks.sweep()
    assert holders(waiting) == [maya]


@pytest.mark.parametrize("how", ["looks on", "left", "switched off"])
def test_who_works_here_no_more_gives_back_what_they_had(wait: Wait, maya: User, tom: User, how: str) -> None:
    mine = wait()
    organising.assign(conversation_id=mine.id, agent=tom, to_id=tom.pk)
    come(maya, tom)
    if how == "looks on":
        Member.objects.filter(user=tom).update(role=Member.Role.VIEWER)
    elif how == "left":
        Member.objects.filter(user=tom).delete()
    else:
        User.objects.filter(pk=tom.pk).update(is_active=False)
    assignment.assign_waiting()
    assert holders(mine) == [maya], "and never to who only looks on, with the inbox open, too"
    with pytest.raises(Refused, match="no such agent"):
        organising.assign(conversation_id=mine.id, agent=maya, to_id=tom.pk)


def test_two_workers_never_assign_twice_or_beyond_capacity(wait: Wait, maya: User, tom: User) -> None:
    come(maya, tom, capacity=3)
    waiting = [wait() for _ in range(8)]

    def work(_: int) -> None:
        assignment.assign_waiting()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    got = holders(*waiting)
    assert (got.count(maya), got.count(tom), got.count(None)) == (3, 3, 2)
    lines = [conversation.remarks.count() for conversation in waiting]
    assert sorted(lines) == [0, 0, 1, 1, 1, 1, 1, 1]


def test_what_is_snoozed_takes_no_room(wait: Wait, maya: User) -> None:
    come(maya, capacity=1)
    first, second = wait(), wait()
    tasks.sweep()
    organising.snooze(conversation_id=first.id, agent=maya, until=timezone.now() + timedelta(days=1))
    tasks.sweep()
    assert holders(first, second) == [maya, maya]
