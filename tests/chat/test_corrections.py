"""Correcting the bot: what agents say, who reviews it, what training and evaluation read of it, and when it is gone."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from inference.tokenizer import FILE, Tokenizer
from supportbot.chat import erasing
from supportbot.chat.corrections.service import correct, figures
from supportbot.chat.differences import difference
from supportbot.chat.models import Conversation, Correction, Generation, Message
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import Visitor
from supportbot.evaluation.material import Wish, own_questions
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.chat.conftest import Write, now
from training import tickets

QUEUE = "/admin/chat/correction/"
CARD = "4111 1111 1111 1111"
State = Correction.State


def replied(question: Message, body: str, category: str = "delivery", intent: str = "track_order") -> Message:
    """What the bot said to a message."""
    conversation = now(question.conversation)
    conversation.last_seq += 1
    conversation.save()
    about = {"category": category, "intent": intent, "confidence": 0.9}
    reply = Message.objects.create(
        conversation=conversation, seq=conversation.last_seq, author="bot", body=body, in_reply_to=question.seq, **about
    )
    Generation.objects.create(in_reply_to=question, message=reply, act="answer", reason="known")
    return reply


@pytest.fixture
def reply(write: Write) -> Message:
    """A wrong answer."""
    return replied(write("how long may I keep it? Write to kim@example.com"), "You may keep it for 10 days.")


@pytest.fixture
def admin(maya: User, workspace: Workspace, client: Client) -> Client:
    """An administrator at the review queue."""
    ada = User.objects.create_user("ada@fennmoor.example", name="Ada")
    Member.objects.create(workspace=workspace, user=ada, role=Member.Role.ADMIN)
    client.force_login(ada)
    return client


def corrected(reply: Message, agent: User, body: str = "You may keep it for 30 days.", **more: str) -> Correction:
    """An agent corrects a reply."""
    said = {"act": "answer", "category": "returns", "reply": body, **more}
    return correct(message=reply, agent=agent, **said)


def test_a_correction_is_masked_measured_and_told_to_agents_alone(reply: Message, maya: User) -> None:
    made = corrected(reply, maya, f"You have 30 days. My card {CARD}", note=f"see {CARD}")
    assert CARD not in made.reply + made.note
    assert (made.state, made.facts, made.intent) == (State.WAITING, "30 days", "")
    assert list(reply.conversation.remarks.values_list("body", flat=True)) == ["Maya corrected the bot"]
    entry = AuditEntry.objects.get(action="correction.made")
    assert (entry.actor, entry.target) == (maya, str(reply.pk)) and "30 days" not in str(entry.details)


def test_what_is_no_correction_is_refused(reply: Message, maya: User, write: Write) -> None:
    for said in (
        {"act": "answer", "category": "delivery", "body": reply.body},
        {"act": "dance"},
        {"category": "Not a name"},
        {"body": " "},
    ):
        with pytest.raises(Refused):
            corrected(reply, maya, **said)
    with pytest.raises(Refused, match="Only a reply"):
        corrected(write("hello"), maya)
    assert not Correction.objects.exists()


def test_an_administrator_changes_and_approves_it(reply: Message, maya: User, admin: Client) -> None:
    made = corrected(reply, maya)
    page = admin.get(f"{QUEUE}{made.pk}/change/").content.decode()
    assert "removed: </span>10 <" in page and "added: </span>30 <" in page
    form = {"act": "answer", "category": "returns", "reply": "For {{no_such}} days.", "facts": "", "article": ""}
    assert "There is no slot {{no_such}}" in admin.post(f"{QUEUE}{made.pk}/change/", form).content.decode()
    form |= {"reply": "You may keep it for 31 days.", "facts": "31 days | a month", "chat_correction_approve": "1"}
    admin.post(f"{QUEUE}{made.pk}/change/", form)
    made.refresh_from_db()
    assert (made.state, made.reply, str(made.reviewer)) == (State.APPROVED, "You may keep it for 31 days.", "Ada")
    assert AuditEntry.objects.filter(action="correction.approved", target=str(reply.pk)).count() == 1
    corrected(reply, maya, "You may keep it for 32 days.")
    made.refresh_from_db()
    assert (made.state, made.reviewer) == (State.WAITING, None)
    admin.post(QUEUE, {"action": "reject_chosen", "_selected_action": [made.pk]})
    made.refresh_from_db()
    assert made.state == State.REJECTED


def test_other_workspaces_and_agents_have_no_queue(reply: Message, maya: User, admin: Client) -> None:
    made = corrected(reply, maya)
    other = Workspace.objects.create(name="Other", slug="other")
    Member.objects.update(workspace=other)
    assert admin.get(f"{QUEUE}{made.pk}/change/").status_code == 302
    assert "how long may I keep it" not in admin.get(QUEUE).content.decode()
    admin.force_login(maya)
    assert admin.get(QUEUE).status_code == 302


def test_training_and_evaluation_read_what_was_approved(
    write: Write, maya: User, workspace: Workspace, tmp_path: Path
) -> None:
    question = write("is there a guarantee at all? ring 020 7946 0123")
    conversation = question.conversation
    for number in range(55):
        body = f"is there a guarantee on {number}?"
        asked = Message.objects.create(conversation=conversation, seq=1000 + number, author="customer", body=body)
        said = replied(asked, "No.", "product", "care")
        body = f"Yes, for 2 years, item {number}. Call us at {{{{support_phone}}}}."
        correct(message=said, agent=maya, act="answer", category="warranty", reply=body)
    Correction.objects.update(state=State.APPROVED)
    wrong = replied(question, "No idea.")
    correct(message=wrong, agent=maya, act="hand_off", category="warranty", reply="A colleague takes over.")
    Correction.objects.filter(message=wrong).update(state=State.APPROVED)
    rejected = Message.objects.filter(body="No.").last()
    Correction.objects.filter(message=rejected).update(state=State.REJECTED)
    data, table, out = tmp_path / "warranty.jsonl", tmp_path / "own.csv", StringIO()
    call_command(
        "corrections", workspace.slug, "--tickets", "warranty", str(data), "--questions", str(table), stdout=out
    )
    assert "54 tickets of warranty" in out.getvalue() and "55 questions" in out.getvalue()
    tokenizer = Tokenizer(settings.BASE_DIR / "models" / "fennmoor" / FILE)
    read = tickets.read(data, "warranty", tokenizer, 512)
    assert len(read) == 54 and read[0].text == "is there a guarantee on 0?"
    assert read[0].reply == "Yes, for 2 years, item 0. Call us at {{support_phone}}."
    assert {(t.brief.category, t.brief.intent, t.brief.act) for t in read} == {("warranty", "warranty", "answer")}
    questions = own_questions(table)
    assert questions[0].wish == Wish(("answer",), (("2 years",),))
    handed = next(question for question in questions if question.wish.acts == ("hand_off",))
    assert handed.text == "is there a guarantee at all? ring [phone number hidden]"


def test_it_goes_with_the_customers_data(reply: Message, maya: User, customer: Visitor) -> None:
    corrected(reply, maya)
    erasing.erase(customer)
    assert not Correction.objects.exists() and not Conversation.objects.exists()


def test_texts_are_compared_word_by_word_and_figures_found() -> None:
    pieces = list(difference("Keep it for 10 days.", "Keep it for 30 days."))
    assert pieces == [("same", "Keep it for "), ("out", "10 "), ("in", "30 "), ("same", "days.")]
    assert figures("Order 10023 costs £4.95, write to us@shop.example within 2 weeks") == (
        "us@shop.example; £4.95; 2 weeks"
    )
