"""The product's main job in real browsers: a customer asks, the bot answers, people take over and look behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from supportbot.knowledge.order_words import STATE
from tests.e2e.pages import PATIENCE, bodies_beside, conversation_of, open_chat, said, say, sign_in, thread, visit
from tests.stack import Stack

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def customer(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A visitor of the demo shop."""
    with visit(browser, f"{stack.url}/demo/") as page:
        yield page


@pytest.fixture
def agent(browser: Browser, stack: Stack) -> Iterator[Page]:
    """Maya, signed in, at the inbox."""
    with visit(browser, f"{stack.url}/inbox/") as page:
        sign_in(page, "maya")
        yield page


@pytest.fixture
def administrator(browser: Browser, stack: Stack) -> Iterator[Page]:
    """Ada, signed in."""
    with visit(browser, f"{stack.url}/inbox/") as page:
        sign_in(page, "admin")
        yield page


def frames_of(page: Page) -> list[dict[str, Any]]:
    """All that the page hears from now on over websockets that it opens from now on."""
    heard: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(json.loads(frame)))

    page.on("websocket", listen)
    return heard


def streamed(heard: list[dict[str, Any]]) -> str:
    """The pieces of the first reply that came before the saved message did; each has its number and its place."""
    text = ""
    for frame in heard[: next(i for i, f in enumerate(heard) if f.get("message", {}).get("author") == "bot")]:
        if frame["type"] == "reply.chunk":
            assert frame["offset"] == len(text)
            text += frame["text"]
    return text


def colours(tokens: Locator) -> list[str]:
    """The different colours of the tokens' backgrounds and underlines."""
    found: list[str] = tokens.evaluate(
        """(group) => [...new Set([...group.children].map((token) => {
            const { backgroundColor, borderBottomColor, textDecorationColor } = getComputedStyle(token);
            return `${backgroundColor} ${borderBottomColor} ${textDecorationColor}`;
        }))]"""
    )
    return found


def test_customer_asks_agent_takes_over_administrator_looks_behind_it(
    stack: Stack, customer: Page, agent: Page, administrator: Page
) -> None:
    question = "where is order 10023?"
    heard = frames_of(customer)
    open_chat(customer)
    say(customer, question)
    expect(said(customer, "bot")).to_have_count(1, timeout=PATIENCE)
    pieces = streamed(heard)
    assert pieces, "the answer is streamed"
    order = stack.rows("SELECT state FROM knowledge_order WHERE number = %s", "10023")[0]
    expect(said(customer, "bot")).to_contain_text(STATE[order["state"]])

    shown = customer.locator("supportbot-widget ol.messages li.message .text")
    saved = bodies_beside(stack, question)
    expect(shown).to_have_text(saved)
    assert saved[1].startswith(pieces.strip())
    customer.reload()
    expect(shown).to_have_text(saved)

    address = f"{stack.url}/inbox/{conversation_of(stack, question)}/"
    agent.goto(address)
    expect(thread(agent).get_by_text(question)).to_be_visible()
    thread(agent).get_by_role("button", name="Take over").click()
    expect(customer.get_by_text("Maya answers you")).to_be_visible()
    reply = agent.get_by_role("textbox", name="Your reply")
    expect(reply).to_be_enabled()
    reply.fill("Hello, this is Maya. I had a look at your parcel.")
    reply.press("Enter")
    expect(said(customer, "agent")).to_have_text(["Hello, this is Maya. I had a look at your parcel."])
    expect(customer.locator("supportbot-widget li.message.agent .author")).to_have_text("Maya")

    say(customer, "Thank you, Maya")
    expect(thread(agent).get_by_text("Thank you, Maya")).to_be_visible()
    outcome = stack.rows("SELECT outcome FROM chat_message WHERE body = %s", "Thank you, Maya")
    assert outcome == [{"outcome": "by_agent"}], "the bot keeps silent"
    expect(said(customer, "bot")).to_have_count(1)

    thread(agent).get_by_role("button", name="Hand back to the bot").click()
    agent.get_by_role("dialog").get_by_role("button", name="Hand back", exact=True).click()
    expect(customer.get_by_text("Automated assistant ·")).to_be_visible()
    say(customer, "How do I send something back?")
    expect(said(customer, "bot")).to_have_count(2, timeout=PATIENCE)

    administrator.goto(f"{stack.url}/admin/routing/{conversation_of(stack, question)}/")
    heat_map = administrator.get_by_role("region", name=re.compile("Layer by expert"))
    expect(heat_map.filter(visible=True).first.get_by_role("cell").first).to_be_visible()
    tokens = administrator.get_by_role("group", name=re.compile("token by token")).filter(visible=True)
    expect(tokens.filter(has_text="10023").first).to_be_visible()
    assert colours(tokens.first) != colours(tokens.last), "tokens of different experts look different"
    tokens.first.get_by_role("button").first.focus()
    administrator.keyboard.press("ArrowRight")
    expect(administrator.get_by_role("tooltip")).to_contain_text("Layer 5")
    administrator.get_by_role("region", name="What if?").last.get_by_role("button", name="Write it").click()
    again = administrator.get_by_role("article", name=re.compile("Without expert 3"))
    expect(again.get_by_text("Other words.")).to_be_visible(timeout=PATIENCE)
    expect(again.locator("ins").first).to_be_visible()


def test_message_written_without_a_network_arrives_once_and_is_answered(stack: Stack, customer: Page) -> None:
    question = "where is order 10007? I am on a train"
    open_chat(customer)
    customer.context.set_offline(True)
    expect(customer.get_by_text("You are offline.")).to_be_visible()
    say(customer, question)
    expect(customer.get_by_text("Sending…")).to_be_visible()
    customer.context.set_offline(False)
    expect(said(customer, "bot")).to_have_count(1, timeout=PATIENCE)
    expect(said(customer, "customer")).to_have_text([question])
    assert len(stack.rows("SELECT id FROM chat_message WHERE body = %s", question)) == 1


def test_on_a_phone_the_whole_chat_works(stack: Stack, browser: Browser) -> None:
    with visit(browser, f"{stack.url}/demo/", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        open_chat(page)
        say(page, "Hi, where's my order #10012? It should be here by now")
        expect(said(page, "bot")).to_have_count(1, timeout=PATIENCE)
        expect(page.get_by_role("button", name="Take a photo")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        panel = page.get_by_role("dialog").bounding_box()
        assert panel and (panel["width"], panel["height"]) == (PHONE["width"], PHONE["height"])
