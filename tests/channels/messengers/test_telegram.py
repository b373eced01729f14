"""Customers write to a Telegram bot through its webhook, and are answered through a server that speaks its API."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from supportbot.channels.messengers import outbox
from supportbot.channels.models import Arrival, Messenger, Post
from supportbot.chat import erasing, merging, services, transcript
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import Contact, Conversation, Message, Rating
from supportbot.workspaces.models import Team, User, Workspace
from tests.api.conftest import a_shop
from tests.channels.messengers.conftest import SECRET, Line, a_messenger, remarks, said, taken
from tests.messenger_server import MessengerServer, Refusal

NUMBERS = count(1000)
State = Post.State


@pytest.fixture
def line(workspace: Workspace, server: MessengerServer) -> Line:
    """The shop's bot."""
    return Line(a_messenger(workspace, Messenger.Kind.TELEGRAM), server)


def update(user: int = 77, id_: int | None = None, what: str = "message", **message: Any) -> bytes:
    """What Telegram tells of a message of Jan."""
    jan = {"id": user, "first_name": "Jan", "last_name": "Maier", "language_code": "de"}
    chat = message.pop("chat", {"id": user, "type": "private"})
    told = {"message_id": 1, "from": jan, "chat": chat, "date": 1_800_000_000, **message}
    return json.dumps({"update_id": next(NUMBERS) if id_ is None else id_, what: told}).encode()


def pressed(data: str, user: int = 77) -> bytes:
    """What Telegram tells of a button."""
    message = {"message_id": 2, "chat": {"id": user, "type": "private"}}
    query = {"id": "55", "from": {"id": user, "first_name": "Jan"}, "message": message, "data": data}
    return json.dumps({"update_id": next(NUMBERS), "callback_query": query}).encode()


def hear(line: Line, *updates: bytes) -> None:
    """Telegram tells, and workers work."""
    for one in updates:
        assert line.hook(one, X_Telegram_Bot_Api_Secret_Token=SECRET) == 200
    line.work()


def buttons(line: Line) -> list[tuple[str, str]]:
    """Below the last message."""
    rows = line.server.sent()[-1].said.get("reply_markup", {}).get("inline_keyboard", [])
    return [(button["text"], button["callback_data"]) for (button,) in rows]


def a_picture() -> bytes:
    """A screenshot."""
    data = BytesIO()
    Image.new("RGB", (20, 20)).save(data, "PNG")
    return data.getvalue()


@transaction.atomic
def bot_says(talk: Conversation, body: str, **fields: Any) -> Message:
    """The assistant answers, as its worker saves it."""
    locked = transcript.locked(talk.id)
    made = transcript.append(locked, author=Message.Author.BOT, body=body, **fields)
    transcript.save(locked, made)
    return made


def test_a_customer_writes_and_an_agent_answers(line: Line, workspace: Workspace) -> None:
    team = Team.objects.create(workspace=workspace, name="Warehouse")
    Messenger.objects.update(team=team)
    hear(line, update(text="Wo ist 10023?"))
    talk = line.talk()
    assert (talk.channel, talk.team, talk.contact.name, talk.contact.language) == ("telegram", team, "Jan Maier", "de")
    assert not talk.contact.is_verified and said(talk) == ["Wo ist 10023?"]
    hear(line, update(text="Hallo?"), update(user=88, text="Ich bin Eva."))
    assert said(line.talk("77")) == ["Wo ist 10023?", "Hallo?"] and said(line.talk("88")) == ["Ich bin Eva."]
    maya = taken(talk)
    file = attachments.upload(Uploader(workspace, user=maya, conversation=talk), "label.png", a_picture())
    files = {"conversation_id": talk.id, "client_id": uuid4(), "agent": maya, "files": [file.id]}
    services.post_message(body="Morgen.", **files)  # type: ignore[arg-type]
    line.server.asked.clear()
    line.send()
    one, two, photo = line.server.sent()
    assert one.said == {**one.said, "chat_id": "77", "text": "Maya ist dem Gespräch beigetreten."}
    assert two.said["text"] == "Morgen."
    assert photo.path.endswith("/sendPhoto") and list(photo.files) == ["label.png"]
    line.send()
    assert len(line.server.sent()) == 3  # none goes twice
    assert set(Post.objects.filter(conversation=talk).values_list("state", flat=True)) == {State.SENT}
    assert not Arrival.objects.exclude(content={}).exists()  # what was said is kept in the conversation alone


