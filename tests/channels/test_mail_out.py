"""What is said in a conversation by e-mail reaches a real SMTP server: once, in order, or not silently."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO
from uuid import uuid4

from django.core import mail as django_mail
from django.utils import timezone
from PIL import Image

from supportbot.channels import outbox
from supportbot.channels.models import Mailbox, OutgoingMail, ReceivedMail
from supportbot.chat import services
from supportbot.chat import tasks as chat_tasks
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import Conversation, EmailCopy
from supportbot.workspaces.models import User, Workspace
from tests.channels.conftest import Post, mail
from tests.channels.test_mail_in import bodies, remarks

State = OutgoingMail.State


def talk_of(post: Post, *mails: EmailMessage) -> Conversation:
    """The conversation that these mails begin."""
    post.deliver(*mails)
    return Conversation.objects.get()


def taken(talk: Conversation) -> User:
    """The agent who has taken it."""
    maya = User.objects.get(email="maya@fennmoor.example")
    services.take(conversation_id=talk.id, agent=maya)
    return maya


def say(talk: Conversation, body: str, agent: User, **fields: object) -> None:
    """The agent answers."""
    services.post_message(conversation_id=talk.id, body=body, client_id=uuid4(), agent=agent, **fields)  # type: ignore[arg-type]


def text_of(made: EmailMessage) -> str:
    """What the customer reads."""
    part = made.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip()


def test_an_agent_and_a_customer_write_to_each_other(post: Post, workspace: Workspace) -> None:
    first = mail("Where is it?")
    talk = talk_of(post, first)
    maya = taken(talk)
    data = BytesIO()
    Image.new("RGB", (20, 20)).save(data, "PNG")
    uploader = Uploader(workspace, user=maya, conversation=talk)
    file = attachments.upload(uploader, "label.png", data.getvalue())
    say(talk, "It comes tomorrow.", maya, files=[file.id])
    say(talk, "By noon.", maya)
    one, two = post.send(talk)
    assert (one["From"], one["To"]) == ("Fennmoor <support@fennmoor.example>", "jan@customer.example")
    assert one["Subject"] == f"Re: Order 10023 [#{talk.mail_thread.token}]" and one["Auto-Submitted"] is None
    assert one["In-Reply-To"] == two["In-Reply-To"] == first["Message-ID"]
    assert two["References"].split() == [first["Message-ID"], one["Message-ID"]]
    assert [part.get_filename() for part in one.iter_attachments()] == ["label.png"]
    assert text_of(one) == "It comes tomorrow.\n\nMaya, Fennmoor"
    assert text_of(two) == "By noon.\n\nMaya, Fennmoor"
    post.deliver(mail("Thank you!", "Re: my own subject", In_Reply_To=str(two["Message-ID"])))
    assert bodies(talk)[-1] == "Thank you!"
    assert len(post.send(talk)) == 2  # none goes twice
    EmailCopy.objects.update(due_at=timezone.now() - timedelta(hours=1))
    chat_tasks.send_email(str(talk.id))
    assert not EmailCopy.objects.exists() and not django_mail.outbox
    say(talk, "Goodbye.", maya)
    assert post.send(talk)[2]["In-Reply-To"] == ReceivedMail.objects.order_by("id").last().rfc_id  # type: ignore[union-attr]


def test_what_the_bot_says_is_one_mail_that_no_machine_answers(post: Post, workspace: Workspace) -> None:
    talk = talk_of(post, mail("I want a person"))
    services.request_agent(conversation_id=talk.id, client_id=uuid4())
    (told,) = post.send(talk)
    assert told["Auto-Submitted"] == "auto-replied" and told["X-Auto-Response-Suppress"] == "All"
    assert text_of(told).endswith("\n\nFennmoor") and "below" not in text_of(told)


def test_a_mail_that_is_refused_for_now_goes_again_under_the_same_id_and_holds_up_the_next(post: Post) -> None:
    talk = talk_of(post, mail("Where is it?"))
    maya = taken(talk)
    post.smtp.refusals = ["451 busy"]
    say(talk, "It comes tomorrow.", maya)
    say(talk, "By noon.", maya)
    known = list(OutgoingMail.objects.order_by("id").values_list("rfc_id", flat=True))
    assert not post.send(talk)
    assert list(OutgoingMail.objects.order_by("id").values_list("state", "attempts")) == [
        ("waiting", 1),
        ("waiting", 0),
    ]
    assert Mailbox.objects.get().problem == ""  # it is the mail that was refused
    assert [made["Message-ID"] for made in post.send(talk)] == known
    OutgoingMail.objects.filter(rfc_id=known[1]).update(state=State.SENDING)  # its worker died, having sent it
    assert [made["Message-ID"] for made in post.send(talk)] == [*known, known[1]]
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {State.SENT}


def test_agents_see_what_could_not_be_sent_and_what_came_back(post: Post, workspace: Workspace) -> None:
    talk = talk_of(post, mail("Where is it?"))
    maya = taken(talk)
    post.smtp.refusals = ["554 no such mailbox"]
    say(talk, "It comes tomorrow.", maya)
    post.send(talk)
    assert OutgoingMail.objects.get().state == State.FAILED
    assert remarks(talk)[-1] == "A mail could not be sent. 554 no such mailbox"
    outbox.send_again(OutgoingMail.objects.get())
    (made,) = post.send(talk)
    post.deliver(a_bounce(str(made["Message-ID"]), "delayed"), a_bounce(str(made["Message-ID"]), "failed"))
    assert OutgoingMail.objects.get().state == State.BOUNCED
    assert remarks(talk)[-1] == "A mail was not delivered. jan@customer.example: 550 mailbox full"
    assert len(bodies(talk)) == 1 and remarks(talk)[:-1].count(remarks(talk)[-1]) == 0
    assert [state for state, _ in post.became()][1:] == [ReceivedMail.State.BOUNCE] * 2


def test_a_server_that_is_away_is_tried_again_and_given_up_in_the_end(post: Post) -> None:
    talk = talk_of(post, mail("Where is it?"))
    say(talk, "It comes tomorrow.", taken(talk))
    Mailbox.objects.update(smtp_port=1)
    for _ in range(len(outbox.AGAIN) + 1):
        assert not post.send(talk)
    assert Mailbox.objects.get().problem.startswith("SMTP: ")
    assert OutgoingMail.objects.get().state == State.FAILED
    assert remarks(talk)[-1].startswith("A mail could not be sent. SMTP: ")
    Mailbox.objects.all().delete()
    outbox.send_again(OutgoingMail.objects.get())
    post.send(talk)
    assert remarks(talk)[-1] == "A mail could not be sent. Its mailbox was deleted."


def test_a_password_goes_to_no_public_server_in_the_clear(post: Post) -> None:
    talk = talk_of(post, mail("Where is it?"))
    say(talk, "It comes tomorrow.", taken(talk))
    Mailbox.objects.update(smtp_host="1.1.1.1", imap_host="1.1.1.1")
    post.send(talk)
    assert Mailbox.objects.get().problem.startswith("SMTP: 1.1.1.1 is on the internet: choose TLS or STARTTLS")
    post.read()
    assert Mailbox.objects.get().problem.startswith("IMAP: 1.1.1.1 is on the internet: choose TLS or STARTTLS")


def a_bounce(of: str, action: str) -> bytes:
    """What a server says of a mail."""
    return f"""From: MAILER-DAEMON@customer.example
To: support@fennmoor.example
Subject: Undelivered
Message-ID: <{uuid4()}@customer.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; customer.example

Final-Recipient: rfc822; jan@customer.example
Action: {action}
Status: 5.2.2
Diagnostic-Code: smtp; 550 mailbox full

--b
Content-Type: message/rfc822

Message-ID: {of}
Subject: Re: Order 10023

It comes tomorrow.
--b--
""".encode()
