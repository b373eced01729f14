"""The customer's door for files: what may be sent, by whom, and who may see it."""

from __future__ import annotations

import hashlib
import secrets
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail as outbox
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from supportbot.chat import erasing, mail, services, tasks
from supportbot.chat.attachments import service
from supportbot.chat.models import Attachment, Contact, Conversation, DoomedFile, EmailCopy, Message
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import Visitor, identify
from supportbot.workspaces.models import User, Workspace
from tests.files import SECRET, pdf, picture

SHOP = "http://shop.example"


class Customer:
    """A visitor of the shop's page."""

    def __init__(self, workspace: Workspace, token: str = "") -> None:
        self.workspace, self.token = workspace, token or secrets.token_urlsafe(32)
        self.client = Client(headers={"origin": SHOP, "authorization": f"Bearer {self.token}"})
        self.path = f"/widget/{workspace.key}/attachments/"

    @property
    def visitor(self) -> Visitor:
        """As the websocket knows him."""
        return identify(self.workspace.key, self.token, origin=SHOP, host="testserver")

    def upload(self, data: bytes, name: str = "photo.png", kind: str = "image/png") -> Any:
        """Send a file; the answer."""
        return self.client.post(self.path, {"file": SimpleUploadedFile(name, data, kind)})

    def send(self, body: str, *files: str) -> Message:
        """Write, with files."""
        return services.post_message(
            conversation_id=self.visitor.begin().id,
            body=body,
            client_id=uuid4(),
            files=[UUID(file) for file in files],
            token_hash=self.visitor.token_hash,
        )

    def get(self, file: str, query: str = "") -> Any:
        """Ask for a file."""
        return self.client.get(f"{self.path}{file}/{query}")


@pytest.fixture
def workspace(transactional_db: None, settings: Settings, tmp_path: Path) -> Workspace:
    """A shop whose widget stands on shop.example; its files lie in a folder of the test."""
    cache.clear()
    settings.MEDIA_ROOT = tmp_path
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor", allowed_origins=[SHOP])


@pytest.fixture
def customer(workspace: Workspace) -> Customer:
    """Somebody with a picture."""
    return Customer(workspace)


