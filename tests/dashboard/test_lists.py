"""The lists of the inbox: its views, pages, filters, what changes meanwhile, and changes to many at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportbot.chat import erasing, notes, organising, services
from supportbot.chat.models import Contact, Conversation
from supportbot.chat.sorting import Label, SavedFilter
from supportbot.chat.visitors import identify
from supportbot.dashboard.desk import PAGE, find_desk
from supportbot.workspaces.models import Team, User, Workspace
from tests.dashboard.conftest import Frame, Sit, now, said

Status, Handler = Conversation.Status, Conversation.Handler
CHANGES: list[dict[str, object]] = [
    {"type": "conversation.prioritise", "priority": "high"},
    {"type": "conversation.snooze", "until": "2999-01-01T00:00:00+00:00"},
    {"type": "conversation.spam", "on": True},
    {"type": "contact.block", "on": True},
    {"type": "conversation.assign", "agent": None},
    {"type": "conversation.route", "team": None},
    {"type": "conversation.label", "label": 1, "on": True},
]


def signed_in(user: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(user)
    return client


def listed(user: User, view: str, **asked: object) -> dict[str, Any]:
    """A page of a view."""
    found: dict[str, Any] = signed_in(user).get("/inbox/conversations/", {"view": view, **asked}).json()
    return found


def ids(user: User, view: str, **asked: object) -> list[str]:
    """The conversations of a page."""
    return [row["id"] for row in listed(user, view, **asked)["rows"]]


def begin(workspace: Workspace, **fields: Any) -> Conversation:
    """Another customer's conversation."""
    visitor = identify(workspace.key, f"{uuid4().hex}{uuid4().hex}"[:43], origin=None, host="testserver")
    conversation = said(visitor, "Hello")
    Conversation.objects.filter(id=conversation.id).update(**fields)
    return now(conversation)


def test_each_view_has_its_own(maya: User, tom: User, workspace: Workspace) -> None:
    bot, queued, mine, toms, asleep, done, spam = (begin(workspace) for _ in range(7))
    services.request_agent(conversation_id=queued.id, client_id=uuid4())
    for conversation, agent in ((mine, maya), (toms, tom), (asleep, maya)):
        services.take(conversation_id=conversation.id, agent=agent)
    services.post_message(conversation_id=toms.id, body="Which order is it?", client_id=uuid4(), agent=tom)
    tomorrow = timezone.now() + timedelta(days=1)
    organising.snooze(conversation_id=asleep.id, agent=maya, until=tomorrow)
    services.resolve(conversation_id=done.id, agent=maya)
    organising.mark_spam(conversation_id=spam.id, agent=maya, on=True)
    notes.post_note(conversation_id=bot.id, agent=tom, body="Look", client_id=uuid4(), mentions=[maya.pk])
    views = {
        "mine": [mine],
        "unassigned": [queued],
        "all": [bot, toms, asleep, mine, queued],
        "mentions": [bot],
        "pending": [bot],
        "waiting": [toms],
        "snoozed": [asleep],
        "resolved": [done],
        "spam": [spam],
    }
    for view, expected in views.items():
        page = listed(maya, view)
        assert [row["id"] for row in page["rows"]] == [str(one.id) for one in expected], view
        assert page["counts"][view] == page["total"] == len(expected), view
    notes.see_mentions(conversation_id=bot.id, agent=maya)
    assert listed(maya, "mentions")["counts"]["mentions"] == 0, "the view keeps what was seen, its number does not"
    assert ids(maya, "mentions") == [str(bot.id)]


def test_pages_follow_each_other_without_gap_or_double(maya: User, workspace: Workspace) -> None:
    at = timezone.now()
    contact = Contact.objects.create(workspace=workspace, token_hash="x" * 64)
    made = [Conversation(workspace=workspace, contact=contact, active_at=at) for _ in range(2 * PAGE + 5)]
    Conversation.objects.bulk_create(made)  # all of one moment: only their ids tell them apart
    seen, after = [], ""
    for _ in range(3):
        page = listed(maya, "all", after=after)
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
    assert after is None
    assert len(seen) == len(set(seen)) == len(made)
    everything = signed_in(maya).get("/inbox/conversations/ids/", {"view": "all"}).json()["ids"]
    assert everything == seen


