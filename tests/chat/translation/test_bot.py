"""The bot answers in a language that the help centre is not written in, where a workspace has a translator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import override

from supportbot.chat import services
from supportbot.chat.models import Message, Translation, Translator
from supportbot.workspaces.models import User
from tests.chat.conftest import Publish
from tests.chat.translation.conftest import speaks
from tests.model_server import Exchange, ModelServer

Answered = Callable[[str], list[Message]]
ARTICLE = "We hold a deposit of £80 on your card. It is released within 5 working days."
ASKED = "Wann wird die Kaution von 80 £ auf meiner Karte wieder freigegeben?"
UNDERSTOOD = "When is the deposit of £80 on my card released?"
TOLD = "Wir behalten 80 £ Kaution auf Ihrer Karte ein. Sie wird innerhalb von 5 Werktagen freigegeben."


@pytest.fixture
def deposits(knowledge: Publish) -> None:
    """The help centre has it in English."""
    knowledge("Deposits", ARTICLE)


@pytest.mark.usefixtures("translator", "deposits")
def test_question_is_answered_from_an_article_in_another_language(answered: Answered, server: ModelServer) -> None:
    server.serves = [speaks({ASKED: UNDERSTOOD, ARTICLE: TOLD})]
    reply = answered(ASKED)[-1]
    assert (reply.generation.act, reply.generation.quoted) == ("answer", True)
    assert (reply.body, reply.translation.text, reply.translation.reader) == (ARTICLE, TOLD, "customer")
    assert [source["title"] for source in reply.sources] == ["Deposits"]
    assert Message.objects.get(seq=1).language == "de"


@pytest.mark.usefixtures("translator", "deposits")
@pytest.mark.parametrize("wrong", ["innerhalb von 15 Werktagen", "in fünf Monaten und 2 Tagen"])
def test_answer_whose_translation_has_other_figures_goes_out_in_its_own_words_and_says_so(
    answered: Answered, server: ModelServer, wrong: str
) -> None:
    server.serves = [speaks({ASKED: UNDERSTOOD, ARTICLE: TOLD.replace("innerhalb von 5 Werktagen", wrong)})]
    reply = answered(ASKED)[-1]
    assert reply.body.startswith("Das kann ich nicht verlässlich übersetzen.") and reply.body.endswith(ARTICLE)
    assert (reply.translation.state, reply.translation.text) == ("failed", "")
    assert [source["title"] for source in reply.sources] == ["Deposits"]


@pytest.mark.usefixtures("translator", "deposits")
def test_server_that_is_away_changes_nothing(answered: Answered, server: ModelServer, maya: User) -> None:
    server.serves = [lambda exchange: exchange.status(503)]
    alone = answered(ASKED)[-1]
    services.resolve(conversation_id=alone.conversation_id, agent=maya)
    Translator.objects.all().delete()
    without = answered(ASKED)[-1]
    assert len(server.asked) == 1 and alone.body == without.body
    assert (alone.generation.act, alone.generation.reason) == (without.generation.act, without.generation.reason)


@pytest.mark.usefixtures("translator")
def test_article_in_the_customers_language_is_quoted_without_the_server(
    answered: Answered, knowledge: Publish, server: ModelServer
) -> None:
    body = "Die Kaution von 80 £ wird innerhalb von fünf Werktagen auf Ihrer Karte freigegeben."
    knowledge("Kaution", body, language="de")
    assert answered(ASKED)[-1].body == body and not server.asked


@pytest.mark.usefixtures("translator")
def test_state_of_an_order_is_told_in_the_customers_language(answered: Answered, server: ModelServer) -> None:
    asked = "¿Dónde está mi pedido con el número 10023, por favor?"
    server.serves = [speaks({asked: "where is order 10023?"}), echo_in_spanish]
    reply = answered(asked)[-1]
    assert reply.intent == "track_order" and "10023 is on its way to you" in reply.body
    assert reply.translation.text == in_spanish(reply.body)


def in_spanish(text: str) -> str:
    """The same facts, days and months in Spanish."""
    with override("es"):
        names = {f"{date(2024, month, 1):%B}": str(MONTHS[month]) for month in MONTHS}
        names |= {f"{date(2024, 1, 1 + day):%A}": str(WEEKDAYS[day]) for day in WEEKDAYS}
    return re.sub("|".join(names), lambda match: names[match[0]], f"En español: {text}")


def echo_in_spanish(exchange: Exchange) -> None:
    """Answer with it."""
    text = exchange.body["messages"][-1]["content"]
    speaks({text: in_spanish(text)})(exchange)


@pytest.mark.usefixtures("translator")
def test_number_that_is_missing_is_asked_for_in_the_customers_own_words(
    answered: Answered, server: ModelServer
) -> None:
    asked = "¿Dónde está mi paquete, por favor? Lo espero desde ayer."
    server.serves = [speaks({part: "where is my parcel?" for part in (asked, *asked.split("? "))})]
    reply = answered("¿Dónde está mi paquete, por favor? Lo espero desde ayer.")[-1]
    assert reply.generation.act == "ask" and reply.body.startswith("¿De qué pedido se trata?")


def test_wish_for_a_person_is_understood(answered: Answered, server: ModelServer, translator: Translator) -> None:
    asked = "Quiero hablar con una persona de verdad, por favor."
    server.serves = [speaks({asked: "can I talk to a real person please"})]
    reply = answered(asked)[-1]
    assert reply.generation.reason == "asked" and reply.body.startswith("Por supuesto.")
    assert Translation.objects.get(message=reply).reader == "agents"
