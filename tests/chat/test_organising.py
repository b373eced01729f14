"""Order in the inbox: what agents set on a conversation, what they read about it, and what customers never hear."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from supportbot.chat import feedback, organising, services, tasks
from supportbot.chat.models import Conversation, Message, Rating
from supportbot.chat.refusals import NotYours, Refused
from supportbot.chat.snapshot import snapshot
from supportbot.chat.sorting import Label
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import AuditEntry, Member, Team, User, Workspace
from tests.chat.conftest import Write, now
from tests.servers import wait_until

Status, Handler = Conversation.Status, Conversation.Handler


@pytest.fixture
def waiting(customer: Visitor, write: Write) -> Conversation:
    """A conversation that waits for an agent."""
    conversation = write("Hello").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    return now(conversation)


def activities(conversation: Conversation) -> list[str]:
    """The lines that only agents see."""
    return list(conversation.remarks.values_list("body", flat=True))


def test_each_change_is_a_line_for_agents_once(waiting: Conversation, maya: User, workspace: Workspace) -> None:
    returns = organising.add_label(workspace=workspace, name="Returns", colour="green")
    assert organising.add_label(workspace=workspace, name=" returns ", colour="red") == returns
    for _ in range(2):  # the second time nothing changes
        organising.prioritise(conversation_id=waiting.id, agent=maya, priority="urgent")
        organising.label(conversation_id=waiting.id, agent=maya, label_id=returns.pk, on=True)
    assert activities(waiting) == ["Maya set the priority to urgent", "Maya added the label Returns"]
    assert list(waiting.labels.all()) == [returns]
    assert now(waiting).active_at == waiting.active_at, "the conversation keeps its place in the list"


def test_a_label_cannot_be_given_the_name_of_another(workspace: Workspace, maya: User, client: Client) -> None:
    labels = [organising.add_label(workspace=workspace, name=name, colour="green") for name in ("Returns", "Hats")]
    Member.objects.filter(user=maya).update(role=Member.Role.ADMIN)
    client.force_login(maya)
    page = f"/admin/chat/label/{labels[1].pk}/change/"
    refused = client.post(page, {"name": "Returns", "colour": "green"})
    assert "Label with this Workspace and Name already exists" in refused.content.decode()
    assert client.post(page, {"name": "Caps", "colour": "green"}).status_code == 302


def test_a_snooze_ends_by_itself(waiting: Conversation, maya: User) -> None:
    organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + timedelta(hours=1))
    tasks.sweep()
    assert now(waiting).status == Status.SNOOZED
    Conversation.objects.update(snoozed_until=timezone.now())
    tasks.sweep()
    woken = now(waiting)
    assert (woken.status, woken.handler, woken.snoozed_until) == (Status.OPEN, Handler.QUEUE, None)
    assert activities(waiting)[-1] == "The snooze is over"


def test_the_customers_next_message_ends_a_snooze(waiting: Conversation, maya: User, write: Write) -> None:
    organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + timedelta(days=3))
    write("Are you still there?")
    assert now(waiting).status == Status.OPEN
    assert activities(waiting)[-1] == "Snoozed no longer: the customer wrote"


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=400)])
def test_nobody_snoozes_into_the_past_or_for_years(waiting: Conversation, maya: User, ahead: timedelta) -> None:
    with pytest.raises(Refused, match="still to come"):
        organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + ahead)


def test_spam_is_answered_by_nobody_until_it_is_taken_out(
    waiting: Conversation, maya: User, tom: User, write: Write
) -> None:
    organising.mark_spam(conversation_id=waiting.id, agent=maya, on=True)
    more = write("Buy gold now")
    spam = now(waiting)
    assert (more.outcome, spam.status, spam.waiting_since) == (Message.Outcome.BY_AGENT, Status.RESOLVED, None)
    with pytest.raises(Refused, match="marked as spam"):
        services.take(conversation_id=waiting.id, agent=tom)
    organising.mark_spam(conversation_id=waiting.id, agent=tom, on=False)
    assert (now(waiting).status, now(waiting).handler) == (Status.OPEN, Handler.QUEUE)


def test_what_another_agent_has_is_not_put_away(waiting: Conversation, maya: User, tom: User) -> None:
    services.take(conversation_id=waiting.id, agent=tom)
    with pytest.raises(NotYours):
        organising.mark_spam(conversation_id=waiting.id, agent=maya, on=True)
    with pytest.raises(NotYours):
        organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + timedelta(hours=1))


def test_a_blocked_contact_is_told_so_and_nothing_is_saved(
    waiting: Conversation, customer: Visitor, maya: User, write: Write
) -> None:
    organising.block(conversation_id=waiting.id, agent=maya, on=True)
    said = waiting.messages.count()
    for attempt in (
        lambda: write("Hello?"),
        lambda: services.request_agent(conversation_id=waiting.id, client_id=uuid4()),
    ):
        with pytest.raises(Refused, match="takes no more messages from this chat") as refusal:
            attempt()
        assert refusal.value.code == "blocked"
    assert waiting.messages.count() == said
    assert AuditEntry.objects.filter(action="contact.blocked", actor=maya).exists()
    organising.block(conversation_id=waiting.id, agent=maya, on=False)
    assert write("Thank you").seq == said + 1


def test_a_blocked_contact_judges_and_rates_nothing(waiting: Conversation, maya: User, write: Write) -> None:
    answer = {"author": Message.Author.BOT, "body": "At eight.", "verdict": Message.Verdict.ASKED}
    services.resolve(conversation_id=waiting.id, agent=maya)
    asked = waiting.messages.create(seq=now(waiting).last_seq + 1, **answer)
    organising.block(conversation_id=waiting.id, agent=maya, on=True)
    for attempt in (
        lambda: feedback.judge_answer(conversation_id=waiting.id, seq=asked.seq, helped=False, client_id=uuid4()),
        lambda: feedback.rate(conversation_id=waiting.id, score=1, comment="You will regret this"),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "blocked"
    asked.refresh_from_db()
    assert asked.verdict == Message.Verdict.ASKED
    assert not Rating.objects.exists()


def test_whoever_writes_while_the_contact_is_blocked_is_refused(waiting: Conversation, maya: User) -> None:
    refused: list[str] = []

    def write_meanwhile() -> None:
        try:
            services.post_message(conversation_id=waiting.id, body="Hello?", client_id=uuid4())
        except Refused as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    writing = threading.Thread(target=write_meanwhile)
    with transaction.atomic():
        organising.block(conversation_id=waiting.id, agent=maya, on=True)
        writing.start()
        wait_until(someone_waits, what="the customer's transaction waiting for this one")
    writing.join()
    assert refused == ["blocked"]


def someone_waits() -> bool:
    """Whether a transaction waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_the_customer_sees_neither_snooze_nor_spam(waiting: Conversation, maya: User) -> None:
    organising.snooze(conversation_id=waiting.id, agent=maya, until=timezone.now() + timedelta(hours=1))
    assert snapshot(now(waiting), 0)[0]["status"] == "open"
    organising.mark_spam(conversation_id=waiting.id, agent=maya, on=True)
    assert snapshot(now(waiting), 0)[0]["status"] == "open"