def stored(folder: Path) -> list[Path]:
    """The files that the storage has."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_goes_out_with_a_message_and_comes_back_only_to_its_customer(customer: Customer) -> None:
    answer = customer.upload(picture())
    assert answer.status_code == 201 and answer["Access-Control-Allow-Origin"] == SHOP
    facts = answer.json()
    assert (facts["name"], facts["kind"], facts["width"], facts["height"]) == ("photo.png", "image", 60, 80)
    stranger = Customer(customer.workspace)
    assert customer.get(facts["id"]).status_code == 200 and stranger.get(facts["id"]).status_code == 404
    message = customer.send("Look at this", facts["id"])
    assert [row.name for row in message.attachments.all()] == ["photo.png"]
    shown = customer.get(facts["id"])
    assert shown["Content-Type"] == "image/png" and shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"].startswith("default-src 'none'") and SECRET.encode() not in shown.content
    assert shown["Content-Disposition"] == "inline; filename*=UTF-8''photo.png" and "private" in shown["Cache-Control"]
    assert customer.get(facts["id"], "?small")["Content-Type"] == "image/webp"
    stranger.send("I am somebody else")
    assert stranger.get(facts["id"]).status_code == 404


def test_a_pdf_is_downloaded_not_shown(customer: Customer) -> None:
    facts = customer.upload(pdf(), "invoice.exe", "image/png").json()
    assert (facts["name"], facts["kind"]) == ("invoice.pdf", "pdf")
    shown = customer.get(facts["id"], "?small")
    assert shown["Content-Type"] == "application/pdf" and shown["Content-Disposition"].startswith("attachment;")


def test_what_lies_about_its_kind_is_too_large_or_nothing_is_refused_and_nothing_is_kept(
    customer: Customer, settings: Settings, tmp_path: Path
) -> None:
    lie = customer.upload(b"<script>alert(1)</script>", "photo.png", "image/png")
    assert lie.status_code == 415 and lie.json()["code"] == "bad_file"
    settings.ATTACHMENT_MB = 0
    large = customer.upload(picture())
    assert large.status_code == 413 and large.json()["code"] == "too_large"
    assert customer.client.post(customer.path, {}).status_code == 400
    assert not Attachment.objects.exists() and stored(tmp_path) == []


def test_without_token_of_another_page_or_workspace_nothing_is_taken_or_given(customer: Customer) -> None:
    facts = customer.upload(picture()).json()
    customer.send("", facts["id"])
    other = Workspace.objects.create(name="Moor", slug="moor", allowed_origins=[SHOP])
    assert Customer(other, customer.token).get(facts["id"]).status_code == 404
    assert Client(headers={"origin": SHOP}).get(f"{customer.path}{facts['id']}/").status_code == 403
    foreign = {"origin": "http://evil.example", "authorization": f"Bearer {customer.token}"}
    refused = Client(headers=foreign).get(f"{customer.path}{facts['id']}/")
    assert refused.status_code == 403 and "Access-Control-Allow-Origin" not in refused
    preflight = Client(headers={"origin": SHOP}).options(customer.path)
    assert preflight["Access-Control-Allow-Headers"] == "Authorization" and preflight.status_code == 204
    assert "Access-Control-Allow-Origin" not in Client(headers={"origin": "http://evil.example"}).options(customer.path)
    Contact.objects.update(blocked_at=timezone.now())
    assert customer.upload(picture()).json()["code"] == "blocked"


def test_a_file_is_sent_once_by_its_own_visitor_and_can_be_taken_away_before(
    customer: Customer, tmp_path: Path
) -> None:
    first, second = (customer.upload(picture()).json()["id"] for _ in range(2))
    with pytest.raises(Refused, match="no longer there"):
        Customer(customer.workspace).send("Mine now", first)
    customer.client.delete(f"{customer.path}{second}/")
    with pytest.raises(Refused, match="no longer there"):
        customer.send("Both", first, second)
    customer.send("One", first)
    with pytest.raises(Refused, match="no longer there"):
        customer.send("Again", first)
    customer.client.delete(f"{customer.path}{first}/")
    assert customer.get(first).status_code == 200 and len(stored(tmp_path)) == 2
    with pytest.raises(Refused, match="5 files"):
        customer.send("Many", *[str(uuid4())] * 6)


def test_uploads_have_a_pace(customer: Customer, settings: Settings) -> None:
    codes = [customer.upload(b"x").json()["code"] for _ in range(62)]
    assert codes[0] == "bad_file" and codes[-1] == "too_fast"


def test_a_file_without_words_goes_to_people_who_are_told_so(customer: Customer) -> None:
    message = customer.send("", customer.upload(picture()).json()["id"])
    conversation = Conversation.objects.get()
    assert (conversation.handler, conversation.summary["reason"]) == ("queue", "attachment")
    message.refresh_from_db()
    assert message.outcome == Message.Outcome.HANDED_OFF
    assert "can't look into files" in conversation.messages.last().body  # type: ignore[union-attr]


def test_what_was_never_sent_and_what_is_erased_is_deleted(customer: Customer, tmp_path: Path) -> None:
    sent, forgotten = (customer.upload(picture()).json()["id"] for _ in range(2))
    customer.send("Look", sent)
    Attachment.objects.update(created_at=timezone.now() - service.UNSENT_FOR - timedelta(minutes=1))
    tasks.sweep()
    assert customer.get(sent).status_code == 200 and customer.get(forgotten).status_code == 404
    assert len(stored(tmp_path)) == 2
    customer.upload(picture())
    erasing.erase(customer.visitor)
    assert not Attachment.objects.exists() and stored(tmp_path) == [] and not DoomedFile.objects.exists()


def test_what_the_storage_could_not_delete_is_deleted_later(customer: Customer, tmp_path: Path) -> None:
    left = Path(default_storage.path("attachments/left"))
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    DoomedFile.objects.create(path="attachments/left")
    tasks.sweep()
    assert not left.exists() and not DoomedFile.objects.exists()


def test_an_e_mail_names_the_files(customer: Customer, settings: Settings) -> None:
    settings.EMAIL_AFTER = 0
    customer.send("Hello")
    agent = User.objects.create_user("maya@fennmoor.example", name="Maya")
    agent.memberships.create(workspace=customer.workspace)
    conversation = Conversation.objects.get()
    services.take(conversation_id=conversation.id, agent=agent)
    Contact.objects.update(email="nora@example.com")
    uploader = service.Uploader(customer.workspace, user=agent, conversation=conversation)
    file = service.upload(uploader, "label.pdf", pdf())
    services.post_message(conversation_id=conversation.id, body="", client_id=uuid4(), agent=agent, files=[file.id])
    assert EmailCopy.objects.count() == 1 and customer.get(str(file.id)).status_code == 200
    mail.send(conversation.id)
    assert "Attached in the chat: label.pdf" in outbox.outbox[0].body


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR"
HOOK = "import sys; data = sys.stdin.buffer.read(); sys.exit(9 if b'broken' in data else b'EICAR' in data)"


def infected() -> bytes:
    """A PDF with the sign that every scanner knows."""
    return pdf() + b"\n%" + EICAR


@contextmanager
def clamd() -> Iterator[str]:
    """A daemon that speaks clamd's protocol; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve_clamd, args=(server,), daemon=True).start()
        yield f"clamd:127.0.0.1:{server.getsockname()[1]}"


