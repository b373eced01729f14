"""What a customer may ask for beside an answer: the conversation by e-mail, and the end of his data."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from supportbot.chat import erasing, notes, organising, search, sending, services, tasks, transcript_mail
from supportbot.chat.attempt import Attempt, TurnLost
from supportbot.chat.models import (
    AgentDraft,
    Contact,
    Conversation,
    HeldMessage,
    Label,
    Mention,
    Message,
    Remark,
    SignIn,
    TranscriptMail,
    Translation,
)
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import Visitor, identify
from supportbot.workspaces.models import AuditEntry, User, Workspace


def enter(workspace: Workspace, identity: str = "") -> Visitor:
    """Somebody opens the chat."""
    return identify(workspace.key, secrets.token_urlsafe(32), origin=None, host="", identity=identity)


def say(visitor: Visitor, body: str) -> UUID:
    """Somebody writes; his conversation."""
    return services.post_message(conversation_id=visitor.begin().id, body=body, client_id=uuid4()).conversation_id


def ask(conversation_id: UUID, email: str = "nora@home.example") -> TranscriptMail:
    """The customer wants the conversation by e-mail."""
    return transcript_mail.ask(conversation_id=conversation_id, client_id=uuid4(), email=email)


def send_due() -> None:
    """The worker does what the sweep finds."""
    for mail_id in transcript_mail.due():
        tasks.send_transcript(mail_id)


def test_conversation_goes_out_once_as_it_was_when_it_was_asked_for(customer: Visitor) -> None:
    conversation_id = say(customer, "Where is my kettle?")
    client_id = uuid4()
    for _ in range(2):
        transcript_mail.ask(conversation_id=conversation_id, client_id=client_id, email="nora@home.example")
    say(customer, "Written later")
    send_due()
    send_due()
    (sent,) = mail.outbox
    assert sent.to == ["nora@home.example"] and sent.subject == "Your conversation with Fennmoor"
    assert "Where is my kettle?" in sent.body and "Written later" not in sent.body


def test_without_an_address_it_goes_to_the_one_that_is_known(customer: Visitor) -> None:
    conversation_id = say(customer, "hello")
    with pytest.raises(Refused) as refused:
        ask(conversation_id, "")
    assert refused.value.code == "bad_email"
    services.leave_email(conversation_id=conversation_id, email="known@home.example")
    assert ask(conversation_id, "").email == "known@home.example"


def test_nobody_is_flooded_with_conversations(customer: Visitor, workspace: Workspace) -> None:
    conversation_id = say(customer, "hello")
    for _ in range(3):
        ask(conversation_id)
    with pytest.raises(Refused) as refused:
        ask(conversation_id, "another@home.example")
    assert refused.value.code == "too_many_mails"
    others = [say(enter(workspace), "hello") for _ in range(3)]
    ask(others[0])
    ask(others[1])
    with pytest.raises(Refused):
        ask(others[2])


def test_mail_that_the_server_refuses_waits_and_is_given_up_in_the_end(customer: Visitor, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    row = ask(say(customer, "hello"))
    send_due()
    row.refresh_from_db()
    assert (row.sent_at, row.attempts) == (None, 1) and row.due_at > timezone.now()
    for _ in range(9):
        TranscriptMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        send_due()
    row.refresh_from_db()
    assert row.attempts == TranscriptMail.ATTEMPTS


def test_erased_customer_leaves_a_line_in_the_audit_log_and_nothing_else(
    customer: Visitor, workspace: Workspace
) -> None:
    other = say(enter(workspace), "somebody else")
    conversation_id = say(customer, "a secret")
    services.request_agent(conversation_id=conversation_id, client_id=uuid4())
    quoted = {"similar": [{"id": str(conversation_id), "sentence": "a secret"}, {"id": "other", "sentence": "not his"}]}
    Conversation.objects.filter(id=other).update(summary=quoted)
    ask(conversation_id)
    erasing.erase(customer)
    erasing.erase(customer)
    assert [message.body for message in Message.objects.all()] == ["somebody else"]
    assert Conversation.objects.get().summary == {"similar": [{"id": "other", "sentence": "not his"}]}
    assert Conversation.objects.get().id == other and Contact.objects.count() == 1
    assert not TranscriptMail.objects.exists()
    entry = AuditEntry.objects.get(action="contact.erased")
    assert entry.details == {"by": "customer", "conversations": [str(conversation_id)], "messages": 2}
    assert say(customer, "anew") != conversation_id


def test_erasure_takes_what_agents_wrote_and_what_was_translated_and_found(
    customer: Visitor, workspace: Workspace, maya: User, tom: User
) -> None:
    conversation = Conversation.objects.get(id=say(customer, "a secret kettle"))
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    services.take(conversation_id=conversation.id, agent=maya)
    notes.post_note(
        conversation_id=conversation.id, agent=maya, body="a secret note", client_id=uuid4(), mentions=[tom.pk]
    )
    label = Label.objects.create(workspace=workspace, name="Returns")
    organising.label(conversation_id=conversation.id, agent=maya, label_id=label.pk, on=True)
    sending.save_draft(conversation=conversation, agent=maya, kind="reply", body="a secret draft", client_id=uuid4())
    sending.hold_message(conversation_id=conversation.id, body="a secret reply", client_id=uuid4(), agent=maya)
    message = conversation.messages.get(body="a secret kettle")
    Translation.objects.create(message=message, reader="agents", source="en", target="de", text="ein Geheimnis")
    assert search.find(workspace, "secret").hits
    erasing.erase(customer)
    for model in (Message, Remark, Mention, AgentDraft, HeldMessage, Translation, Conversation.labels.through):
        assert not model.objects.exists(), model
    assert search.find(workspace, "secret") == search.Found([], [], [])
    assert sending.due() == []


def test_erased_customer_is_signed_in_nowhere_and_his_token_opens_nothing(workspace: Workspace) -> None:
    now = int(time.time())
    claims = {"sub": "7", "jti": "once", "iat": now, "exp": now + 60, "name": "Nora", "email": "nora@home.example"}
    token = jwt.encode(claims, workspace.renew_identity_secret(), "HS256")
    visitor = enter(workspace, token)
    say(visitor, "a secret")
    erasing.erase(visitor)
    row = SignIn.objects.get()
    assert (row.external_id, row.name, row.email) == ("", "", "")
    with pytest.raises(Refused) as refused:
        enter(workspace, token)
    assert refused.value.code == "identity_replayed"


def test_message_that_the_bot_was_answering_may_be_erased(customer: Visitor) -> None:
    conversation_id = say(customer, "where is order 10023?")
    attempt = Attempt.begin(Message.objects.get(conversation=conversation_id).id)
    assert attempt
    erasing.erase(customer)
    with pytest.raises(TurnLost):
        attempt.save_reply("Too late", [])
    assert not Message.objects.exists()
