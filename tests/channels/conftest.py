"""A shop with a mailbox on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from supportbot.channels import tasks
from supportbot.channels.models import Mailbox, OutgoingMail, ReceivedMail
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import Workspace
from tests.api.conftest import a_shop
from tests.mail_servers import PASSWORD, USER, ImapServer, SmtpServer

JAN = "Jan Maier <jan@customer.example>"


@pytest.fixture(scope="session")
def imap() -> Iterator[ImapServer]:
    """The session's IMAP server."""
    with ImapServer() as server:
        yield server


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[SmtpServer]:
    """The session's SMTP server."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def smtp(smtp_server: SmtpServer) -> SmtpServer:
    """The same, empty."""
    smtp_server.taken.clear()
    smtp_server.refusals.clear()
    return smtp_server


@dataclass
class Post:
    """The mailbox of the shop, and what comes and goes."""

    mailbox: Mailbox
    imap: ImapServer
    smtp: SmtpServer

    def deliver(self, *mails: EmailMessage | bytes) -> None:
        """Mails come, and the mailbox is read."""
        self.imap.put(self.mailbox.folder, *mails)
        self.read()

    def read(self) -> None:
        """It is time to read."""
        Mailbox.objects.filter(pk=self.mailbox.pk).update(due_at=timezone.now())
        tasks.poll(self.mailbox.pk)

    def send(self, conversation: Conversation) -> list[EmailMessage]:
        """It is time to send; what the customer has got."""
        OutgoingMail.objects.filter(state__in=OutgoingMail.UNSENT).update(due_at=timezone.now() - timedelta(seconds=1))
        tasks.send(str(conversation.id))
        return self.smtp.taken

    def became(self) -> list[tuple[str, str]]:
        """What became of each mail, in their order."""
        return list(ReceivedMail.objects.order_by("id").values_list("state", "reason"))


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    """A shop with an agent and an administrator."""
    return a_shop("fennmoor")


@pytest.fixture
def post(workspace: Workspace, imap: ImapServer, smtp: SmtpServer, settings: Settings, tmp_path: Path) -> Post:
    """Its mailbox, with a folder of this test alone."""
    settings.OUTGOING_NETWORKS, settings.MEDIA_ROOT = ["127.0.0.0/8"], tmp_path
    return Post(a_mailbox(workspace, imap, smtp), imap, smtp)


def a_mailbox(workspace: Workspace, imap: ImapServer, smtp: SmtpServer) -> Mailbox:
    """A mailbox of the workspace."""
    mailbox = Mailbox(
        workspace=workspace,
        address=f"support@{workspace.slug}.example",
        folder=f"in-{uuid4().hex[:8]}",
        **servers_of(imap, smtp),
    )
    mailbox.imap_password = mailbox.smtp_password = PASSWORD
    mailbox.save()
    imap.create(mailbox.folder)
    return mailbox


def servers_of(imap: ImapServer, smtp: SmtpServer) -> dict[str, Any]:
    """The fields that name both servers."""
    ports = {"imap_port": imap.port, "smtp_port": smtp.port}
    each = {"host": "127.0.0.1", "security": Mailbox.Security.NONE, "user": USER}
    return ports | {f"{kind}_{part}": value for kind in ("imap", "smtp") for part, value in each.items()}


def mail(text: str, subject: str = "Order 10023", sender: str = JAN, **headers: str) -> EmailMessage:
    """A mail of a customer; headers as `In_Reply_To="<…>"`."""
    made = EmailMessage()
    told = {"From": sender, "To": "support@fennmoor.example", "Subject": subject, "Message-ID": make_msgid()}
    for name, value in (told | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        made[name] = value
    made.set_content(text)
    return made
