"""The e-mail to agents who are away: what waits for them, not more often than they want, and gone with one click."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from supportbot.chat import digest, notes, services
from supportbot.chat.models import Conversation, Remark
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Member, User, Workspace
from tests.chat.conftest import Write

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(write: Write, maya: User, tom: User) -> Conversation:
    """Maya has it, Tom mentions her there, both an hour ago; she has left since."""
    conversation = write("where is my hat?").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    notes.post_note(conversation_id=conversation.id, agent=tom, body="Look", client_id=uuid4(), mentions=[maya.pk])
    an_hour_ago = timezone.now() - HOUR
    User.objects.update(date_joined=an_hour_ago - HOUR)
    Remark.objects.update(created_at=an_hour_ago)
    Conversation.objects.update(waiting_since=an_hour_ago)
    return conversation


def send_due() -> list[str]:
    """What a sweep sends: who gets it."""
    outbox.outbox.clear()
    for member_id in digest.due():
        digest.send(member_id)
    return [one.to[0] for one in outbox.outbox]


def test_what_waits_is_told_once_and_again_when_there_is_news(waiting: Conversation, maya: User) -> None:
    assert send_due() == [maya.email]
    told = outbox.outbox[0]
    assert told.subject == "Fennmoor: 1 customer waiting, 1 mention"
    assert f"/inbox/{waiting.id}/?workspace=fennmoor" in told.body and "Tom Okafor, of Visitor" in told.body
    assert "where is my hat" not in told.body
    assert send_due() == []
    day_ago = timezone.now() - timedelta(days=1)
    Member.objects.update(digest_due_at=day_ago)
    assert send_due() == [], "nothing is new"
    Member.objects.update(digest_at=day_ago)
    assert send_due() == [maya.email]


@pytest.mark.parametrize("change", ["there", "off", "young", "answered", "gone"])
def test_nobody_is_told_without_need(waiting: Conversation, maya: User, change: str) -> None:
    if change == "there":
        Member.objects.filter(user=maya).update(seen_at=timezone.now())
    elif change == "off":
        digest.choose(workspace=waiting.workspace, agent=maya, digest="off")
    elif change == "gone":
        User.objects.filter(pk=maya.pk).update(is_active=False)
    else:
        since = timezone.now() if change == "young" else None
        notes.see_mentions(conversation_id=waiting.id, agent=maya)
        Conversation.objects.update(waiting_since=since)
    assert send_due() == []


def test_an_error_is_tried_again_and_two_workers_send_one(
    waiting: Conversation, maya: User, settings: Settings
) -> None:
    [member_id] = digest.due()
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "no.such.backend"
    digest.send(member_id)
    assert Member.objects.get(pk=member_id).digest_at is None
    Member.objects.update(digest_due_at=timezone.now())
    settings.EMAIL_BACKEND = works
    digest.send(member_id)
    digest.send(member_id)
    assert len(outbox.outbox) == 1


def test_the_link_turns_it_off_without_signing_in(waiting: Conversation, maya: User, workspace: Workspace) -> None:
    send_due()
    told, anybody = outbox.outbox[0], Client(enforce_csrf_checks=True)
    link = re.search(r"/inbox/digest/\S+/", told.body)
    assert link and link[0] in told.extra_headers["List-Unsubscribe"]
    assert "Turn the digest off?" in anybody.get(link[0]).content.decode()
    assert Member.objects.get(user=maya).digest == "daily"
    assert "no more digests" in anybody.post(link[0], {"List-Unsubscribe": "One-Click"}).content.decode()
    assert Member.objects.get(user=maya).digest == "off"
    assert anybody.get("/inbox/digest/forged/").status_code == 404
    with pytest.raises(Refused):
        digest.choose(workspace=workspace, agent=maya, digest="always")