def _serve_clamd(server: socket.socket) -> None:
    while True:
        try:
            link, _ = server.accept()
        except OSError:
            return
        with link, link.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            data = b""
            while size := struct.unpack(">I", stream.read(4))[0]:
                data += stream.read(size)
            link.sendall(b"stream: Eicar-Test FOUND\0" if EICAR in data else b"stream: OK\0")


@pytest.mark.parametrize("kind", ["command", "clamd"])
def test_an_infected_file_is_refused_and_the_words_stay(
    customer: Customer, settings: Settings, tmp_path: Path, kind: str
) -> None:
    with clamd() as address:
        settings.SCANNER = f'command:{sys.executable} -c "{HOOK}"' if kind == "command" else address
        bad, good = customer.upload(infected(), "bad.pdf").json(), customer.upload(picture()).json()
        assert (bad["state"], good["state"]) == ("scanning", "scanning")
        message = customer.send("Here is my invoice", bad["id"], good["id"])
        assert customer.get(bad["id"]).status_code == customer.get(good["id"]).status_code == 404
        for file in (bad, good):
            service.scan(UUID(file["id"]))
    assert [row.state for row in message.attachments.all()] == ["refused", "ready"]
    assert customer.get(bad["id"]).status_code == 404 and customer.get(good["id"]).status_code == 200
    assert Message.objects.filter(body="Here is my invoice").exists() and len(stored(tmp_path)) == 2


def test_a_scanner_that_does_not_answer_is_asked_again_and_given_up_in_the_end(
    customer: Customer, settings: Settings, tmp_path: Path
) -> None:
    settings.SCANNER = f'command:{sys.executable} -c "{HOOK}"'
    file = customer.upload(pdf() + b"\n%broken").json()
    for _ in range(service.ATTEMPTS):
        assert Attachment.objects.get().state == "scanning"
        Attachment.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert service.sweep() == [UUID(file["id"])]
        service.scan(UUID(file["id"]))
    assert Attachment.objects.get().state == "failed" and stored(tmp_path) == []


def test_the_token_of_an_upload_is_kept_as_a_hash(customer: Customer) -> None:
    customer.upload(picture())
    assert Attachment.objects.get().token_hash == hashlib.sha256(customer.token.encode()).hexdigest()
