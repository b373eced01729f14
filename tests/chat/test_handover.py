"""A hand-off: what the customer is told, what the agent is told, and that the bot stays away."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from django.core import mail as outbox
from django.utils import timezone
from pytest_django import Settings

from inference.engine import Engine
from supportbot.chat import feedback, mail, services, suggesting
from supportbot.chat.models import Conversation, EmailCopy, Message, Rating
from supportbot.chat.promise import day_of, promise, usual_minutes
from supportbot.chat.refusals import NotYours, Refused
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import AuditEntry, Member, OpeningTime, User, Workspace
from tests.chat.conftest import Publish, Write, now

Handler, Status, Outcome = Conversation.Handler, Conversation.Status, Message.Outcome
State = EmailCopy.State


@pytest.fixture
def waiting(write: Write) -> Conversation:
    """A conversation that was handed off."""
    conversation = write("where is order 10023?").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    return now(conversation)


@pytest.fixture
def online(maya: User) -> User:
    """An agent at the inbox."""
    Member.objects.filter(user=maya).update(seen_at=timezone.now())
    return maya


def told(conversation: Conversation) -> str:
    """What the bot said last."""
    message = conversation.messages.filter(author=Message.Author.BOT).last()
    assert message
    return message.body


def say(conversation: Conversation, agent: User, body: str = "Hello") -> Message:
    return services.post_message(conversation_id=conversation.id, body=body, client_id=uuid4(), agent=agent)


def response_of(workspace: Workspace, customer: Visitor, *minutes: float | None) -> None:
    """Earlier hand-offs that a person answered after so many minutes; None is not answered yet."""
    contact = customer.begin().contact
    for wait in minutes:
        Conversation.objects.create(
            workspace=workspace,
            contact=contact,
            handed_off_at=timezone.now() - timedelta(days=1),
            response_s=None if wait is None else wait * 60,
            waiting_since=timezone.now() if wait is None else None,
        )


def test_with_nobody_online_the_customer_may_leave_an_address(waiting: Conversation) -> None:
    assert "Nobody of the team is online" in told(waiting) and "leave your e-mail address" in told(waiting)
    assert waiting.asks_email


def test_with_somebody_online_and_little_data_nothing_is_claimed(online: User, waiting: Conversation) -> None:
    assert told(waiting).endswith("answers here.") and not waiting.asks_email


def test_the_usual_time_is_the_median_rounded_up(
    online: User, workspace: Workspace, customer: Visitor, write: Write
) -> None:
    response_of(workspace, customer, 1, 3, 7, 8, 90)
    conversation = write("hello").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    assert told(conversation).endswith("A reply usually comes within 10 minutes.")


@pytest.mark.parametrize(
    ("minutes", "usual"),
    [
        ((1, 1, 1, 1), None),  # too few
        ((1, 2, 3, None, None), 5),  # who still waits counts as endless
        ((1, 2, None, None, None), None),
        ((600, 600, 600, 600, 600), None),  # too long to promise
        ((50, 50, 50, 50, 50), 60),
    ],
)
def test_what_is_promised_is_honest(
    workspace: Workspace, customer: Visitor, minutes: tuple[float | None, ...], usual: int | None
) -> None:
    response_of(workspace, customer, *minutes)
    assert usual_minutes(workspace, None) == usual


def test_outside_business_hours_the_customer_is_told_when_people_are_back(
    online: User, workspace: Workspace, write: Write
) -> None:
    yesterday = (timezone.now() - timedelta(days=1)).weekday()
    OpeningTime.objects.create(workspace=workspace, weekday=yesterday, opens=time(9), closes=time(9, 1))
    conversation = write("hello").conversation
    Message.objects.update(language="de")
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    words = told(conversation)
    assert "um 09:00 Uhr (UTC) wieder da" in words and "E-Mail-Adresse" in words and now(conversation).asks_email


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Sunday 1 January"),
        ("de", "Sonntag, 1. Januar"),
        ("nl", "Sunday 1 January"),
        ("fr", "dimanche 1 janvier"),
        ("es", "domingo 1 de enero"),
        ("it", "domenica 1 gennaio"),
    ],
)
def test_a_day_is_named_in_the_customers_language(language: str, words: str) -> None:
    assert day_of(datetime(2023, 1, 1, 9, tzinfo=UTC), language) == words


def test_first_answer_of_a_person_is_measured_once(waiting: Conversation, maya: User) -> None:
    services.take(conversation_id=waiting.id, agent=maya)
    say(waiting, maya)
    first = now(waiting).response_s
    say(waiting, maya)
    assert first is not None and now(waiting).response_s == first


def test_bot_stays_away_until_it_is_handed_back_and_comes_again_after_the_end(
    write: Write, waiting: Conversation, maya: User, workspace: Workspace
) -> None:
    assert write("anybody there?").outcome == Outcome.BY_AGENT
    services.take(conversation_id=waiting.id, agent=maya)
    assert write("hello Maya").outcome == Outcome.BY_AGENT
    services.release(conversation_id=waiting.id, agent=maya, note="Refund is approved")
    assert write("and then?").outcome == Outcome.PENDING
    assert now(waiting).note == "Refund is approved"
    entry = AuditEntry.objects.in_workspace(workspace).get(action="conversation.released")
    assert entry.details == {"note": "Refund is approved"}
    services.request_agent(conversation_id=waiting.id, client_id=uuid4())
    services.resolve(conversation_id=waiting.id, agent=maya)
    assert write("one more thing").outcome == Outcome.PENDING


def test_summary_tells_what_was_wanted_in_the_customers_own_words(waiting: Conversation) -> None:
    assert waiting.summary["sentence"] == "where is order 10023?"
    assert (waiting.summary["reason"], waiting.summary["tried"]) == ("asked", [])


def test_small_talk_and_a_bare_yes_say_less_than_the_wish_for_a_person(write: Write, maya: User) -> None:
    conversation = write("I want to talk to a person about my sorting hat").conversation
    for body, category, intent in (("yes", "delivery", "track_order"), ("thanks!", "off_topic", "smalltalk_thanks")):
        Message.objects.filter(id=write(body).id).update(category=category, intent=intent)
    Message.objects.filter(conversation=conversation, seq=1).update(category="contact", intent="talk_to_human")
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    summary = now(conversation).summary
    assert (summary["intent"], summary["sentence"]) == (
        "talk_to_human",
        "I want to talk to a person about my sorting hat",
    )


def test_suggestions_are_an_articles_words_and_similar_resolved_conversations(
    bot: Engine, workspace: Workspace, waiting: Conversation, knowledge: Publish
) -> None:
    Message.objects.filter(conversation=waiting).update(category="delivery", intent="track_order", sentiment="angry")
    body = "# Track\n\nOur shop has a garden.\n\nWhere your order is stands on the **tracking page** of the carrier."
    knowledge("Track your order", body, category="delivery")
    done = Conversation.objects.create(
        workspace=workspace, contact=waiting.contact, status=Status.RESOLVED, category="delivery"
    )
    Message.objects.create(conversation=done, seq=1, author="customer", body="Where is my order 10011, please?")
    suggesting.complete_summary(waiting.id, bot.embed, bot.find_answers)
    summary = now(waiting).summary
    assert summary["reply"]["text"] == "Where your order is stands on the tracking page of the carrier."
    assert summary["similar"] == [{"id": str(done.id), "sentence": "Where is my order 10011, please?"}]
    assert summary["sentence"] == "where is order 10023?"


def test_answer_that_nobody_has_seen_goes_out_by_e_mail_once(
    waiting: Conversation, maya: User, settings: Settings
) -> None:
    settings.EMAIL_AFTER = 0
    services.leave_email(conversation_id=waiting.id, email="anna@example.com")
    services.take(conversation_id=waiting.id, agent=maya)
    say(waiting, maya, "It comes on Monday.")
    say(waiting, maya, "Anything else?")
    assert mail.due() == [waiting.id]
    mail.send(waiting.id)
    mail.send(waiting.id)
    (sent,) = outbox.outbox
    assert sent.to == ["anna@example.com"] and sent.subject == "Fennmoor has answered you"
    assert "It comes on Monday.\n\nAnything else?" in sent.body and mail.due() == []


def test_answer_that_the_customer_has_seen_is_not_sent(waiting: Conversation, maya: User, settings: Settings) -> None:
    settings.EMAIL_AFTER = 0
    services.leave_email(conversation_id=waiting.id, email="anna@example.com")
    services.take(conversation_id=waiting.id, agent=maya)
    services.mark_seen(conversation_id=waiting.id, seq=say(waiting, maya).seq)
    mail.send(waiting.id)
    assert outbox.outbox == [] and EmailCopy.objects.get().state == State.SEEN


def test_e_mail_that_cannot_be_sent_is_tried_again_and_at_last_given_up(
    waiting: Conversation, maya: User, settings: Settings
) -> None:
    settings.EMAIL_AFTER = 0
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1  # nobody listens
    services.leave_email(conversation_id=waiting.id, email="anna@example.com")
    services.take(conversation_id=waiting.id, agent=maya)
    say(waiting, maya)
    for state in [State.WAITING] * (mail.ATTEMPTS - 1) + [State.FAILED]:
        mail.send(waiting.id)
        assert EmailCopy.objects.get().state == state
    assert mail.due() == []


def test_an_address_that_is_none_is_refused_and_a_later_one_replaces_the_first(waiting: Conversation) -> None:
    for email in ("anna", "anna@", "a@b.c\nBcc: x@y.z"):
        with pytest.raises(Refused, match="not an e-mail address"):
            services.leave_email(conversation_id=waiting.id, email=email)
    for email in ("anna@example.com", "anna@example.org"):
        services.leave_email(conversation_id=waiting.id, email=email)
    assert now(waiting).contact.email == "anna@example.org"
    assert waiting.messages.filter(author="system").count() == 1


def test_what_was_hidden_never_reaches_the_database(write: Write) -> None:
    message = write("my card is 4111 1111 1111 1111")
    assert Message.objects.get(id=message.id).body == "my card is [card number hidden]" and message.masked


@pytest.fixture
def answer(write: Write) -> Message:
    """The bot's answer, which asks whether it helped."""
    conversation = write("how long can I send something back?").conversation
    Conversation.objects.filter(id=conversation.id).update(last_seq=2)
    Message.objects.update(outcome=Outcome.ANSWERED)
    return Message.objects.create(
        conversation=conversation, seq=2, author="bot", body="30 days.", verdict=Message.Verdict.ASKED
    )