def test_what_is_forged_or_repeated_makes_no_message(line: Line, workspace: Workspace) -> None:
    again = update(text="Where is it?")
    for headers in ({}, {"X_Telegram_Bot_Api_Secret_Token": "guessed"}):
        assert line.hook(again, **headers) == 403
    assert Client().post("/channels/guessed/", again, content_type="application/json").status_code == 404
    assert line.hook(b"x" * 1_100_000, X_Telegram_Bot_Api_Secret_Token=SECRET) == 413
    assert not Arrival.objects.exists()
    hear(line, again, again)
    hear(line, again)
    assert said(line.talk()) == ["Where is it?"]
    hear(line, b"[]", b'{"update_id": 5, "message": {"chat": 7}}', update(text="", pinned_message={}))
    assert [state for state, _ in line.became()] == ["done", "aside", "aside"]
    Messenger.objects.update(enabled=False)
    assert line.hook(update(text="Hello?"), X_Telegram_Bot_Api_Secret_Token=SECRET) == 404


def test_order_is_kept_where_updates_overtake_each_other_and_where_a_customer_writes_fast(line: Line) -> None:
    late, soon = update(text="first", id_=1), update(text="second", id_=2)
    hear(line, soon, late)  # before a worker came
    talk = line.talk()
    assert said(talk) == ["first", "second"]
    many = [update(text=str(number)) for number in range(8)]
    hear(line, *many)
    assert said(talk)[2:] == [str(number) for number in range(8)]


def test_files_are_checked_as_in_the_chat(line: Line) -> None:
    line.server.files = {"small": b"", "large": a_picture(), "doc": b"MZ\x90 a program"}
    photo = [{"file_id": "small", "file_size": 10}, {"file_id": "large", "file_size": 500}]
    hear(line, update(photo=photo, caption="It is broken"))
    talk = line.talk()
    (message,) = talk.messages.filter(author="customer")
    assert message.body == "It is broken" and [row.kind for row in message.attachments.all()] == ["image"]
    program = {"file_id": "doc", "file_name": "run.exe", "file_size": 20}
    hear(line, update(document=program), update(document={**program, "file_size": 10**9}, caption="look"))
    assert said(talk) == ["It is broken", "look"]
    refused = [line_ for line_ in remarks(talk) if line_.startswith("The customer's file run.exe was not taken: ")]
    assert len(refused) == 2 and "may have 10 MB" in refused[1]
    hear(line, update(voice={"file_id": "v"}))
    assert line.server.texts()[-1].startswith("Hier können nur Texte, Bilder und PDF-Dateien gelesen werden.")
    assert remarks(talk)[-1] == "The customer sent what can't be taken in here: voice."


def test_a_start_is_greeted_a_group_is_told_once_and_an_edit_is_read(line: Line) -> None:
    hear(line, update(text="/start shop"))
    assert line.server.texts() == ["Hallo! Was können wir für Sie tun?"] and said(line.talk()) == []
    group = {"chat": {"id": -5, "type": "group"}, "text": "Is anybody there?"}
    hear(line, update(**group), update(**group))
    assert line.server.texts()[1:] == ["Ich antworte nur in privaten Chats. Schreiben Sie mir bitte dort."]
    hear(line, update(text="Where is 1023?"), update(text="Where is 10023?", what="edited_message"))
    hear(line, update(text="Where is 10023?", what="edited_message"))
    assert said(line.talk("77")) == ["Where is 1023?", "Where is 10023?"]
    assert remarks(line.talk("77")) == ["The customer changed an earlier message."]


def test_offered_answers_are_buttons_and_count_while_nothing_newer_was_said(line: Line) -> None:
    hear(line, update(text="Cancel it"))
    talk = line.talk()
    bot_says(talk, "Shall I cancel order 10021?", choices=["Yes", "No"])
    line.send()
    (yes, data), (no, _) = buttons(line)
    assert (yes, no) == ("Yes", "No") and len(data.encode()) <= 64
    hear(line, pressed(data))
    assert said(talk)[-1] == "Yes" and line.server.asked[-2].path.endswith("/answerCallbackQuery")
    hear(line, pressed(data))  # the same button once more
    assert said(talk)[-1] == "Yes" and line.server.texts()[-1].startswith("Diese Frage ist nicht mehr offen.")
    hear(line, pressed("c:x:1"), pressed(f"c:{uuid4()}:0"))
    assert line.became()[-2] == ("aside", "The button is none of ours.")
    bot_says(talk, "Which one?", choices=[f"The long name of goods number {number}" * 3 for number in range(3)])
    line.send()
    assert "\n2. The long name of goods number 1" in line.server.texts()[-1] and not buttons(line)
    hear(line, update(text="2"))
    assert said(talk)[-1].startswith("The long name of goods number 1")


