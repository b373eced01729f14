"""Two conversations become one: what was said keeps its order, nothing is lost, and everybody finds the way there."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from django.db import transaction
from django.utils import timezone

from supportbot.chat import notes, organising, participants, sending, services, sign_in, transcript
from supportbot.chat.merging import merge
from supportbot.chat.models import AgentDraft, Browser, Contact, Conversation, Message, Rating
from supportbot.chat.refusals import NotYours, Refused
from supportbot.chat.visitors import Visitor, identify
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.chat.conftest import now

Handler, Status, Outcome = Conversation.Handler, Conversation.Status, Message.Outcome
Say = Callable[[Visitor, str], Message]


@pytest.fixture
def say() -> Say:
    """A visitor writes; each message a minute after the one before."""
    began = timezone.now() - timedelta(hours=1)
    minutes = iter(range(100))

    def write(visitor: Visitor, body: str) -> Message:
        message = services.post_message(conversation_id=visitor.begin().id, body=body, client_id=uuid4())
        message.created_at = began + timedelta(minutes=next(minutes))
        message.save()
        return message

    return write


@pytest.fixture
def phone(workspace: Workspace) -> Visitor:
    """The same person in another browser."""
    return identify(workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")


def bodies(conversation: Conversation) -> list[str]:
    """What customers said, in order."""
    return list(conversation.messages.filter(author="customer").order_by("seq").values_list("body", flat=True))


def test_messages_keep_the_order_of_their_time_and_both_browsers_go_on(
    customer: Visitor, phone: Visitor, say: Say, maya: User, workspace: Workspace
) -> None:
    said = [say(customer, "one"), say(phone, "two"), say(customer, "three"), say(phone, "four")]
    first, second = now(said[0].conversation), now(said[1].conversation)
    services.request_agent(conversation_id=second.id, client_id=uuid4())
    note = notes.post_note(conversation_id=first.id, agent=maya, body="The same person", client_id=uuid4())
    for one in (first, second):
        participants.follow(conversation_id=one.id, agent=maya, on=True)
    label = organising.add_label(workspace=workspace, name="Hats", colour="green")
    organising.label(conversation_id=second.id, agent=maya, label_id=label.pk, on=True)
    made = merge(conversation_id=first.id, other_id=second.id, agent=maya)
    assert bodies(made) == ["one", "two", "three", "four"]
    assert list(made.messages.order_by("seq").values_list("seq", flat=True)) == list(range(1, made.last_seq + 1))
    assert made.last_seq == first.last_seq + second.last_seq + 1, "with the hand-off"
    reply = made.messages.get(author="bot")
    assert (made.handler, made.status, made.summary["sentence"]) == (Handler.QUEUE, Status.OPEN, "four")
    assert made.waiting_since and reply.outcome == ""
    assert not made.messages.filter(outcome=Outcome.PENDING).exists(), "people have the turn"
    assert made.remarks.order_by("number").first() == note and list(made.labels.all()) == [label]
    assert [one.user for one in made.participants.all()] == [maya]
    assert {visitor.begin().id for visitor in (customer, phone)} == {made.id}
    assert Contact.objects.count() == Conversation.objects.count() == Browser.objects.count() == 1
    assert say(phone, "five").conversation_id == say(customer, "six").conversation_id == made.id
    entry = AuditEntry.objects.get(action="conversation.merged")
    assert (entry.actor, entry.target) == (maya, str(made.id)) and "one" not in str(entry.details)


def test_old_ids_lead_there_for_whatever_was_on_its_way(
    customer: Visitor, phone: Visitor, say: Say, maya: User
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    services.take(conversation_id=first.id, agent=maya)
    client_id = uuid4()
    sending.hold_message(conversation_id=first.id, body="I am looking", client_id=client_id, agent=maya)
    drafts = [(first, "Dear Kim"), (second, "Hello")]
    for conversation, body in drafts:
        AgentDraft.objects.create(conversation=conversation, user=maya, body=body)
    made = merge(conversation_id=second.id, other_id=first.id, agent=maya)
    assert (made.handler, made.assignee) == (Handler.AGENT, maya)
    held = sending.take_back(conversation_id=first.id, client_id=client_id, agent=maya)
    assert held["draft"] == "I am looking\n\nDear Kim\n\nHello"
    with transaction.atomic():
        assert transcript.locked(first.id).id == transcript.locked(second.id).id == made.id
    again = merge(conversation_id=made.id, other_id=say_elsewhere(made.workspace).id, agent=maya)
    with transaction.atomic():
        assert transcript.locked(first.id).id == again.id


def say_elsewhere(workspace: Workspace) -> Conversation:
    """A third conversation."""
    visitor = identify(workspace.key, secrets.token_urlsafe(32), origin=None, host="testserver")
    return services.post_message(conversation_id=visitor.begin().id, body="three", client_id=uuid4()).conversation


def test_what_the_bot_had_not_answered_is_asked_once_more(
    customer: Visitor, phone: Visitor, say: Say, maya: User
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    Conversation.objects.filter(id=first.id).update(claim=uuid4(), claimed_until=timezone.now() + timedelta(minutes=1))
    made = now(merge(conversation_id=first.id, other_id=second.id, agent=maya))
    assert (made.handler, made.claim) == (Handler.BOT, None)
    assert made.messages.filter(outcome=Outcome.PENDING).count() == 2


def test_of_two_ratings_the_later_counts_and_the_other_is_told(
    customer: Visitor, phone: Visitor, say: Say, maya: User
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    for conversation, score in ((first, 2), (second, 5)):
        services.take(conversation_id=conversation.id, agent=maya)
        services.resolve(conversation_id=conversation.id, agent=maya)
        Rating.objects.create(conversation=conversation, score=score, of="people", comment="Well")
    made = merge(conversation_id=first.id, other_id=second.id, agent=maya)
    assert (made.status, made.rating.score) == (Status.RESOLVED, 5)
    assert "Rated 2 of 5 before. Well" in made.remarks.values_list("body", flat=True)


def test_who_is_not_signed_in_never_sees_a_verified_customers_history(
    customer: Visitor, phone: Visitor, say: Say, maya: User
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    Contact.objects.filter(id=second.contact_id).update(external_id="kim", token_hash="", name="Kim")
    made = merge(conversation_id=first.id, other_id=second.id, agent=maya)
    assert (made.contact.external_id, bodies(made)) == ("kim", ["one", "two"])
    assert customer.conversation() is None
    with pytest.raises(Refused) as refusal:
        say(customer, "three")
    assert refusal.value.code == "session_expired"
    verified = Visitor(made.workspace, "", "kim")
    assert verified.conversation() == made
    other = say_elsewhere(made.workspace)
    Contact.objects.filter(id=other.contact_id).update(external_id="lou", token_hash="")
    with pytest.raises(Refused, match="different customers"):
        merge(conversation_id=made.id, other_id=other.id, agent=maya)


def test_a_further_browser_that_signs_in_takes_the_contact_along(
    customer: Visitor, phone: Visitor, say: Say, maya: User, workspace: Workspace
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    made = merge(conversation_id=first.id, other_id=second.id, agent=maya)
    moment = int(timezone.now().timestamp())
    claims = {"sub": "kim", "jti": "once", "iat": moment, "exp": moment + 60}
    token = jwt.encode(claims, workspace.renew_identity_secret(), algorithm="HS256")
    sign_in.sign_in(workspace, token, phone.token_hash)
    assert Visitor(workspace, phone.token_hash, "kim").conversation() == made
    with pytest.raises(Refused, match="Sign in to see"):
        say(customer, "three")


def test_what_may_not_be_merged_is_refused_and_stays(
    customer: Visitor, phone: Visitor, say: Say, maya: User, tom: User
) -> None:
    first, second = say(customer, "one").conversation, say(phone, "two").conversation
    other = Workspace.objects.create(name="Other", slug="other")
    for wrong, why in ((say_elsewhere(other).id, "no such"), (first.id, "Choose another"), (uuid4(), "Choose another")):
        with pytest.raises(Refused, match=why):
            merge(conversation_id=first.id, other_id=wrong, agent=maya)
    services.take(conversation_id=second.id, agent=tom)
    with pytest.raises(NotYours):
        merge(conversation_id=first.id, other_id=second.id, agent=maya)
    services.resolve(conversation_id=second.id, agent=tom)
    organising.mark_spam(conversation_id=second.id, agent=maya, on=True)
    with pytest.raises(Refused, match="spam"):
        merge(conversation_id=first.id, other_id=second.id, agent=maya)
    assert bodies(first) == ["one"] and bodies(second) == ["two"]
