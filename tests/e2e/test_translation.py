"""An administrator configures a translator; from then on customer and agent each read their own language."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import prepared
from tests.e2e.pages import conversation_of, open_chat, said, say, sign_in, thread, visit
from tests.model_server import Exchange, ModelServer
from tests.stack import EmbeddedStack, running

ASKED = "Wo bleibt meine Bestellung 10023? Sie sollte gestern ankommen, und ich brauche sie dringend."
READ = "Where is my order 10023? It should have arrived yesterday, and I need it urgently."
ANSWER = "I am sorry. Order 10023 reaches you on Monday."
LATER = "Your parcel left Leeds at noon."
TOLD_LATER = "Ihr Paket hat Leeds am Mittag verlassen."
TOLD = "Es tut mir leid. Die Bestellung 10023 kommt am Montag bei Ihnen an."
STORY = "Ich habe den Karton schon zweimal geöffnet, und beide Male fehlte der Deckel. " * 8
HEARD = "I have opened the box twice by now, and both times the lid was missing. " * 8
GO_ON = threading.Event()
DICTIONARY = {
    LATER: TOLD_LATER,
    STORY.strip(): HEARD.strip(),
    ASKED: READ,
    ANSWER: TOLD,
    "The parcel arrives on 3 May.": "Das Paket kommt am 3. Mai an.",
}


def polyglot(exchange: Exchange) -> None:
    """Translate what is known, one text not before it is told to; anything else fails for good."""
    text = exchange.body["messages"][-1]["content"]
    if text == LATER:
        GO_ON.wait(60)
    if text not in DICTIONARY:
        return exchange.status(400)
    choice = {"message": {"role": "assistant", "content": DICTIONARY[text]}, "finish_reason": "stop"}
    return exchange.status(200, json.dumps({"choices": [choice]}))


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """What translates."""
    with ModelServer([polyglot]) as server:
        yield server


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """The product in one process, which may ask servers of this machine."""
    settings = {"SUPPORTBOT_OUTGOING_NETWORKS": "127.0.0.0/8", "SUPPORTBOT_TRANSLATION_SECONDS": "60"}
    with running(EmbeddedStack(settings, prepared.embedded())) as stack:
        yield stack


def configure(page: Page, server: ModelServer) -> None:
    """Fill in the form."""
    page.get_by_label("Workspace").select_option(label="Fennmoor")
    page.get_by_label("Address").fill(server.address)
    page.get_by_label("Model").fill("shop/polyglot")
    page.get_by_label("API key").fill("translation-secret")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("button", name="Save and try it").click()


def test_customer_and_agent_read_their_own_language_and_see_both_texts(
    stack: EmbeddedStack, server: ModelServer, browser: Browser
) -> None:
    with visit(browser, f"{stack.url}/inbox/") as page:
        sign_in(page, "admin")
        page.goto(f"{stack.url}/admin/chat/translator/")
        expect(page.get_by_text("No translation is configured for Fennmoor.")).to_be_visible()
        page.goto(f"{stack.url}/admin/chat/translator/add/")
        configure(page, server)
        expect(page.get_by_text("Das Paket kommt am 3. Mai an.")).to_be_visible()
        page.goto(f"{stack.url}/admin/chat/translator/")
        expect(page.get_by_text("No translation is configured")).to_be_hidden()
    with visit(browser, f"{stack.url}/demo/") as customer, visit(browser, f"{stack.url}/inbox/") as agent:
        sign_in(agent, "maya")
        open_chat(customer)
        customer.get_by_role("button", name="Talk to a person").click()
        expect(said(customer, "bot")).to_have_count(1)
        say(customer, ASKED)
        expect(customer.get_by_text("Delivered")).to_be_visible()
        agent.goto(f"{stack.url}/inbox/{conversation_of(stack, ASKED)}/")
        message = thread(agent).locator("li.customer").filter(has_text=ASKED)
        expect(message.get_by_text("Translated from German")).to_be_visible()
        expect(message.get_by_text(READ)).to_be_visible()
        expect(agent.get_by_text("Messages are translated between German and English.")).to_be_visible()
        thread(agent).get_by_role("button", name="Take over").click()
        reply = agent.get_by_role("textbox", name="Your reply")
        expect(reply).to_be_enabled()
        reply.fill(ANSWER)
        reply.press("Enter")
        own = thread(agent).locator("li.agent").filter(has_text=ANSWER)
        expect(own.get_by_text("The customer reads it in German")).to_be_visible()
        expect(own.get_by_text(TOLD)).to_be_visible()
        expect(said(customer, "agent")).to_have_text([TOLD])
        expect(customer.get_by_text("Translated from English")).to_be_visible()
        customer.get_by_role("button", name="Show original").click()
        expect(said(customer, "agent")).to_have_text([ANSWER])
        say(customer, STORY.strip())
        long = thread(agent).locator("li.customer .other-text.cut")
        expect(long).to_have_text(HEARD.strip())
        height = long.bounding_box()
        thread(agent).get_by_role("button", name="Show all").click()
        expect(thread(agent).get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
        whole = thread(agent).locator("li.customer .other-text").last.bounding_box()
        assert height and whole and whole["height"] > height["height"]
        reply.fill(LATER)
        reply.press("Enter")
        expect(said(customer, "agent").last).to_have_text(LATER)
        expect(customer.get_by_text("Translating…")).to_be_visible()
        customer.context.set_offline(True)
        expect(customer.get_by_text("You are offline.")).to_be_visible()
        GO_ON.set()
        expect(thread(agent).get_by_text(TOLD_LATER)).to_be_visible()
        customer.context.set_offline(False)
        expect(said(customer, "agent").last).to_have_text(TOLD_LATER)
        reply.fill("What stands in no dictionary is sent as it is.")
        reply.press("Enter")
        expect(said(customer, "agent").last).to_have_text("What stands in no dictionary is sent as it is.")
        expect(customer.get_by_text("Not translated")).to_be_visible()
