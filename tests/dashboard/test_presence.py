"""Agents who are away: seen in every window of theirs, not counted as there, back by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from supportbot.workspaces.models import Member, User, Workspace
from tests.dashboard.conftest import Inbox, Sit


async def heard_of(inbox: Inbox, *, away: bool) -> str | None:
    """The agent's own presence, once it says so: when they are back."""
    while True:
        frame = await inbox.hear("presence.own")
        if frame["away"] == away:
            back_on: str | None = frame["back_on"]
            return back_on


async def counted(inbox: Inbox, agents: int) -> None:
    """Hear that this many are there; a number may be told twice."""
    while (await inbox.hear("presence"))["agents_online"] != agents:
        pass


async def test_an_agent_who_is_away_does_not_count_as_there(maya: User, tom: User, sit: Sit) -> None:
    colleague, first, second = await sit(tom), await sit(maya), await sit(maya)
    await heard_of(first, away=False)
    await counted(colleague, 2)
    await first.send("presence.set", away=True, back_on=None)
    assert await heard_of(second, away=True) is None, "the agent's other window knows it"
    await counted(colleague, 1)
    await second.send("presence.set", away=False, back_on=None)
    await heard_of(first, away=False)
    await counted(colleague, 2)


async def test_out_of_office_ends_by_itself(maya: User, sit: Sit) -> None:
    inbox = await sit(maya)
    await Workspace.objects.aupdate(time_zone="Europe/London")
    day = timezone.localdate() + timedelta(days=10)
    await inbox.send("presence.set", away=True, back_on=day.isoformat())
    assert await heard_of(inbox, away=True) == day.isoformat()
    await Member.objects.filter(user=maya).aupdate(back_at=timezone.now())
    await inbox.send("ping")
    await heard_of(inbox, away=False)
    member = await Member.objects.select_related("workspace").aget(user=maya)
    assert await sync_to_async(member.workspace.agents_online)() == 1


@pytest.mark.parametrize(
    ("back_on", "code"),
    [("2020-01-31", "bad_time"), ("2999-01-31", "bad_time"), ("soon", "bad_frame"), (7, "bad_frame")],
)
async def test_a_day_that_cannot_be_is_refused(maya: User, sit: Sit, back_on: object, code: str) -> None:
    inbox = await sit(maya)
    await inbox.send("presence.set", away=True, back_on=back_on)
    assert (await inbox.hear("error"))["code"] == code
    assert not (await Member.objects.aget(user=maya)).is_away