def test_whether_it_helped_and_how_it_was_is_asked_by_buttons(line: Line, workspace: Workspace) -> None:
    hear(line, update(text="How long?"))
    talk = line.talk()
    sources = [{"title": "Delivery", "url": "/help/x"}]
    answer = bot_says(talk, "Three days. " + "y" * 3980, verdict="asked", sources=sources)
    line.send()
    assert line.server.texts()[-1].startswith("Delivery: http") and len(line.server.texts()[-2]) == 3992
    assert [words for words, _ in buttons(line)] == ["Das hat geholfen", "Nicht geholfen"]
    hear(line, pressed(buttons(line)[0][1]))
    talk.refresh_from_db()
    answer.refresh_from_db()
    assert (talk.status, answer.verdict) == ("resolved", "helped")
    assert line.server.texts()[-1].startswith("Wie war dieses Gespräch")
    five, data = buttons(line)[0]
    hear(line, pressed(data))
    assert five == "5" and Rating.objects.get().score == 5
    assert line.server.texts()[-1] == "Danke für Ihre Bewertung."
    hear(line, update(text="One more thing"))
    services.resolve(conversation_id=talk.id, agent=taken(talk))
    line.send()
    assert line.server.texts()[-1] == "Dieses Gespräch wurde beendet."  # it is rated once


def test_the_provider_is_given_its_pause_and_what_fails_is_told_at_the_message(line: Line) -> None:
    hear(line, update(text="Where is it?"))
    talk = line.talk()
    maya = taken(talk)
    line.send()
    line.server.asked.clear()
    busy = Refusal(429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 40}})
    line.server.refusals = [busy, Refusal(502)]
    for body in ("one", "two"):
        services.post_message(conversation_id=talk.id, body=body, client_id=uuid4(), agent=maya)
    line.send()
    first, second = Post.objects.filter(message__body__in=("one", "two")).order_by("id")
    assert (first.state, first.attempts, second.state) == (State.WAITING, 0, State.WAITING)
    assert 30 < (first.due_at - timezone.now()).total_seconds() <= 40
    assert 30 < (Messenger.objects.get().rests_until - timezone.now()).total_seconds() <= 40  # type: ignore[operator]
    outbox.send(talk.id)  # not yet
    assert len(line.server.sent()) == 1
    line.send()
    assert Messenger.objects.get().problem == "The provider has trouble (502)."
    line.send()
    assert line.server.texts()[-2:] == ["one", "two"] and Messenger.objects.get().problem == ""
    line.server.refusals = [Refusal(403, {"ok": False, "description": "Forbidden: bot was blocked by the user"})]
    services.post_message(conversation_id=talk.id, body="three", client_id=uuid4(), agent=maya)
    line.send()
    failed = Message.objects.get(body="three")
    assert failed.failure == "Telegram: Forbidden: bot was blocked by the user"
    assert remarks(talk)[-1] == f"A message could not be sent. {failed.failure}"
    outbox.send_again(failed.post)
    line.send()
    failed.refresh_from_db()
    assert (failed.failure, line.server.texts()[-1]) == ("", "three")
    Messenger.objects.all().delete()
    assert Conversation.objects.get().channel == "telegram" and not Arrival.objects.exists()


def test_a_server_that_is_away_is_given_up_in_the_end_and_never_told_with_the_token(line: Line, settings: Any) -> None:
    hear(line, update(text="Where is it?"))
    taken(line.talk())
    settings.MESSENGER_APIS = {**settings.MESSENGER_APIS, "telegram": "http://127.0.0.9:1"}
    for _ in range(len(outbox.AGAIN) + 1):
        line.send()
    post = Post.objects.get()
    assert (post.state, post.problem) == (State.FAILED, "The provider does not answer (ConnectError).")
    assert Messenger.objects.get().problem == post.problem
    settings.OUTGOING_NETWORKS = []
    outbox.send_again(post)
    line.send()
    assert Messenger.objects.get().problem == "127.0.0.9: not a public address"


def test_chats_stay_apart_between_workspaces_and_go_with_their_contact(line: Line, workspace: Workspace) -> None:
    other = Line(a_messenger(a_shop("harbour"), Messenger.Kind.TELEGRAM), line.server)
    same = update(text="Hello", id_=5)
    hear(line, same)
    hear(other, same)
    assert Conversation.objects.count() == Contact.objects.count() == 2
    assert all(one.contact.workspace == one.workspace for one in Conversation.objects.all())
    talk = Conversation.objects.get(workspace=workspace)
    hear(line, update(user=88, text="It is me again"))
    second = line.talk("88")
    maya = User.objects.get(email="maya@fennmoor.example")
    made = merging.merge(conversation_id=talk.id, other_id=second.id, agent=maya)
    hear(line, update(text="Still there?"))
    assert said(Conversation.objects.get(id=made.id))[-1] == "Still there?"
    contact = made.contact
    contact.blocked_at = timezone.now()
    contact.save()
    hear(line, update(text="Hello?"))
    assert line.became()[-1][0] == "aside"
    erasing.erase_contact(contact)
    assert not Arrival.objects.filter(messenger=line.messenger).exists()
    assert Message.objects.filter(conversation__workspace=other.messenger.workspace).count() == 1
