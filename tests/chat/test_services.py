"""The use cases of a conversation: once, in order, and only by whoever has the turn."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from supportbot.chat import services
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.chat.refusals import AlreadyTaken, NotYours, Refused, TooFast
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import AuditEntry, User
from tests.chat.conftest import Write, now

Handler, Status, Outcome = Conversation.Handler, Conversation.Status, Message.Outcome


def test_messages_are_numbered_and_wait_for_the_bot(write: Write) -> None:
    messages = [write("first"), write("second")]
    assert [(message.seq, message.outcome) for message in messages] == [(1, Outcome.PENDING), (2, Outcome.PENDING)]
    assert now(messages[0].conversation).last_seq == 2


def test_resend_gives_the_first_row_again(customer: Visitor) -> None:
    conversation, client_id = customer.begin(), uuid4()
    first, again = (
        services.post_message(conversation_id=conversation.id, body=body, client_id=client_id)
        for body in ("hello", "hello, changed")
    )
    assert first == again and again.body == "hello" and Message.objects.count() == 1


def test_many_threads_that_write_at_once_get_one_number_each(customer: Visitor, maya: User) -> None:
    conversation = customer.begin()
    services.take(conversation_id=conversation.id, agent=maya)

    def post() -> None:
        services.post_message(conversation_id=conversation.id, body="hello", client_id=uuid4(), agent=maya)
        connection.close()

    together(post, 8)
    assert list(conversation.messages.values_list("seq", flat=True).order_by("seq")) == list(range(1, 10))


def test_first_messages_of_two_tabs_make_one_conversation(customer: Visitor) -> None:
    def begin() -> None:
        customer.begin()
        connection.close()

    together(begin, 4)
    assert (Contact.objects.count(), Conversation.objects.count()) == (1, 1)


@pytest.mark.parametrize(("body", "code"), [("", "empty"), (" \n\x00", "empty"), ("x" * 4001, "too_long")])
def test_what_cannot_be_a_message_is_refused(write: Write, body: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        write(body)
    assert refusal.value.code == code and not Message.objects.exists()


@pytest.mark.parametrize(
    "body", ["x" * 4000, "👩‍👩‍👧 שלום", "<script>alert(1)</script>", "null\x00byte", "half \ud83d pair"]
)
def test_any_other_text_is_kept_as_text(write: Write, body: str) -> None:
    stored = Message.objects.get(id=write(body).id).body
    assert stored == body.replace("\x00", "").replace("\ud83d", "?")


def test_sixth_message_in_five_seconds_is_too_fast_and_a_resend_is_not(customer: Visitor, write: Write) -> None:
    messages = [write(str(number)) for number in range(5)]
    with pytest.raises(TooFast):
        write("sixth")
    client_id = messages[0].client_id
    assert client_id
    again = services.post_message(conversation_id=customer.begin().id, body="0", client_id=client_id)
    assert again == messages[0]


def test_twenty_first_message_in_a_minute_is_too_fast(write: Write) -> None:
    for number in range(20):
        write(str(number))
        Message.objects.update(created_at=timezone.now() - timedelta(seconds=10))
    with pytest.raises(TooFast):
        write("twenty-first")


def test_of_two_agents_who_take_it_at_once_one_wins(write: Write, maya: User, tom: User) -> None:
    conversation, results = write("hello").conversation, []

    def take(agent: User) -> None:
        try:
            services.take(conversation_id=conversation.id, agent=agent)
            results.append("won")
        except AlreadyTaken as refusal:
            results.append(str(refusal))
        connection.close()

    threads = [threading.Thread(target=take, args=[agent]) for agent in (maya, tom)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = now(conversation).assignee
    assert winner in (maya, tom) and sorted(results) == sorted(
        ["won", f"{winner.get_short_name()} has taken this conversation."]
    )


def test_agent_who_has_it_answers_and_nobody_else(write: Write, maya: User, tom: User) -> None:
    conversation = write("hello").conversation
    with pytest.raises(NotYours):
        say(conversation.id, maya)
    services.take(conversation_id=conversation.id, agent=maya)
    assert say(conversation.id, maya).author == "agent"
    for forbidden in (services.release, services.resolve):
        with pytest.raises(NotYours):
            forbidden(conversation_id=conversation.id, agent=tom)
    with pytest.raises(NotYours):
        say(conversation.id, tom)


def test_customer_writes_to_the_agent_and_the_bot_is_not_asked(write: Write, maya: User) -> None:
    conversation = write("hello").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    assert write("are you there?").outcome == Outcome.BY_AGENT
    assert now(conversation).waiting_since
    say(conversation.id, maya)
    assert now(conversation).waiting_since is None


def test_released_conversation_is_the_bots_again(write: Write, maya: User) -> None:
    conversation = write("hello").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    services.release(conversation_id=conversation.id, agent=maya)
    assert (now(conversation).handler, now(conversation).status) == (Handler.BOT, Status.PENDING)
    assert write("thanks").outcome == Outcome.PENDING


def test_resolved_conversation_begins_anew_with_the_bot(write: Write, maya: User) -> None:
    conversation = write("hello").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    closed = services.resolve(conversation_id=conversation.id, agent=maya)
    assert (closed.status, closed.context_seq, closed.assignee) == (Status.RESOLVED, closed.last_seq, None)
    assert write("one more thing").outcome == Outcome.PENDING
    assert now(conversation).status == Status.PENDING


def test_wish_for_a_person_asked_twice_is_one_hand_off(write: Write) -> None:
    conversation, client_id = write("hello").conversation, uuid4()
    first = services.request_agent(conversation_id=conversation.id, client_id=client_id)
    again = services.request_agent(conversation_id=conversation.id, client_id=client_id)
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    assert first == again and conversation.messages.filter(author="bot").count() == 1
    assert now(conversation).handler == Handler.QUEUE
    assert conversation.messages.get(author="customer").outcome == Outcome.HANDED_OFF


def test_what_agents_do_is_on_the_record(write: Write, maya: User) -> None:
    conversation = write("hello").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    services.resolve(conversation_id=conversation.id, agent=maya)
    entries = AuditEntry.objects.in_workspace(conversation.workspace).order_by("created_at")
    assert [(entry.actor, entry.action) for entry in entries] == [
        (maya, "conversation.taken"),
        (maya, "conversation.resolved"),
    ]


def say(conversation_id: UUID, agent: User) -> Message:
    """The agent writes."""
    return services.post_message(conversation_id=conversation_id, body="Hello", client_id=uuid4(), agent=agent)


def together(target: object, count: int) -> None:
    """Run something on several threads at once."""
    threads = [threading.Thread(target=target) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
