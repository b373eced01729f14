"""People write to a Slack app, directly and in threads, and are answered through a server that speaks its API."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client

from supportbot.channels.models import Arrival, Messenger, Post
from supportbot.chat import services
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.models import Workspace
from tests.channels.messengers.conftest import SECRET, Line, a_messenger, remarks, said, taken
from tests.channels.messengers.test_telegram import a_picture, bot_says
from tests.messenger_server import MessengerServer, Refusal

NUMBERS = count(1)


@pytest.fixture
def line(workspace: Workspace, server: MessengerServer) -> Line:
    """The shop's app."""
    return Line(a_messenger(workspace, Messenger.Kind.SLACK), server)


def event(text: str = "", user: str = "U1", channel: str = "D1", **about: Any) -> bytes:
    """A message: a direct one, or of a channel."""
    kind = "im" if channel.startswith("D") else "channel"
    at = {"ts": f"1800000000.{next(NUMBERS):06}", "channel": channel, "channel_type": kind}
    said = {"type": "message", "text": text, "user": user, **at, **about}
    return json.dumps({"type": "event_callback", "event_id": f"Ev{next(NUMBERS)}", "event": said}).encode()


def pressed(value: str, user: str = "U1", channel: str = "D1", thread: str = "") -> bytes:
    """A button, as Slack's interactivity tells it."""
    container = {"message_ts": "1800000001.000100", "channel_id": channel}
    action = {"value": value, "action_ts": f"1800000002.{next(NUMBERS):06}"}
    told = {"type": "block_actions", "user": {"id": user}, "channel": {"id": channel}, "container": container}
    told |= {"actions": [action], "message": {"thread_ts": thread} if thread else {}}
    return urlencode({"payload": json.dumps(told)}).encode()


def signed(body: bytes, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """Slack's headers."""
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X_Slack_Request_Timestamp": stamp, "X_Slack_Signature": f"v0={signature}"}


def hear(line: Line, *bodies: bytes) -> None:
    """Slack tells, and workers work."""
    for body in bodies:
        assert line.hook(body, **signed(body)) == 200
    line.work()


def test_the_address_is_verified_and_nothing_forged_or_old_is_taken(line: Line) -> None:
    asks = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    headers = {name.replace("_", "-"): value for name, value in signed(asks).items()}
    answer = Client(headers=headers).generic("POST", line.messenger.path, asks, content_type="application/json")
    assert (answer.status_code, answer.content) == (200, b"3eZbrw1a")
    body = event("Hello")
    assert line.hook(body) == line.hook(body, **signed(body, secret="other")) == 403
    assert line.hook(body, **signed(body, at=time.time() - 301)) == 403
    assert line.hook(body + b" ", **signed(body)) == 403
    assert not Arrival.objects.exists()


def test_direct_messages_are_one_conversation_and_our_own_are_ignored(line: Line) -> None:
    once = event("Where is &lt;10023&gt;? See <https://shop.example|our shop>")
    hear(line, once, event("And?"), event("I am a bot", bot_id="B1"), event("", subtype="channel_join"))
    hear(line, once)  # Slack repeats what it thinks was not heard
    talk = line.talk("D1")
    assert said(talk) == ["Where is <10023>? See our shop", "And?"]
    assert (talk.channel, talk.contact.name) == ("slack", "Name of U1")
    before = {"text": "And?"}
    changed = {"text": "And now?", "user": "U1", "ts": "1800000000.000777", "edited": {"ts": "1800000009.000000"}}
    hear(line, event("", subtype="message_changed", message=changed, previous_message=before))
    assert said(talk)[-1] == "And now?" and remarks(talk)[-1] == "The customer changed an earlier message."


def test_a_thread_is_a_conversation_of_who_began_it(line: Line) -> None:
    first = event("Where is it?", channel="C1", ts="1800000000.5")
    hear(line, first, event("Something else", user="U2", channel="C1", ts="1800000000.7"))
    talk = line.talk("C1:1800000000.5")
    thread = {"channel": "C1", "thread_ts": "1800000000.5"}
    hear(line, event("Still waiting", **thread), event("Me too", user="U2", **thread))
    assert said(talk) == ["Where is it?", "Still waiting"] and Conversation.objects.count() == 2
    assert remarks(talk)[-1] == "Name of U2 wrote in the customer's thread: Me too"
    bot_says(talk, "Shall I <cancel> it?", choices=["Yes", "No"])
    line.send()
    asked = line.server.sent()[-1].said
    assert (asked["channel"], asked["thread_ts"]) == ("C1", "1800000000.5")
    assert asked["text"] == "Shall I &lt;cancel&gt; it?"
    section, actions = json.loads(asked["blocks"])
    yes, no = actions["elements"]
    assert section["text"]["text"] == "Shall I <cancel> it?" and no["text"]["text"] == "No"
    hear(line, pressed(yes["value"], user="U2", channel="C1", thread="1800000000.5"))
    assert said(talk)[-1] == "Still waiting" and line.became()[-1][0] == "aside"
    hear(line, pressed(yes["value"], channel="C1", thread="1800000000.5"))
    assert said(talk)[-1] == "Yes"


def test_files_come_and_go_and_the_token_goes_to_slack_alone(line: Line, workspace: Workspace) -> None:
    line.server.files = {"p.png": a_picture()}
    there = {"url_private": f"{line.server.address('slack')}/data/p.png", "name": "p.png", "size": 100}
    away = {"url_private": "https://evil.example/p.png", "name": "q.png", "size": 100}
    hear(line, event("Look", subtype="file_share", files=[there, away]))
    talk = line.talk()
    assert talk.messages.get(author="customer").attachments.get().name == "p.png"
    assert remarks(talk) == ["The customer's file q.png was not taken: The file does not lie at Slack."]
    maya = taken(talk)
    file = attachments.upload(Uploader(workspace, user=maya, conversation=talk), "label.png", a_picture())
    ids = {"conversation_id": talk.id, "client_id": uuid4(), "agent": maya}
    services.post_message(body="Here", files=[file.id], **ids)  # type: ignore[arg-type]
    line.send()
    assert line.server.texts()[-1] == "Here" and line.server.asked[-1].path == "/files.completeUploadExternal"
    assert line.server.asked[-1].said["channel_id"] == "D1"


def test_pauses_and_errors_are_told(line: Line) -> None:
    hear(line, event("Where is it?"))
    talk = line.talk()
    maya = taken(talk)
    line.send()
    line.server.refusals = [
        Refusal(429, {"ok": False}, {"Retry-After": "30"}),
        Refusal(200, {"ok": False, "error": "internal_error"}),
        Refusal(200, {"ok": False, "error": "channel_not_found"}),
    ]
    services.post_message(conversation_id=talk.id, body="Tomorrow", client_id=uuid4(), agent=maya)
    line.send()
    assert Messenger.objects.get().rests_until and Post.objects.get(message__body="Tomorrow").attempts == 0
    line.send()
    assert Post.objects.get(message__body="Tomorrow").problem == "Slack: internal error"
    line.send()
    assert Message.objects.get(body="Tomorrow").failure == "Slack: channel not found"
