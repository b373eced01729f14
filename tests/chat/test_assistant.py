"""What the customer gets for a message, on a real engine with a tiny checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from inference.engine import Engine, RoutingTrace
from supportbot.chat import assistant, drafts, services
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.engines import Engines
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.translation.interpreter import Said
from supportbot.chat.visitors import Visitor
from supportbot.chat.words import say
from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import User, Workspace
from tests.chat.conftest import Publish, Write, now
from tests.files import picture

Answered = Callable[[str], list[Message]]
Outcome, Handler = Message.Outcome, Conversation.Handler


def test_question_about_an_order_gets_its_true_state(answered: Answered) -> None:
    question, reply = answered("where is order 10023?")
    assert reply.author == "bot" and reply.in_reply_to == question.seq
    assert "10023 is on its way to you" in reply.body and "{{" not in reply.body
    assert (reply.category, reply.intent) == ("delivery", "track_order")
    question.refresh_from_db()
    assert (question.outcome, question.category) == (Outcome.ANSWERED, "delivery")


def test_reply_to_words_beside_a_file_says_that_the_file_was_not_read(
    bot: Engine, customer: Visitor, knowledge: Publish, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = attachments.upload(Uploader(customer.workspace, customer.token_hash), "parcel.png", picture())
    message = services.post_message(
        conversation_id=customer.begin().id,
        body="where is order 10023?",
        client_id=uuid4(),
        files=[file.id],
        token_hash=customer.token_hash,
    )
    assistant.write_reply(message.id)
    reply = message.conversation.messages.get(in_reply_to=message.seq)
    assert "10023 is on its way to you" in reply.body and reply.body.endswith(say("file_unread", "en"))


def test_generation_keeps_model_timings_and_routing(answered: Answered, bot: Engine) -> None:
    _, reply = answered("where is order 10023?")
    made = reply.generation
    assert (made.act, made.model_version, made.finish_reason) == ("answer", bot.info.version, "stop")
    assert made.total_s >= made.read_s > 0 and made.first_token_s is not None
    trace = RoutingTrace.from_bytes(bytes(made.routing))
    assert (
        trace.counts.sum() == trace.ids.size and made.completion_tokens <= len(trace.tokens) - trace.prompt_tokens + 1
    )
    assert "10023" in "".join(RoutingTrace.from_bytes(bytes(made.reading)).tokens)


def test_question_beyond_the_models_training_is_answered_in_the_words_of_an_article(
    answered: Answered, knowledge: Publish
) -> None:
    article = knowledge("Deposits", "We hold a deposit of £80 on your card. It is released within 5 working days.")
    reply = answered("When is the deposit of £80 on my card released?")[-1]
    assert (reply.generation.act, reply.generation.reason, reply.generation.quoted) == ("answer", "found", True)
    assert "released within 5 working days" in reply.body
    assert reply.sources == [{"title": "Deposits", "url": article.get_absolute_url()}]


def test_two_questions_in_one_message_are_both_answered(answered: Answered) -> None:
    reply = answered("Where is order 10023? And what are your opening hours?")[-1]
    assert "10023 is on its way" in reply.body and "from 8:00 to 20:00" in reply.body


@pytest.mark.parametrize(
    ("then", "nearest"), [("How do I send something back?", "Returns"), ("And abroad?", "Deposits")]
)
def test_short_question_is_looked_for_alone_unless_it_points_back(
    answered: Answered, knowledge: Publish, then: str, nearest: str
) -> None:
    knowledge(
        "Deposits", "We hold a deposit of £80 on your card. It is released within 5 days, or 9 to a foreign card."
    )
    knowledge("Returns", "Take bikes to Mill Quay before 18:00.")
    answered("When is the deposit of £80 on my card released?")
    assert answered(then)[-1].generation.retrieved[0]["title"] == nearest


def test_sentence_that_nothing_supports_is_never_sent(answered: Answered, workspace: Workspace) -> None:
    Article.objects.in_workspace(workspace).filter(intents__icontains="opening_hours").delete()
    workspace.settings = {}
    workspace.save()
    reply = answered("what are your opening hours?")[-1]
    assert reply.generation.act == "hand_off" and "8:00" not in reply.body
    assert reply.generation.objections


def test_article_of_another_workspace_is_not_quoted(answered: Answered, knowledge: Publish) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    article = knowledge("Deposits", "We hold a deposit of £80 on your card. It is released within 5 working days.")
    Article.objects.filter(id=article.id).update(workspace=other)
    article.passages.update(workspace=other)
    assert answered("When is the deposit of £80 on my card released?")[-1].generation.act == "hand_off"


def test_article_in_the_customers_language_is_quoted(answered: Answered, knowledge: Publish) -> None:
    body = "La fianza de 80 libras se devuelve a su tarjeta en un plazo de cinco días laborables."
    knowledge("Fianza de la bicicleta", body, language="es")
    reply = answered("¿Cuándo me devuelven la fianza de la bicicleta a mi tarjeta?")[-1]
    assert reply.body == body


def test_order_that_is_missing_is_asked_for_and_the_number_alone_completes_it(answered: Answered) -> None:
    assert answered("where is my parcel?")[-1].generation.act == "ask"
    reply = answered("it's 10023")[-1]
    assert reply.generation.act == "answer" and "10023" in reply.body


def test_mere_number_after_an_answer_asks_the_same_of_another_order(answered: Answered) -> None:
    answered("where is order 99999?")
    assert "10023" in answered("and 10023?")[-1].body
    assert answered("99999")[-1].generation.reason == "unknown_order"


def test_another_wish_with_a_number_is_not_a_mere_number(answered: Answered) -> None:
    answered("where is order 99999?")
    answered("and 10023?")
    assert answered("opening hours 10023")[-1].intent == "opening_hours"


def test_unknown_order_number_is_named_in_the_question_back(answered: Answered) -> None:
    reply = answered("where is order 99999?")[-1]
    assert (reply.generation.act, reply.generation.reason) == ("ask", "unknown_order")
    assert "99999" in reply.body


def test_third_question_for_the_number_becomes_a_hand_off(answered: Answered) -> None:
    acts = [answered("where is my parcel?")[-1].generation.act for _ in range(3)]
    assert acts == ["ask", "ask", "hand_off"]


def test_order_of_another_workspace_is_unknown(answered: Answered) -> None:
    Order.objects.update(workspace=Workspace.objects.create(name="Other", slug="other"))
    assert answered("where is order 10023?")[-1].generation.reason == "unknown_order"


def test_off_topic_is_refused_and_the_conversation_stays_with_the_bot(answered: Answered) -> None:
    reply = answered("what is the capital of France?")[-1]
    assert reply.generation.act == "refuse" and "only help" in reply.body
    assert now(reply.conversation).handler == Handler.BOT


def test_wish_for_a_person_is_handed_off_with_what_comes_next(answered: Answered) -> None:
    question, reply = answered("can I talk to a real person please")
    conversation = now(reply.conversation)
    assert (conversation.handler, conversation.status) == (Handler.QUEUE, "open") and conversation.waiting_since
    assert "leave your e-mail address" in reply.body and reply.generation.reason == "asked"
    question.refresh_from_db()
    assert question.outcome == Outcome.HANDED_OFF


def test_low_confidence_is_handed_off(answered: Answered) -> None:
    Workspace.objects.update(hand_off_below=1.01)
    assert answered("where is order 10023?")[-1].generation.reason == "unsure"


def test_burst_gets_one_reply_to_its_latest_message(bot: Engine, write: Write) -> None:
    first, second = write("hello there"), write("where is order 10023?")
    for message in (first, second, first):
        assistant.write_reply(message.id)
    replies = second.conversation.messages.filter(author="bot")
    assert [reply.in_reply_to for reply in replies] == [second.seq]
    outcomes = second.conversation.messages.filter(author="customer").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.ANSWERED] * 2


def test_message_that_comes_during_the_reply_is_returned_for_the_next(bot: Engine, write: Write) -> None:
    first = write("when are you open?")
    attempt = assistant.Attempt.begin(first.id)
    assert attempt
    second = write("where is order 10023?")
    assert assistant.write_reply(second.id) is None, "the first is still being answered"
    attempt.record |= {"act": "answer", "reason": "known"}
    attempt.save_reply(Said("From eight."), [])
    assert attempt.later_message() == second.id


def test_two_workers_write_one_reply(bot: Engine, write: Write) -> None:
    message = write("where is order 10023?")

    def work() -> None:
        assistant.write_reply(message.id)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Generation.objects.count() == 1
    assert message.conversation.messages.count() == 2


def test_claim_of_a_dead_worker_expires(bot: Engine, write: Write) -> None:
    message = write("where is order 10023?")
    dead = assistant.Attempt.begin(message.id)
    assert dead
    Conversation.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assistant.write_reply(message.id)
    assert message.conversation.messages.filter(author="bot").count() == 1
    with pytest.raises(assistant.TurnLost):
        dead.save_reply(Said("Too late."), [])


def test_message_whose_workers_died_three_times_goes_to_people(bot: Engine, write: Write) -> None:
    message = write("where is order 10023?")
    Message.objects.filter(id=message.id).update(attempts=3)
    assistant.write_reply(message.id)
    assert message.conversation.messages.get(author="bot").generation.reason == "failed"


def test_agent_takes_over_and_bot_keeps_silent(bot: Engine, write: Write, maya: User) -> None:
    message = write("where is order 10023?")
    attempt = assistant.Attempt.begin(message.id)
    assert attempt
    services.take(conversation_id=message.conversation_id, agent=maya)
    with pytest.raises(assistant.TurnLost):
        attempt.demand_turn()
    with pytest.raises(assistant.TurnLost):
        attempt.save_reply(Said("On its way."), [])
    assert not message.conversation.messages.filter(author="bot").exists()
    message.refresh_from_db()
    assert message.outcome == Outcome.BY_AGENT


def test_draft_is_gone_when_the_reply_is_saved(answered: Answered) -> None:
    reply = answered("where is order 10023?")[-1]
    assert drafts.current(reply.conversation_id) is None


def test_bot_reads_nothing_from_before_the_conversation_was_closed(answered: Answered, maya: User) -> None:
    reply = answered("where is order 10023?")[-1]
    services.resolve(conversation_id=reply.conversation_id, agent=maya)
    assert answered("where is my parcel?")[-1].generation.act == "ask"


def test_missing_model_is_handed_off_and_never_silent(write: Write, settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path
    assistant.stop()
    assistant.engines = Engines()
    message = write("where is order 10023?")
    assistant.write_reply(message.id)
    reply = message.conversation.messages.get(author="bot")
    assert reply.generation.reason == "failed" and now(message.conversation).handler == Handler.QUEUE
