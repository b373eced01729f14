"""Tasks at the inbox: made beside a conversation, waiting for one another, and told to the customer once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from supportbot.actions.models import Task, TaskEntry
from supportbot.chat import assignment, digest, erasing, merging
from supportbot.chat.models import Conversation, Remark
from supportbot.chat.visitors import Visitor, identify
from supportbot.workspaces.models import Member, Team, User, Workspace
from tests.dashboard.conftest import Sit, said

LISTED = "/inbox/tasks/list/"


def at(user: User) -> Client:
    """The browser of somebody who signed in."""
    client = Client()
    client.force_login(user)
    return client


def made(client: Client, title: str, place: str = "tasks/new", **fields: Any) -> Task:
    """The task that a form makes."""
    answer = client.post(f"/inbox/{place}/", {"title": title, **fields})
    assert answer.status_code == 200, answer.content.decode()
    return Task.objects.get(title=title)


def filled(task: Task, **changed: Any) -> dict[str, Any]:
    """The form of a task as its dialog sends it."""
    kept = {"title": task.title, "text": task.text, "status": task.status, "owner": task.owner_id or ""}
    return {**kept, "team": task.team_id or "", "seen": task.updated_at.isoformat(), **changed}


def test_a_line_beside_a_conversation_is_a_task_that_colleagues_see(maya: User, waiting: Conversation) -> None:
    client = at(maya)
    task = made(client, "Ask the warehouse", f"{waiting.id}/tasks")
    assert (task.owner, task.conversation, task.status, task.made_by) == (maya, waiting, "open", maya)
    assert "Ask the warehouse" in client.get(f"/inbox/{waiting.id}/facts/").content.decode()
    assert Remark.objects.filter(body="Maya added the task Ask the warehouse").exists()
    assert client.post(f"/inbox/{waiting.id}/tasks/", {"title": " "}).status_code == 422


def test_the_dialog_keeps_all_and_takes_the_time_in_the_zone_of_the_browser(
    maya: User, tom: User, workspace: Workspace
) -> None:
    client, team = at(maya), Team.objects.create(workspace=workspace, name="Warehouse")
    task = made(client, "Count the hats", owner=tom.pk, team=team.pk, due="2027-03-01T09:30", zone="Asia/Tokyo")
    assert task.due_at and task.due_at.isoformat() == "2027-03-01T00:30:00+00:00"
    client.post(f"/inbox/tasks/{task.pk}/", filled(task, new_steps="Red ones\nBlue ones", comment="By Monday?"))
    task.refresh_from_db()
    first = task.steps.get(text="Red ones")
    ticked = {"step_done": first.pk, **{f"step-{one.pk}": one.text for one in task.steps.all()}}
    client.post(f"/inbox/tasks/{task.pk}/", filled(task, **ticked))
    assert list(task.steps.values_list("text", "is_done")) == [("Red ones", True), ("Blue ones", False)]
    late = client.post(f"/inbox/tasks/{task.pk}/", filled(task, title="Mine instead"))
    assert late.status_code == 422 and "Somebody changed this task" in late.content.decode()
    assert "Mine instead" in late.content.decode(), "what was typed is not lost"
    assert TaskEntry.objects.get(is_comment=True).body == "By Monday?"
    assert "1 of 2 lines" in client.get(LISTED, {"whose": "all"}).content.decode()


def test_a_task_waits_begins_and_never_in_a_circle(maya: User, tom: User) -> None:
    client = at(maya)
    answer = made(client, "Answer of the warehouse", owner=maya.pk)
    refund = made(client, "Refund", owner=tom.pk, waits_for=[answer.pk])
    assert refund.status == "waiting"
    early = client.post(f"/inbox/tasks/{refund.pk}/move/done/")
    assert early.status_code == 422 and "still waits for “Answer of the warehouse”" in early.content.decode()
    again = at(tom).post(f"/inbox/tasks/{answer.pk}/", filled(answer, waits_for=[refund.pk]))
    assert again.status_code == 422 and not answer.waits_for.exists()
    assert client.post(f"/inbox/tasks/{answer.pk}/move/done/").status_code == 200
    refund.refresh_from_db()
    assert refund.status == "open"
    assert client.post(f"/inbox/tasks/{refund.pk}/move/done/").status_code == 200
    sure = made(client, "Sure", waits_for=[made(client, "Never", owner="").pk])
    assert client.post(f"/inbox/tasks/{sure.pk}/move/done/", {"sure": "1"}).status_code == 200


def test_the_customer_is_told_once_after_the_last_task(maya: User, tom: User, waiting: Conversation) -> None:
    client, place = at(maya), f"/inbox/{waiting.id}/told/"
    first, last = (made(client, title, f"{waiting.id}/tasks", tells="1") for title in ("Look", "Send"))
    assert b"data-opens" not in client.post(f"/inbox/tasks/{first.pk}/move/done/").content
    assert client.post(place, {"body": "Too early"}).status_code == 422
    assert f'data-opens="{waiting.id}/told/"' in client.post(f"/inbox/tasks/{last.pk}/move/done/").content.decode()
    assert "is done now" in client.get(place).content.decode()
    assert client.post(place, {"body": " "}).status_code == 422
    assert client.post(place, {"body": "Your hat is on its way."}).status_code == 200
    twice = at(tom).post(place, {"body": "Your hat is on its way."})
    assert twice.status_code == 422 and "told already" in twice.content.decode()
    assert list(waiting.messages.filter(author="agent").values_list("body", "user")) == [
        ("Your hat is on its way.", maya.pk)
    ]
    assert set(Task.objects.values_list("tell", flat=True)) == {"told"}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, {"Mine"}),
        ({"whose": "teams"}, {"Team"}),
        ({"whose": "all"}, {"Mine", "Team", "Late"}),
        ({"whose": "overdue"}, {"Late"}),
        ({"whose": "all", "q": "lat"}, {"Late"}),
        ({"whose": "all", "status": "done"}, {"Done"}),
        (
            {"whose": "all", "shape": "board", "sort": "title", "owner": "x", "status": "no"},
            {"Mine", "Team", "Late", "Done"},
        ),
    ],
)
def test_the_page_shows_what_is_asked_for(
    maya: User, tom: User, workspace: Workspace, query: Any, titles: set[str]
) -> None:
    team = Team.objects.create(workspace=workspace, name="Warehouse")
    team.members.add(Member.objects.get(user=maya))
    yesterday, rows = timezone.now() - timedelta(days=1), Task.objects.create
    rows(workspace=workspace, title="Mine", owner=maya)
    rows(workspace=workspace, title="Team", team=team)
    rows(workspace=workspace, title="Late", owner=tom, due_at=yesterday)
    rows(workspace=workspace, title="Done", owner=tom, status="done")
    html = at(maya).get("/inbox/tasks/", query).content.decode()
    assert {title for title in ("Mine", "Team", "Late", "Done") if f'dir="auto">{title}</button>' in html} == titles


def test_what_is_due_is_mailed_once(maya: User, with_bot: Conversation) -> None:
    soon, long_ago = timezone.now() + timedelta(hours=2), timezone.now() - timedelta(days=3)
    task = made(at(maya), "Call the <courier>", f"{with_bot.id}/tasks")
    Task.objects.update(due_at=soon)
    Member.objects.update(digest="hourly")
    for member_id in digest.due():
        digest.send(member_id)
    assert [mail.to for mail in outbox.outbox] == [[maya.email]] and ", 1 task due" in outbox.outbox[0].subject
    assert "Call the <courier>" in outbox.outbox[0].body and f"task={task.pk}" in outbox.outbox[0].body
    Member.objects.update(digest_due_at=long_ago)
    assert digest.due() == []


def test_tasks_follow_a_merge_and_are_erased_with_the_customer(
    maya: User, customer: Visitor, with_bot: Conversation
) -> None:
    other = identify(customer.workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")
    client, second = at(maya), said(other, "And another thing")
    task = made(client, "Look for the parcel", f"{with_bot.id}/tasks")
    joined = merging.merge(conversation_id=second.id, other_id=with_bot.id, agent=maya)
    task.refresh_from_db()
    assert task.conversation_id == joined.id
    erasing.erase_contact(joined.contact)
    assert not Task.objects.exists()


def test_what_somebody_had_who_only_looks_on_has_nobody(maya: User, tom: User) -> None:
    task = made(at(maya), "Sort the hats", owner=tom.pk)
    Member.objects.filter(user=tom).update(role=Member.Role.VIEWER)
    assignment.assign_waiting()
    task.refresh_from_db()
    assert task.owner is None
    assert at(tom).post(f"/inbox/tasks/{task.pk}/move/done/").status_code == 403
    assert "Sort the hats" in at(tom).get(LISTED, {"whose": "all"}).content.decode()


async def test_every_open_inbox_hears_of_it(maya: User, tom: User, sit: Sit) -> None:
    inbox = await sit(tom)
    await inbox.hear("presence.own")
    task = await sync_to_async(made)(await sync_to_async(at)(maya), "Weigh the hats", owner=tom.pk)
    heard = {frame["type"]: frame for frame in [await inbox.hear("tasks.changed", "task.called") for _ in range(2)]}
    assert heard["tasks.changed"]["task"] == task.pk
    assert heard["task.called"]["words"] == "Maya gave you a task: Weigh the hats"