def test_what_goes_on_is_found_without_reading_what_is_done(maya: User, workspace: Workspace) -> None:
    contact = Contact.objects.create(workspace=workspace, token_hash="x" * 64)
    done = [Conversation(workspace=workspace, contact=contact, status=Status.RESOLVED) for _ in range(3000)]
    Conversation.objects.bulk_create(done)
    going_on = begin(workspace)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE chat_conversation")
    desk = find_desk(maya.pk)
    assert desk
    with CaptureQueriesContext(connection) as queries:
        assert desk.counts()["all"] == len(desk.view("all")[:PAGE]) == 1
    for sql in (queries[list(desk.VIEWS).index("all")]["sql"], queries[-1]["sql"]):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            assert "inbox_live" in str(cursor.fetchall()), sql
    assert ids(maya, "all") == [str(going_on.id)]


def test_every_field_narrows_the_list(maya: User, workspace: Workspace) -> None:
    label = Label.objects.create(workspace=workspace, name="VIP")
    team = Team.objects.create(workspace=workspace, name="Returns")
    old = timezone.now() - timedelta(days=40)
    wanted = begin(
        workspace, priority="urgent", category="delivery", spoken="de", channel="api", team=team, created_at=old
    )
    begin(workspace, priority="low")
    wanted.labels.add(label)
    Contact.objects.filter(id=wanted.contact_id).update(page="https://shop.example/Lamps/1")
    services.take(conversation_id=wanted.id, agent=maya)
    day = (old - timedelta(days=1)).date()
    for asked in (
        {"priority": ["urgent", "high"]},
        {"category": "delivery"},
        {"language": "de"},
        {"channel": "api"},
        {"team": team.pk},
        {"label": label.pk},
        {"assignee": "me"},
        {"page": "/lamps"},
        {"created_from": day, "created_to": day + timedelta(days=2)},
        {"unread": 1},
        {"status": "open"},
    ):
        assert ids(maya, "all", **asked) == [str(wanted.id)], asked
    assert len(ids(maya, "all", team=["none", team.pk])) == 2
    services.resolve(conversation_id=wanted.id, agent=maya)
    assert ids(maya, "all", status="resolved") == [str(wanted.id)], "all, if a status is named"


@pytest.mark.parametrize(
    "asked", [{"team": "x"}, {"created_from": "2030-13-45"}, {"after": "yesterday~1"}, {"since": "now"}]
)
def test_what_cannot_be_asked_is_not_found(maya: User, asked: dict[str, str]) -> None:
    assert signed_in(maya).get("/inbox/conversations/", {"view": "all", **asked}).status_code == 404


def test_who_missed_an_event_asks_what_has_changed(maya: User, workspace: Workspace) -> None:
    quiet, changed = begin(workspace), begin(workspace)
    at = listed(maya, "all")["at"]
    long_ago = timezone.now() - timedelta(hours=1)
    Conversation.objects.filter(id=quiet.id).update(updated_at=long_ago)
    organising.mark_spam(conversation_id=changed.id, agent=maya, on=True)
    answer = signed_in(maya).get("/inbox/conversations/", {"since": at}).json()
    assert [(row["id"], row["spam"]) for row in answer["rows"]] == [(str(changed.id), True)]
    assert answer["complete"] and answer["erased"] == []


def test_who_missed_that_a_conversation_was_erased_hears_of_it_later(maya: User, workspace: Workspace) -> None:
    visitor = identify(workspace.key, "n" * 43, origin=None, host="testserver")
    gone = visitor.begin()
    at = listed(maya, "all")["at"]
    erasing.erase(visitor)
    assert signed_in(maya).get("/inbox/conversations/", {"since": at}).json()["erased"] == [str(gone.id)]


