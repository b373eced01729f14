"""An administrator sets up a mailbox, tries it, and sees what came and what went."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from supportbot.channels.models import Mailbox
from supportbot.chat import services
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.channels.conftest import Post, mail, servers_of
from tests.mail_servers import PASSWORD

NEW = reverse("admin:outside_channels_mailbox_add")
TRY = {"outside_channels_mailbox_try_it": "1"}


@pytest.fixture
def ada(workspace: Workspace) -> Client:
    """The administrator's browser."""
    client = Client()
    client.force_login(User.objects.get(email="ada@fennmoor.example"))
    return client


def form(post: Post, **fields: Any) -> dict[str, Any]:
    """What is sent by the page of a new mailbox."""
    about = {"workspace": post.mailbox.workspace_id, "address": "Sales@fennmoor.example", "enabled": "on"}
    passwords = {"imap_password": PASSWORD, "smtp_password": PASSWORD, "folder": post.mailbox.folder}
    return {**about, "sender": "Fennmoor sales", **passwords, **servers_of(post.imap, post.smtp), **fields}


def page_of(mailbox: Mailbox) -> str:
    """Where it is changed."""
    return reverse("admin:outside_channels_mailbox_change", args=[mailbox.pk])


def test_a_mailbox_is_set_up_and_tried(post: Post, ada: Client) -> None:
    ada.post(NEW, form(post))
    made = Mailbox.objects.get(address="sales@fennmoor.example")
    assert made.imap_password == made.smtp_password == PASSWORD and PASSWORD not in made.sealed_imap_password
    assert AuditEntry.objects.get(action="mailbox.added").actor == User.objects.get(email="ada@fennmoor.example")
    assert PASSWORD not in ada.get(page_of(made)).content.decode()
    answer = ada.post(page_of(made), form(post, **TRY), follow=True)
    assert "Both servers let us in" in answer.content.decode()
    ada.post(page_of(made), form(post, imap_password="", smtp_password="", sender="Sales"))
    made.refresh_from_db()
    assert (made.sender, made.imap_password) == ("Sales", PASSWORD)
    answer = ada.post(page_of(made), form(post, imap_password="wrong", **TRY), follow=True)
    assert "It does not work. IMAP: " in answer.content.decode()
    assert "Problem. Since " in ada.get(page_of(made)).content.decode()


def test_a_password_stays_with_its_server_and_no_server_inside_is_asked(post: Post, ada: Client, settings: Any) -> None:
    answer = ada.post(page_of(post.mailbox), form(post, imap_host="localhost", imap_password=""))
    assert "Write the password for this host and user." in answer.content.decode()
    answer = ada.post(NEW, form(post, smtp_host="1.1.1.1"))
    assert "1.1.1.1 is on the internet: choose TLS or STARTTLS" in answer.content.decode()
    settings.OUTGOING_NETWORKS = []
    answer = ada.post(NEW, form(post))
    assert answer.content.decode().count("127.0.0.1: not a public address") >= 2
    assert Mailbox.objects.count() == 1


def test_what_came_and_what_failed_is_listed_and_sent_again(post: Post, ada: Client) -> None:
    post.smtp.refusals = ["554 no such mailbox"]
    post.deliver(mail("Where is it?", "My kettle"), mail("Sale!", "Sale", Precedence="bulk"))
    talk = Conversation.objects.get()
    services.request_agent(conversation_id=talk.id, client_id=uuid4())
    post.send(talk)
    came = ada.get(reverse("admin:outside_channels_receivedmail_changelist")).content.decode()
    assert "My kettle" in came and "Precedence: bulk" in came
    went = reverse("admin:outside_channels_outgoingmail_changelist")
    assert "554 no such mailbox" in ada.get(went).content.decode()
    (pk,) = talk.messages.filter(author="bot").values_list("outgoing_mail__pk", flat=True)
    page = ada.get(reverse("admin:outside_channels_outgoingmail_change", args=[pk])).content.decode()
    assert "jan@customer.example" in page and "<wbr>" in page
    ada.post(went, {"action": "send_again", "_selected_action": pk})
    assert len(post.send(talk)) == 1