def judge(answer: Message, helped: bool) -> None:
    ids = {"conversation_id": answer.conversation_id, "client_id": uuid4()}
    feedback.judge_answer(**ids, seq=answer.seq, helped=helped)  # type: ignore[arg-type]


def test_answer_that_helped_resolves_and_asks_for_a_rating(answer: Message, write: Write) -> None:
    judge(answer, helped=True)
    judge(answer, helped=False)
    conversation = now(answer.conversation)
    assert (conversation.status, conversation.handler, conversation.asks_rating) == (Status.RESOLVED, Handler.BOT, True)
    rating = feedback.rate(conversation_id=conversation.id, score=5, comment=" Quick! ")
    assert (rating.of, rating.comment) == (Rating.Of.BOT, "Quick!")
    assert write("one more").outcome == Outcome.PENDING


def test_answer_that_did_not_help_brings_a_person(answer: Message) -> None:
    judge(answer, helped=False)
    conversation = now(answer.conversation)
    assert conversation.handler == Handler.QUEUE and conversation.summary["reason"] == "not_helped"
    assert "did not help" in told(conversation)


def test_rating_is_kept_once_may_be_changed_for_a_day_and_only_when_asked_for(
    waiting: Conversation, maya: User
) -> None:
    with pytest.raises(Refused, match="can't be rated"):
        feedback.rate(conversation_id=waiting.id, score=4, comment="")
    services.take(conversation_id=waiting.id, agent=maya)
    say(waiting, maya)
    services.resolve(conversation_id=waiting.id, agent=maya)
    for score in (2, 4):
        feedback.rate(conversation_id=waiting.id, score=score, comment="")
    rating = Rating.objects.get()
    assert (rating.score, rating.of) == (4, Rating.Of.PEOPLE)
    for wrong in (0, 6):
        with pytest.raises(Refused):
            feedback.rate(conversation_id=waiting.id, score=wrong, comment="")
    Rating.objects.update(created_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(Refused, match="can't be rated"):
        feedback.rate(conversation_id=waiting.id, score=1, comment="")


def test_nobody_but_who_has_it_hands_back(waiting: Conversation, maya: User, tom: User) -> None:
    services.take(conversation_id=waiting.id, agent=maya)
    with pytest.raises(NotYours):
        services.release(conversation_id=waiting.id, agent=tom, note="mine")
    with pytest.raises(Refused, match="500 characters"):
        services.release(conversation_id=waiting.id, agent=maya, note="x" * 501)


def test_known_address_is_not_asked_for_again(waiting: Conversation) -> None:
    waiting.contact.email = "anna@example.com"
    assert "also goes to your e-mail address" in " ".join(promise(waiting, "en").sentences)


def test_all_that_the_customer_is_told_is_in_their_language(waiting: Conversation, maya: User, tom: User) -> None:
    waiting.messages.filter(author="customer").update(language="it")
    services.take(conversation_id=waiting.id, agent=maya)
    services.release(conversation_id=waiting.id, agent=maya)
    services.leave_email(conversation_id=waiting.id, email="anna@example.com")
    services.resolve(conversation_id=waiting.id, agent=tom)
    said = waiting.messages.filter(author="system").values_list("body", flat=True)
    assert list(said) == [
        "Maya partecipa ora alla conversazione.",
        "Maya ha lasciato la conversazione; risponde di nuovo l'assistente.",
        "La risposta verrà inviata anche al suo indirizzo e-mail.",
        "Questa conversazione è stata chiusa.",
    ]
