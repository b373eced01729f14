"""Mailboxes by TLS and STARTTLS: only a certificate that the system trusts, for the very host, gets a password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import trustme
from django.test import Client
from django.urls import reverse

from supportbot.channels.models import Mailbox
from supportbot.chat import services
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import User
from tests.channels.conftest import Post, mail
from tests.mail_servers import ImapServer, SmtpServer, TlsFront, certificate

TLS, STARTTLS = Mailbox.Security.TLS, Mailbox.Security.STARTTLS


@dataclass
class Secured:
    """The port of each kind of server with each security, and the authority that they go by."""

    ports: dict[tuple[str, Mailbox.Security], int]
    authority: Path


@pytest.fixture(scope="module")
def secured(imap: ImapServer, smtp_server: SmtpServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Servers with a certificate of an authority that nobody knows."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    file, tls = certificate(authority, folder)
    with (
        TlsFront(imap.port, tls) as imaps,
        TlsFront(smtp_server.port, tls) as smtps,
        ImapServer(file) as starts,
        SmtpServer(tls) as submits,
    ):
        ports = {("imap", TLS): imaps.port, ("smtp", TLS): smtps.port}
        ports |= {("imap", STARTTLS): starts.port, ("smtp", STARTTLS): submits.port}
        yield Secured(ports, folder / "authority.pem")


def tried(mailbox: Mailbox, kind: str, **fields: str | int) -> str:
    """What *Save and try it* says, with these fields for one of the servers."""
    for field, value in fields.items():
        setattr(mailbox, f"{kind}_{field}", value)
    mailbox.save()
    client = Client()
    client.force_login(User.objects.get(email="ada@fennmoor.example"))
    page = reverse("admin:outside_channels_mailbox_change", args=[mailbox.pk])
    initial = client.get(page).context["adminform"].form
    form = {name: initial.get_initial_for_field(field, name) for name, field in initial.fields.items()}
    sent = {name: value for name, value in form.items() if value not in (None, False)}
    passwords = {f"{each}_password": getattr(mailbox, f"{each}_password") for each in ("imap", "smtp")}
    return client.post(page, sent | passwords | {"outside_channels_mailbox_try_it": "1"}, follow=True).content.decode()


@pytest.mark.parametrize("security", [TLS, STARTTLS])
@pytest.mark.parametrize("kind", ["imap", "smtp"])
def test_a_certificate_must_be_trusted_and_of_that_host(
    kind: str, security: Mailbox.Security, secured: Secured, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, port = post.mailbox, secured.ports[kind, security]
    mailbox.folder = "INBOX"
    answer = tried(mailbox, kind, host="localhost", port=port, security=security)
    assert f"It does not work. {kind.upper()}: its certificate is not accepted: " in answer
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.authority))
    assert "Both servers let us in" in tried(mailbox, kind)
    answer = tried(mailbox, kind, host="127.0.0.1")
    assert f"{kind.upper()}: its certificate is not accepted: IP address mismatch" in answer


@pytest.mark.parametrize("kind", ["imap", "smtp"])
def test_a_server_without_tls_gets_no_password(kind: str, post: Post) -> None:
    answer = tried(post.mailbox, kind, security=TLS)
    assert f"It does not work. {kind.upper()}: it does not speak TLS at this port: choose STARTTLS" in answer
    answer = tried(post.mailbox, kind, security=STARTTLS)
    assert f"It does not work. {kind.upper()}: " in answer and "not supported by server" in answer


def test_a_mail_comes_and_its_answer_goes_by_tls(secured: Secured, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.authority))
    for kind in ("imap", "smtp"):
        fields = {"host": "localhost", "port": secured.ports[kind, TLS], "security": TLS}
        for field, value in fields.items():
            setattr(post.mailbox, f"{kind}_{field}", value)
    post.mailbox.save()
    post.deliver(mail("Where is it?"))
    talk = Conversation.objects.get()
    services.request_agent(conversation_id=talk.id, client_id=uuid4())
    (answer,) = post.send(talk)
    assert "jan@customer.example" in str(answer["To"])
