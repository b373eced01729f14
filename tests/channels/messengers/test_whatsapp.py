"""Customers write to a WhatsApp number through Meta's webhook, and are answered through a server with its API."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from supportbot.channels.models import Arrival, Messenger, Part, Post, Thread
from supportbot.chat import services
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import Message
from supportbot.workspaces.models import Workspace
from tests.channels.messengers.conftest import SECRET, Line, a_messenger, remarks, said, taken
from tests.channels.messengers.test_telegram import a_picture, bot_says
from tests.messenger_server import MessengerServer, Refusal

NUMBERS, JAN, OWN = count(1), "4915112345", "1055501"
State = Post.State


@pytest.fixture
def line(workspace: Workspace, server: MessengerServer) -> Line:
    """The shop's number."""
    return Line(a_messenger(workspace, Messenger.Kind.WHATSAPP, account=OWN), server)


def webhook(number: str = OWN, **value: Any) -> bytes:
    """What Meta sends."""
    named = [{"wa_id": JAN, "profile": {"name": "Jan Maier"}}]
    told = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, "contacts": named, **value}
    changes = [{"field": "messages", "value": told}]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()


def message(kind: str = "text", at: int = 0, id_: str = "", **content: Any) -> dict[str, Any]:
    """One of Jan."""
    number = next(NUMBERS)
    about = {"id": id_ or f"wamid.in.{number}", "from": JAN, "timestamp": str(1_800_000_000 + (at or number))}
    return {**about, "type": kind, kind: content}


def text(body: str, **about: Any) -> dict[str, Any]:
    """Words of Jan."""
    return message(body=body, **about)


def reply(data: str) -> dict[str, Any]:
    """A button that Jan presses."""
    return message("interactive", type="button_reply", button_reply={"id": data, "title": "Yes"})


