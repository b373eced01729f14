"""Mails that come into a real mailbox become what they are: messages, lines for agents, or notes why not."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from supportbot.channels.models import Mailbox, ReceivedMail
from supportbot.chat import erasing, merging, organising
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.workspaces.models import AuditEntry, Team, User, Workspace
from tests.channels.conftest import Post, mail

State = ReceivedMail.State

QUOTED = """It still has not come.

Kind regards,
Jan Maier

On Fri, 27 Nov 2026 at 10:00, Fennmoor <support@fennmoor.example> wrote:
> Order 10023 is on its way.
"""
HTML = """<html><head><style>p {color: red}</style></head><body><div>It still<br>has not come.</div>
<div class="gmail_quote">On Friday Fennmoor wrote:<blockquote type="cite">Hello</blockquote></div></body></html>"""


def a_picture() -> bytes:
    """A screenshot."""
    data = BytesIO()
    Image.effect_noise((200, 200), 90).save(data, "PNG")
    return data.getvalue()


def bodies(conversation: Conversation) -> list[str]:
    """What the customer wrote."""
    own = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("seq")
    return list(own.values_list("body", flat=True))


def remarks(conversation: Conversation) -> list[str]:
    """The lines that only agents see."""
    return list(conversation.remarks.order_by("number").values_list("body", flat=True))


def test_a_mail_begins_a_conversation_and_an_answer_goes_on_with_it(post: Post, workspace: Workspace) -> None:
    team = Team.objects.create(workspace=workspace, name="Warehouse")
    Mailbox.objects.update(team=team, problem="IMAP: no", problem_at="2026-01-01T00:00Z")
    post.mailbox.refresh_from_db()
    first = mail("Where is it?")
    post.deliver(first)
    talk = Conversation.objects.get()
    assert (talk.channel, talk.team, talk.handler) == ("email", team, "bot")
    assert (talk.contact.email, talk.contact.name) == ("jan@customer.example", "Jan Maier")
    assert not talk.contact.is_verified and not talk.contact.has_verified_email
    second = mail(QUOTED, "Re: Order 10023", In_Reply_To=str(first["Message-ID"]))
    html = mail("", f"AW: [#{talk.mail_thread.token}]")
    html.set_content(HTML, subtype="html")
    post.deliver(second, html)
    assert bodies(talk) == ["Order 10023\n\nWhere is it?", "It still has not come.", "It still\nhas not come."]
    assert talk.messages.filter(outcome=Message.Outcome.PENDING).count() == 3
    post.deliver(first)  # the server has it twice
    Mailbox.objects.update(uid_validity=1, last_uid=0)  # and numbers all anew
    post.read()
    assert len(bodies(talk)) == 3 and Conversation.objects.count() == 1
    assert [state for state, _ in post.became()] == [State.MESSAGE] * 3
    assert not any(b"Seen" in row for row in post.imap.flags(post.mailbox.folder))
    mailbox = Mailbox.objects.get()
    assert mailbox.read_at and not mailbox.problem


def test_whoever_names_the_mail_of_another_customer_begins_a_conversation_of_their_own(post: Post) -> None:
    first = mail("Where is it?")
    post.deliver(first, mail("And mine?", sender="eve@elsewhere.example", References=str(first["Message-ID"])))
    assert sorted(Contact.objects.values_list("email", flat=True)) == ["eve@elsewhere.example", "jan@customer.example"]
    assert all(len(bodies(talk)) == 1 for talk in Conversation.objects.all())


def test_a_sender_is_never_taken_for_a_customer_whom_the_shop_knows(post: Post, workspace: Workspace) -> None:
    maya = User.objects.get(email="maya@fennmoor.example")
    about = {"external_id": "7", "email": "jan@customer.example", "verified_email": "jan@customer.example"}
    known = Contact.objects.create(workspace=workspace, **about)
    other = Conversation.objects.create(workspace=workspace, contact=known)
    for _ in range(2):  # what was merged once may be merged again
        first = mail("Where is it?")
        post.deliver(first)
        talk = Conversation.objects.get(contact__external_id="", channel="email")
        other = merging.merge(conversation_id=other.id, other_id=talk.id, agent=maya)
        assert other.contact == known
    post.deliver(mail("What did I order?", In_Reply_To=str(first["Message-ID"])))
    assert bodies(Conversation.objects.exclude(contact=known).get())


def test_machines_get_no_answer(post: Post, workspace: Workspace) -> None:
    first = mail("Where is it?")
    post.deliver(first)
    reply = {"In_Reply_To": str(first["Message-ID"])}
    post.deliver(
        mail("I am on holiday.", "Out of office", Auto_Submitted="auto-replied", **reply),
        mail("Sale!", Precedence="bulk"),
        mail("Digest", List_Id="<news.example>"),
        mail("Away", X_Auto_Response_Suppress="All"),
        mail("Hello", sender="Support <support@fennmoor.example>"),
    )
    talk = Conversation.objects.get()
    assert len(bodies(talk)) == 1
    assert [state for state, _ in post.became()] == [State.MESSAGE, *[State.AUTOMATIC] * 5]
    assert post.became()[-1][1] == "it comes from an address of your own"
    assert remarks(talk) == ["An automatic mail came from jan@customer.example: Out of office"]


def test_files_that_may_be_sent_come_along_and_agents_hear_of_the_others(post: Post) -> None:
    made = mail("See the picture")
    made.add_attachment(a_picture(), maintype="image", subtype="png", filename="kettle.png")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="run.exe")
    post.deliver(made)
    talk = Conversation.objects.get()
    assert [file.name for file in talk.messages.get().attachments.all()] == ["kettle.png"]
    assert len(remarks(talk)) == 1 and remarks(talk)[0].startswith("The mail's file run.exe was not taken: ")


def test_what_cannot_be_taken_in_is_kept_aside_and_holds_up_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supportbot.channels.receiving.MOST_BYTES", 5_000)
    nobody = mail("Hello")
    del nobody["From"]
    post.deliver(nobody, mail("x" * 6_000, "Long"), b"\xff\xfe\x00 no mail", mail(" ", ""), mail("Where is it?"))
    assert [state for state, _ in post.became()] == [*[State.ASIDE] * 4, State.MESSAGE]
    assert post.became()[0][1] == "It names no sender who can be answered."
    assert post.became()[1][1].startswith("It is larger than")
    assert len(post.imap.flags(post.mailbox.folder)) == 5


def test_a_blocked_sender_and_a_loop_are_kept_aside(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supportbot.channels.receiving.MOST_AN_HOUR", 4)
    post.deliver(*(mail(f"Number {number}") for number in range(5)))
    assert [state for state, _ in post.became()] == [*[State.MESSAGE] * 4, State.ASIDE]
    post.deliver(mail("Buy!", sender="eve@elsewhere.example"))
    eve = Conversation.objects.get(contact__email="eve@elsewhere.example")
    organising.block(conversation_id=eve.id, agent=User.objects.get(email="maya@fennmoor.example"), on=True)
    post.deliver(mail("Buy more!", sender="eve@elsewhere.example"))
    assert len(bodies(eve)) == 1 and post.became()[-1][0] == State.ASIDE
    lost = ReceivedMail.objects.create(mailbox=post.mailbox, rfc_id="<lost@elsewhere.example>", state=State.ASIDE)
    kept = list(ReceivedMail.objects.filter(state=State.ASIDE).order_by("pk"))
    assert len(kept) == 3
    ada, page = Client(), reverse("admin:outside_channels_receivedmail_changelist")
    ada.force_login(User.objects.get(email="ada@fennmoor.example"))
    again = {"action": "take_in_again", "_selected_action": [mail.pk for mail in kept]}
    said = ada.post(page, again, follow=True).content.decode()
    assert said.count("kept aside: ") == 2 and "The mailbox has it no longer." in said
    assert len(bodies(eve)) == 1, "she is blocked still"
    organising.block(conversation_id=eve.id, agent=User.objects.get(email="maya@fennmoor.example"), on=False)
    ReceivedMail.objects.exclude(state=State.ASIDE).update(created_at=timezone.now() - timedelta(hours=2))
    aside = ReceivedMail.objects.filter(state=State.ASIDE)
    ada.post(page, {**again, "_selected_action": list(aside.values_list("pk", flat=True))})
    assert Message.objects.filter(body__endswith="Buy more!").exists() and aside.get() == lost
    assert AuditEntry.objects.filter(action="mail.taken_in_again").count() == 4


def test_a_long_mail_is_cut_and_a_card_number_is_hidden_in_its_subject_too(post: Post) -> None:
    post.deliver(mail("word " * 2_000, "My card 4111 1111 1111 1111"))
    talk = Conversation.objects.get()
    assert bodies(talk)[0].endswith("…") and "4111" not in bodies(talk)[0]
    assert "4111" not in talk.mail_thread.subject + ReceivedMail.objects.get().subject
    assert remarks(talk) == ["The mail is longer: the rest is in the mailbox support@fennmoor.example"]


def test_what_is_erased_is_erased_with_its_mails(post: Post) -> None:
    post.deliver(mail("Where is it?"))
    erasing.erase_contact(Contact.objects.get())
    assert not ReceivedMail.objects.exists()
    post.read()
    assert not Conversation.objects.exists()


def test_a_server_that_cannot_be_reached_is_told_to_administrators(post: Post, settings: Any) -> None:
    post.imap.put(post.mailbox.folder, mail("Where is it?"))
    settings.OUTGOING_NETWORKS = []
    post.read()
    mailbox = Mailbox.objects.get()
    assert mailbox.problem == "IMAP: 127.0.0.1: not a public address" and mailbox.problem_at
    Mailbox.objects.update(enabled=False)
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    post.read()
    assert not Conversation.objects.exists()
    Mailbox.objects.update(enabled=True)
    post.read()
    assert bodies(Conversation.objects.get())


@pytest.mark.parametrize("markup", ["<p>One</p><p>two  three</p>", "<div>One<div>two<br></div><div>three</div></div>"])
def test_a_mail_of_html_alone_reads_as_it_looks(post: Post, markup: str) -> None:
    made: EmailMessage = mail("", "One")
    made.set_content(markup, subtype="html")
    post.deliver(made)
    assert bodies(Conversation.objects.get())[0].split() == ["One", "two", "three"]