async def test_a_change_is_seen_in_every_inbox_at_once(maya: User, tom: User, waiting: Conversation, sit: Sit) -> None:
    one, other = await sit(maya), await sit(tom)
    await other.open(waiting)
    await one.send("conversation.prioritise", conversation=str(waiting.id), priority="urgent")
    assert (await other.hear("remark.posted"))["remark"]["body"] == "Maya set the priority to urgent"
    assert (await other.hear("conversation.changed"))["conversation"]["priority"] == "urgent"
    await one.send("label.add", name="Returns", colour="green")
    assert await other.hear("choices.changed")
    for change in ({"priority": "sky-high"}, {}):
        await one.send("conversation.prioritise", conversation=str(waiting.id), **change)
        assert (await one.hear("error"))["code"] == "bad_frame"


async def test_nothing_can_be_changed_from_another_workspace(stranger: User, waiting: Conversation, sit: Sit) -> None:
    inbox = await sit(stranger)
    for change in CHANGES:
        await inbox.send_text(json.dumps({"v": 1, "conversation": str(waiting.id), **change}))
        assert (await inbox.hear("error"))["code"] == "not_found", change
        await inbox.send("bulk", client_id=str(uuid4()), conversations=[str(waiting.id)], change=change)
        result = await inbox.hear("bulk.done")
        assert (result["done"], len(result["refused"])) == (0, 1), change
    assert (await sync_to_async(now)(waiting)).updated_at == waiting.updated_at


async def test_many_are_changed_and_each_refusal_is_told(maya: User, tom: User, workspace: Workspace, sit: Sit) -> None:
    rows = [await sync_to_async(begin)(workspace) for _ in range(3)]
    await sync_to_async(services.take)(conversation_id=rows[1].id, agent=tom)
    inbox, client_id = await sit(maya), str(uuid4())
    chosen = [str(row.id) for row in rows]
    await inbox.send("bulk", client_id=client_id, conversations=chosen, change={"type": "conversation.resolve"})
    result: Frame = await inbox.hear("bulk.done")
    assert (result["client_id"], result["done"]) == (client_id, 2)
    assert result["refused"] == [{"conversation": chosen[1], "message": "Take the conversation first."}]
    assert [(await sync_to_async(now)(row)).status for row in rows] == [Status.RESOLVED, Status.OPEN, Status.RESOLVED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"conversations": [], "change": {"type": "conversation.resolve"}},
        {"conversations": [str(uuid4())], "change": {"type": "message.post"}},
        {"conversations": [str(uuid4())], "change": {"type": "conversation.spam"}},
    ],
)
async def test_a_wrong_bulk_changes_nothing(maya: User, sit: Sit, wrong: dict[str, object]) -> None:
    inbox = await sit(maya)
    await inbox.send("bulk", client_id=str(uuid4()), **wrong)
    assert (await inbox.hear("error"))["code"] == "bad_frame"


async def test_a_filter_is_saved_for_oneself_or_for_all(maya: User, tom: User, ada: User, sit: Sit) -> None:
    inbox = await sit(maya)
    for name, is_shared in (("Urgent", True), ("My own", False), ("Urgent", True)):
        await inbox.send("filter.save", name=name, view="all", query="priority=urgent", shared=is_shared)
        await inbox.hear("choices.changed")
    offered = {user: await sync_to_async(filters)(user) for user in (maya, tom, ada)}
    assert [one["name"] for one in offered[maya]] == ["My own", "Urgent"]
    assert [(one["name"], one["by"], one["deletable"]) for one in offered[tom]] == [("Urgent", "Maya", False)]
    assert offered[ada][0]["deletable"]
    other = await sit(tom)
    await other.send("filter.delete", filter=offered[tom][0]["id"])
    assert (await other.hear("error"))["code"] == "not_found"
    assert await SavedFilter.objects.acount() == 2


def filters(user: User) -> list[dict[str, Any]]:
    """The saved filters that somebody is offered."""
    offered: list[dict[str, Any]] = signed_in(user).get("/inbox/choices/").json()["filters"]
    return offered
