"""Customer and agents read each other's messages in their own language; what is written is never held back or lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import yaml
from django.core import mail as outbox
from django.utils import timezone
from pytest_django import Settings
from redis import Redis as Client

from supportbot.chat import events, mail, services, tasks
from supportbot.chat.models import EmailCopy, Message, Translation, Translator
from supportbot.workspaces.models import User, Workspace
from tests.chat.conftest import Write
from tests.chat.translation.conftest import in_thread, of, speaks, work
from tests.model_server import Exchange, ModelServer
from tests.stack import ROOT

ASKED = "Wo bleibt meine Bestellung 10023? Sie sollte gestern ankommen."
READ = "Where is my order 10023? It should have arrived yesterday."
ANSWER = "I am sorry. Order 10023 reaches you on Monday."
TOLD = "Es tut mir leid. Die Bestellung 10023 kommt am Montag bei Ihnen an."
State = Translation.State


@pytest.fixture
def asked(translator: Translator, server: ModelServer, write: Write, maya: User) -> Message:
    """A German customer has written, and Maya has taken the conversation."""
    server.serves = [speaks({ASKED: READ, ANSWER: TOLD})]
    message = write(ASKED)
    services.take(conversation_id=message.conversation_id, agent=maya)
    return message


def reply(message: Message, agent: User, body: str = ANSWER) -> Message:
    """The agent answers."""
    return services.post_message(conversation_id=message.conversation_id, body=body, client_id=uuid4(), agent=agent)


def test_message_is_there_at_once_and_its_translation_follows_beside_it(asked: Message, server: ModelServer) -> None:
    assert (of(asked).state, of(asked).reader, server.asked) == (State.WAITING, "agents", [])
    work()
    asked.refresh_from_db()
    assert (asked.body, of(asked).text, of(asked).state) == (ASKED, READ, State.DONE)
    shown = events.message_frame(Message.objects.get(id=asked.id))["message"]
    assert shown["body"] == ASKED and shown["translation"]["text"] == READ
    assert (shown["translation"]["source"], shown["translation"]["target"]) == ("de", "en")


def test_server_gets_the_text_alone_with_the_workspaces_own_key(asked: Message, server: ModelServer) -> None:
    work()
    (sent,) = server.asked
    assert (sent["model"], sent["path"]) == ("shop/polyglot", "/v1/chat/completions")
    assert "from German to English" in sent["messages"][0]["content"] and sent["messages"][1]["content"] == ASKED
    assert server.headers[0]["authorization"] == "Bearer translation-secret"
    assert "translation-secret" not in Translator.objects.get().sealed_key


def test_agents_reply_is_translated_for_the_customer_and_kept_as_written(asked: Message, maya: User) -> None:
    answer = reply(asked, maya)
    work()
    assert (answer.body, of(answer).text, of(answer).reader) == (ANSWER, TOLD, "customer")


def test_translation_that_loses_a_figure_does_not_reach_the_customer(
    asked: Message, maya: User, server: ModelServer
) -> None:
    server.serves = [speaks({ASKED: READ, ANSWER: TOLD.replace("10023", "10032")})]
    answer = reply(asked, maya)
    work()
    assert (of(answer).state, of(answer).text, of(answer).due_at) == (State.FAILED, "", None)
    assert of(asked).state == State.DONE, "agents read the original beside it"


def test_reply_that_is_written_in_the_customers_language_is_left_alone(asked: Message, maya: User) -> None:
    answer = reply(asked, maya, "Guten Tag! Ich sehe gleich nach, wo Ihre Bestellung geblieben ist.")
    assert not Translation.objects.filter(message=answer).exists()


def test_short_word_of_the_customer_does_not_change_the_language(
    asked: Message, maya: User, write: Write, server: ModelServer
) -> None:
    write("ok 10023")
    assert of(reply(asked, maya)).target == "de"


def test_server_that_is_away_is_asked_again(asked: Message, server: ModelServer) -> None:
    server.serves = [lambda exchange: exchange.reset(), speaks({ASKED: READ})]
    work()
    assert of(asked).state == State.LATE
    work()
    assert (of(asked).state, len(server.asked)) == (State.LATE, 1), "not before its time"
    Translation.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    assert (of(asked).text, of(asked).state) == (READ, State.DONE)


def test_slow_server_is_given_up_after_the_set_seconds(asked: Message, server: ModelServer, settings: Settings) -> None:
    settings.TRANSLATION_SECONDS = 0.2
    server.serves = [lambda exchange: exchange.wait()]
    work()
    assert (of(asked).state, of(asked).text) == (State.LATE, "")


def test_after_three_attempts_the_original_stands_alone(asked: Message, server: ModelServer) -> None:
    server.serves = [lambda exchange: exchange.status(503)]
    for _ in range(5):
        work()
        Translation.objects.exclude(due_at=None).update(due_at=timezone.now())
    assert (of(asked).state, of(asked).due_at, len(server.asked)) == (State.FAILED, None, 3)


@pytest.mark.parametrize("status", [401, 404])
def test_refusal_is_not_repeated(asked: Message, server: ModelServer, status: int) -> None:
    server.serves = [lambda exchange: exchange.status(status)]
    work()
    assert of(asked).state == State.FAILED


@pytest.mark.parametrize("answer", ["{}", "nonsense", '{"choices": [{"message": {"content": " "}}]}'])
def test_answer_that_is_none_is_no_translation(asked: Message, server: ModelServer, answer: str) -> None:
    server.serves = [lambda exchange: exchange.status(200, answer)]
    work()
    assert (of(asked).state, of(asked).text) == (State.FAILED, "")


def test_answer_that_is_far_too_long_is_no_translation(asked: Message, server: ModelServer) -> None:
    server.serves = [speaks({ASKED: READ * 10})]
    work()
    assert (of(asked).state, of(asked).text) == (State.FAILED, "")


def test_worker_that_outlived_its_claim_changes_nothing(asked: Message, server: ModelServer) -> None:
    def overtaken(exchange: Exchange) -> None:
        Translation.objects.update(due_at=timezone.now())
        in_thread(work)()
        exchange.status(503)

    server.serves = [overtaken, speaks({ASKED: READ})]
    work()
    assert (of(asked).state, of(asked).text, of(asked).due_at, len(server.asked)) == (State.DONE, READ, None, 2)


def test_what_waits_is_queued_once_in_a_while_and_where_no_reply_waits_behind_it(
    asked: Message, settings: Settings
) -> None:
    Translation.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    with Client.from_url(settings.REDIS_URL) as redis:
        redis.flushall()
        tasks.sweep()
        tasks.sweep()
        waiting = [redis.llen(queue) for queue in ("translation", "inference", "default")]
    assert waiting == [1, 0, 0]


def test_no_service_that_writes_replies_also_translates() -> None:
    services_of = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    commands = [service["command"] for service in services_of if "worker" in service.get("command", ())]
    served = [set(command[command.index("--queues") + 1].split(",")) for command in commands]
    assert {"translation", "webhooks", "rules"} in served and {"inference", "default", "background"} in served


def test_two_workers_ask_once(asked: Message, server: ModelServer) -> None:
    workers = [threading.Thread(target=in_thread(work)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(server.asked), of(asked).state) == (1, State.DONE)


def test_dead_workers_do_not_leave_a_message_waiting_for_good(asked: Message) -> None:
    Translation.objects.update(attempts=3, due_at=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    assert of(asked).state == State.FAILED


def test_without_a_translator_nothing_is_translated(write: Write, maya: User) -> None:
    message = write(ASKED)
    services.take(conversation_id=message.conversation_id, agent=maya)
    reply(message, maya)
    assert not Translation.objects.exists()
    assert events.message_frame(message)["message"]["translation"] is None


def test_translator_of_another_workspace_is_not_used(translator: Translator, write: Write) -> None:
    Translator.objects.update(workspace=Workspace.objects.create(name="Other", slug="other"))
    write(ASKED)
    assert not Translation.objects.exists()


def test_message_in_the_agents_language_is_left_alone(translator: Translator, write: Write) -> None:
    write("Where is my order? It should have come yesterday.")
    assert not Translation.objects.exists()


def test_address_that_was_closed_to_workspaces_is_not_asked(
    asked: Message, server: ModelServer, settings: Settings
) -> None:
    settings.OUTGOING_NETWORKS = []
    work()
    assert of(asked).state == State.LATE and not server.asked


def test_e_mail_has_the_translation_and_below_it_the_original(asked: Message, maya: User, settings: Settings) -> None:
    services.leave_email(conversation_id=asked.conversation_id, email="ann@home.example")
    reply(asked, maya)
    work()
    EmailCopy.objects.update(due_at=timezone.now())
    mail.send(asked.conversation_id)
    body = outbox.outbox[0].body
    assert 0 <= body.index(TOLD) < body.index(ANSWER)