def status(of: str, how: str, **error: Any) -> dict[str, Any]:
    """How far a message of ours has come."""
    return {"id": of, "status": how, "recipient_id": JAN, "timestamp": "1", **({"errors": [error]} if error else {})}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Meta's header."""
    return {"X_Hub_Signature_256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def hear(line: Line, *bodies: bytes) -> None:
    """Meta sends, and workers work."""
    for body in bodies:
        assert line.hook(body, **signed(body)) == 200
    line.work()


def parts() -> list[str]:
    """The provider's ids of all that is out."""
    return list(Part.objects.order_by("id").values_list("provider_id", flat=True))


def test_the_address_is_verified_and_nothing_forged_is_taken(line: Line) -> None:
    asks = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": line.messenger.verify_token}
    answer = Client().get(line.messenger.path, asks)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert Client().get(line.messenger.path, {**asks, "hub.verify_token": "guessed"}).status_code == 403
    body = webhook(messages=[text("Hello")])
    assert line.hook(body) == line.hook(body, **signed(body, "other")) == 403
    assert line.hook(body + b" ", **signed(body)) == 403
    hear(line, webhook("999", messages=[text("To another number of the app")]))
    assert not Arrival.objects.exists() and not Message.objects.exists()


def test_messages_come_once_and_in_their_order(line: Line) -> None:
    one, two = text("first", at=1), text("second", at=2)
    hear(line, webhook(messages=[two]), webhook(messages=[one]), webhook(messages=[one, two]))
    talk = line.talk(JAN)
    assert said(talk) == ["first", "second"]
    assert (talk.channel, talk.contact.name) == ("whatsapp", "Jan Maier")
    read = [asked.said for asked in line.server.asked if asked.said.get("status") == "read"]
    assert read[0]["message_id"] == one["id"] and read[0]["typing_indicator"] == {"type": "text"}
    line.server.files = {"m1": a_picture()}
    hear(line, webhook(messages=[message("image", id="m1", caption="Broken"), message("reaction", emoji="x")]))
    assert said(talk)[2:] == ["Broken"] and talk.messages.get(body="Broken").attachments.get().kind == "image"
    hear(line, webhook(messages=[message("audio", id="m2")]))
    assert line.server.texts()[-1].startswith("Only text, pictures and PDF files")


def test_answers_go_with_buttons_lists_and_files(line: Line, workspace: Workspace) -> None:
    hear(line, webhook(messages=[text("Cancel it")]))
    talk = line.talk()
    bot_says(talk, "Shall I?", choices=["Yes", "No"])
    line.send()
    yes, no = line.server.sent()[-1].said["interactive"]["action"]["buttons"]
    assert (yes["reply"]["title"], no["reply"]["title"]) == ("Yes", "No")
    hear(line, webhook(messages=[reply(yes["reply"]["id"])]))
    assert said(talk)[-1] == "Yes"
    bot_says(talk, "Which?", choices=["10021", "10022", "10023", "10024"])
    line.send()
    rows = line.server.sent()[-1].said["interactive"]["action"]["sections"][0]["rows"]
    assert [row["title"] for row in rows] == ["10021", "10022", "10023", "10024"]
    maya = taken(talk)
    data = BytesIO()
    Image.new("RGB", (20, 20)).save(data, "WEBP")
    file = attachments.upload(Uploader(workspace, user=maya, conversation=talk), "label.webp", data.getvalue())
    ids = {"conversation_id": talk.id, "client_id": uuid4(), "agent": maya}
    services.post_message(body="Here", files=[file.id], **ids)  # type: ignore[arg-type]
    line.send()
    assert line.server.sent()[-1].said["type"] == "image" and line.server.texts()[-2] == "Here"
    assert next(asked for asked in line.server.asked if asked.path.endswith("/media")).files.keys() == {"label.png"}


def test_how_far_a_message_has_come_is_shown(line: Line) -> None:
    hear(line, webhook(messages=[text("Where is it?")]))
    talk = line.talk()
    maya = taken(talk)
    services.post_message(conversation_id=talk.id, body="Tomorrow", client_id=uuid4(), agent=maya)
    line.send()
    of = parts()[-1]
    hear(line, webhook(statuses=[status(of, "sent"), status(of, "delivered")]))
    talk.refresh_from_db()
    assert (Message.objects.get(body="Tomorrow").post.state, talk.received_seq, talk.seen_seq) == (
        *(State.DELIVERED, talk.last_seq, 0),
    )
    hear(line, webhook(statuses=[status(of, "read")]), webhook(statuses=[status(of, "delivered")]))
    talk.refresh_from_db()
    assert (Message.objects.get(body="Tomorrow").post.state, talk.seen_seq) == (State.READ, talk.last_seq)
    services.post_message(conversation_id=talk.id, body="At noon", client_id=uuid4(), agent=maya)
    line.send()
    hear(line, webhook(statuses=[status(parts()[-1], "failed", code=131026, title="Message undeliverable")]))
    assert Message.objects.get(body="At noon").failure == "WhatsApp: Message undeliverable"
    hear(line, webhook(statuses=[status("wamid.unknown", "delivered")]))
    Arrival.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    hear(line)
    assert not Arrival.objects.filter(state="waiting").exists()


def test_after_24_hours_agents_are_told_and_a_template_asks_the_customer_back(line: Line) -> None:
    hear(line, webhook(messages=[text("Where is it?")]))
    talk = line.talk()
    maya = taken(talk)
    line.send()
    Thread.objects.update(heard_at=timezone.now() - timedelta(hours=25))

    def say(body: str) -> Message:
        return services.post_message(conversation_id=talk.id, body=body, client_id=uuid4(), agent=maya)

    lost = say("Tomorrow")
    line.send()
    lost.refresh_from_db()
    assert lost.failure.startswith("WhatsApp takes answers within 24 hours of the customer's last message")
    Messenger.objects.update(template="come_back en")
    kept, also = say("It is here"), say("Come by")
    line.send()
    assert [asked.said.get("template", {}).get("name") for asked in line.server.sent()][-1:] == ["come_back"]
    assert {kept.post.state, also.post.state} == {State.WAITING} and Post.objects.filter(state=State.HELD).count() == 2
    assert remarks(talk)[-1].endswith("What was written follows when the customer replies.")
    hear(line, webhook(messages=[text("I am back")]))
    assert line.server.texts()[-2:] == ["It is here", "Come by"]
    Thread.objects.update(heard_at=timezone.now() - timedelta(hours=1))
    line.server.refusals = [Refusal(400, {"error": {"code": 131047, "message": "Re-engagement message"}})]
    say("Goodbye")  # Meta's clock decides
    line.send()
    assert Post.objects.get(message__body="Goodbye").state == State.HELD


def test_pauses_and_accounts_that_are_refused(line: Line) -> None:
    hear(line, webhook(messages=[text("Where is it?")]))
    talk = line.talk()
    line.server.refusals = [
        Refusal(400, {"error": {"code": 131056, "message": "Pair rate limit hit"}}),
        Refusal(401, {"error": {"code": 190, "message": "Token expired"}}),
    ]
    bot_says(talk, "Tomorrow")
    line.send()
    assert Messenger.objects.get().rests_until and Post.objects.get().attempts == 0
    line.send()
    assert Messenger.objects.get().problem == "WhatsApp: Token expired"
    line.send()
    assert Post.objects.get().state == State.SENT and Messenger.objects.get().problem == ""