def test_assigned_to_a_colleague_the_bot_falls_silent(write: Write, maya: User, tom: User) -> None:
    message = write("Hello")
    organising.assign(conversation_id=message.conversation_id, agent=maya, to_id=tom.pk)
    conversation = now(message.conversation)
    assert (conversation.handler, conversation.assignee) == (Handler.AGENT, tom)
    assert conversation.waiting_since, "the customer's question is still open"
    message.refresh_from_db()
    assert message.outcome == Message.Outcome.BY_AGENT
    assert conversation.messages.get(seq=2).body == "Tom has joined the conversation."
    organising.assign(conversation_id=conversation.id, agent=maya, to_id=None)
    assert (now(conversation).handler, now(conversation).assignee) == (Handler.QUEUE, None)


def test_a_team_gets_what_the_bot_had(write: Write, maya: User, workspace: Workspace) -> None:
    conversation = write("Hello").conversation
    team = Team.objects.create(workspace=workspace, name="Returns")
    organising.route(conversation_id=conversation.id, agent=maya, team_id=team.pk)
    assert (now(conversation).team, now(conversation).handler) == (team, Handler.QUEUE)
    assert activities(conversation) == ["Maya assigned it to the team Returns"]


def test_nothing_of_another_workspace_can_be_named(waiting: Conversation, maya: User) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    stranger = User.objects.create_user("sam@other.example", name="Sam")
    Member.objects.create(workspace=other, user=stranger)
    label = Label.objects.create(workspace=other, name="Theirs")
    team = Team.objects.create(workspace=other, name="Theirs")
    where = {"conversation_id": waiting.id, "agent": maya}
    for attempt in (
        lambda: organising.label(**where, label_id=label.pk, on=True),
        lambda: organising.assign(**where, to_id=stranger.pk),
        lambda: organising.route(**where, team_id=team.pk),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "not_found"
    assert activities(waiting) == []
