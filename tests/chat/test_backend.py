"""What the customer gets when a server writes the replies, and when it fails in the midst of one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from supportbot.chat import assistant, drafts
from supportbot.chat.authoring import proposals, tasks, writing
from supportbot.chat.engines import Engines
from supportbot.chat.models import Conversation, Message, Voice
from supportbot.workspaces.models import User, Workspace
from tests.chat.authoring.test_drafts import QUESTIONS, REPLIES, resolved
from tests.chat.conftest import Publish, Write, now
from tests.model_server import Exchange, ModelServer, words
from tests.servers import wait_until

Outcome, Handler = Message.Outcome, Conversation.Handler
REPLY = ("Your parcel is on its way. ", "It should ", "reach you.")


@pytest.fixture
def server(checkpoint_dir: Path, settings: Settings) -> Iterator[ModelServer]:
    """A server that writes for this process's engine."""
    with ModelServer([words(*REPLY)]) as server:
        settings.MODEL_DIR = checkpoint_dir
        settings.BACKEND = f"openai:{server.address}#shop/tiny-moe"
        settings.BACKEND_KEY = "secret"
        forget_engine()
        yield server
        forget_engine()


def forget_engine() -> None:
    """Let the next reply load the engine anew."""
    assistant.stop()
    assistant.engines = Engines()


def replies(message: Message) -> list[Message]:
    """What the bot said."""
    return list(message.conversation.messages.filter(author="bot"))


def test_server_writes_the_reply_from_the_facts(server: ModelServer, write: Write) -> None:
    message = write("where is order 10023?")
    assistant.write_reply(message.id)
    (reply,) = replies(message)
    assert (reply.body, reply.intent) == ("".join(REPLY), "track_order")
    made = reply.generation
    assert (made.act, made.finish_reason, made.prompt_tokens, made.mean_logprob) == ("answer", "stop", 50, -0.5)
    assert made.model_version.endswith("+tiny-moe") and bytes(made.reading) and not bytes(made.routing)
    system = server.asked[0]["messages"][0]["content"]
    assert "- order number: 10023" in system and "- support hours: from 8:00 to 20:00" in system


def test_server_is_told_of_the_workspaces_voice(server: ModelServer, workspace: Workspace, write: Write) -> None:
    words = [["package", "parcel"], ["cheap", ""]]
    Voice.objects.create(workspace=workspace, tone="formal", words=words, longest_sentence=20)
    assistant.write_reply(write("where is order 10023?").id)
    system = server.asked[0]["messages"][0]["content"]
    for told in ("How Fennmoor words what it says", "Write formally", "Write “parcel”, not “package”.", "20 words"):
        assert told in system
    assert "Never write “cheap”." in system


def test_server_answers_from_the_passages_and_what_it_invents_is_not_sent(
    server: ModelServer, write: Write, knowledge: Publish
) -> None:
    deposit = "We hold a deposit of £80 on your card. It is released within 5 working days."
    knowledge("Deposits", deposit)
    said, invented = "Your deposit of £80 is released within 5 working days.", "It is released within 2 working days."
    server.serves = [words(said), words(invented), words(invented)]
    for body in (said, deposit):
        message = write("When is the deposit of £80 on my card released?")
        assistant.write_reply(message.id)
        reply = replies(message)[-1]
        assert (reply.body, reply.generation.reason) == (body, "found") and reply.sources[0]["title"] == "Deposits"
    system = server.asked[0]["messages"][0]["content"]
    assert deposit in system and "is about" not in system


def test_server_writes_articles_and_other_words_and_what_it_invents_is_left_out(
    server: ModelServer, workspace: Workspace, maya: User
) -> None:
    talk = resolved(workspace, maya, [("customer", QUESTIONS[0]), ("agent", REPLIES[0])])
    draft = writing.ask_of(talk, maya)
    told = "Assembling the garden chair\nNo tools are needed.\n- Unfold the chair on a flat floor.\nIt costs £90."
    server.serves = [words(told), words("Hello. It costs £5."), words("Good day. It costs £4.")]
    tasks.write(draft.pk)
    draft.refresh_from_db()
    assert draft.title == "Assembling the garden chair" and draft.writer.endswith("+tiny-moe")
    assert [line["text"] for line in draft.lines] == ["No tools are needed.", "Unfold the chair on a flat floor."]
    assert "help centre article" in server.asked[0]["messages"][0]["content"]
    for made in ("Hello. It costs £4.", "Good day. It costs £4."):  # by the rules, then by the server
        use = proposals.propose(talk, maya, kind="formal", text="Hey! It costs £4.")
        assert not use.is_written
        tasks.propose(use.pk)
        use.refresh_from_db()
        assert use.is_written and use.text == made


def test_reply_is_seen_while_the_server_writes_it(server: ModelServer, write: Write) -> None:
    go_on = threading.Event()

    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:2])
        go_on.wait(30)
        exchange.say(REPLY[2:])
        exchange.end()

    server.serves = [serve]
    message = write("where is order 10023?")

    def work() -> None:
        assistant.write_reply(message.id)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(lambda: REPLY[0].strip() in str(drafts.current(message.conversation_id)), what="the first words")
    assert not replies(message)
    go_on.set()
    worker.join(30)
    assert [reply.body for reply in replies(message)] == ["".join(REPLY)]


def test_server_that_dies_in_the_midst_of_a_reply_hands_the_customer_to_people(
    server: ModelServer, write: Write
) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:2])

    server.serves = [serve, words(*REPLY)]
    message = write("where is order 10023?")
    assert assistant.write_reply(message.id) is None
    (reply,) = replies(message)
    assert reply.generation.reason == "failed" and REPLY[0] not in reply.body
    assert now(message.conversation).handler == Handler.QUEUE and drafts.current(message.conversation_id) is None
    message.refresh_from_db()
    assert message.outcome == Outcome.HANDED_OFF
    assistant.write_reply(message.id)
    assert len(server.asked) == 1 and len(replies(message)) == 1


def test_busy_server_leaves_the_message_to_the_next_attempt(server: ModelServer, write: Write) -> None:
    server.serves = [lambda exchange: exchange.status(429, Retry_After="600"), words(*REPLY)]
    message = write("where is order 10023?")
    assistant.write_reply(message.id)
    message.refresh_from_db()
    assert (message.outcome, message.attempts, replies(message)) == (Outcome.PENDING, 1, [])
    assistant.write_reply(message.id)
    assert [reply.body for reply in replies(message)] == ["".join(REPLY)]


def test_wish_for_a_person_asks_no_server(server: ModelServer, write: Write) -> None:
    message = write("can I talk to a real person please")
    assistant.write_reply(message.id)
    assert replies(message)[0].generation.reason == "asked" and not server.asked
