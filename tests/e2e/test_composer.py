"""Writing in the inbox with a browser: canned responses, drafts, undo, colleagues, and everything by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.customer import Customer
from tests.e2e.pages import sign_in, thread, visit
from tests.stack import EmbeddedStack

MENTIONED = """async () => {
    const { mentioned } = await import("/static/dashboard/mentions.js");
    const people = [{ id: 1, name: "Tom" }, { id: 2, name: "Tom" }, { id: 3, name: "Tom Okafor" }];
    const asked = [["@Tom, look", []], ["@Tom, look", [2]], ["Ask @Tom Okafor!", []], ["mail@Tom and @Tomas", []]];
    return asked.map(([body, chosen]) => mentioned(body, people, new Set(chosen)));
}"""


class Open(Protocol):
    """Opens the inbox at a conversation for somebody."""

    def __call__(self, name: str, conversation: str = "", **context: object) -> Page: ...


@pytest.fixture
def inbox(browser: Browser, embedded_stack: EmbeddedStack) -> Iterator[Open]:
    """Inboxes that are closed after the test."""
    with ExitStack() as stack:

        def open_inbox(name: str, conversation: str = "", **context: object) -> Page:
            place = f"{conversation}/" if conversation else ""
            page = stack.enter_context(visit(browser, f"{embedded_stack.url}/inbox/{place}?view=all", **context))
            sign_in(page, name)
            return page

        yield open_inbox


@pytest.fixture
def customer(embedded_stack: EmbeddedStack) -> Iterator[Customer]:
    """Somebody who has asked for a person."""
    with Customer(embedded_stack.url) as customer:
        customer.accepted(customer.write("My order 10023, please. I want to talk to a person."))
        customer.until(lambda: customer.state["handler"] == "queue", what="the hand-off")
        yield customer


def reply_of(page: Page) -> Locator:
    """Where the agent writes."""
    return page.get_by_label("Your reply")


def take(page: Page) -> Locator:
    """Take the conversation over; where the agent writes."""
    thread(page).get_by_role("button", name="Take over").click()
    expect(reply_of(page)).to_be_focused()
    return reply_of(page)


def conversation_of(customer: Customer) -> str:
    """The id of the customer's conversation."""
    assert customer.conversation
    return customer.conversation


def heard(customer: Customer, body: str) -> int:
    """How often an agent has said this to the customer."""
    return [text for _, author, text in customer.shown() if author == "agent"].count(body)


def test_a_canned_response_is_found_filled_in_and_never_sent_half_filled(inbox: Open, customer: Customer) -> None:
    page = inbox("maya", conversation_of(customer))
    reply = take(page)
    page.keyboard.type("/gree")
    menu = page.get_by_role("combobox", name="Canned responses")
    expect(menu).to_be_focused()
    expect(page.get_by_role("listbox", name="Canned responses").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello {{contact.name}}, this is Maya of Fennmoor. How can I help?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Fill in {{contact.name}} before you send this.")).to_be_visible()
    page.keyboard.type("Robin")  # it is selected
    expect(reply).to_have_value("Hello Robin, this is Maya of Fennmoor. How can I help?")
    reply.fill("")
    page.keyboard.type("Look into /tmp")
    page.keyboard.press("Escape")
    expect(reply).to_have_value("Look into /tmp")


def settle_voice(page: Page, root: str, **fields: str) -> None:
    """Fill in the administrator's page and save it."""
    page.goto(f"{root}/admin/voice/?workspace=fennmoor")
    for name, text in fields.items():
        page.get_by_label(name.replace("_", " ").capitalize()).fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The voice was saved.")).to_be_visible()


def test_the_voice_of_the_workspace_is_settled_and_followed(
    inbox: Open, customer: Customer, embedded_stack: EmbeddedStack
) -> None:
    page, root = inbox("admin", conversation_of(customer)), embedded_stack.url
    words = {"words_to_prefer": "package = parcel", "words_never_to_use": "cheap"}
    settle_voice(page, root, opening_line="Hi {{contact.first_name|there}},", **words)
    page.get_by_label("A reply as somebody would write it").fill("Your package.")
    page.get_by_role("button", name="Try without saving").click()
    expect(page.locator("blockquote")).to_have_text("Hi Sam,Your parcel.")

    page.goto(f"{root}/inbox/{conversation_of(customer)}/?view=all")
    reply = take(page)
    reply.fill("Package 📦 and your package are cheap, and “package” is his word.")
    hints = page.get_by_role("group", name="The voice of Fennmoor").get_by_role("listitem")
    expect(hints).to_have_text(["PackageWrite “Parcel”", "We never write “cheap”"])
    hints.get_by_role("button", name="parcel").click()
    right = "Parcel 📦 and your parcel are cheap, and “package” is his word."
    expect(reply).to_have_value(right)
    expect(hints).to_have_text(["We never write “cheap”"])
    reply.press("Alt+KeyV")
    expect(reply).to_have_value(f"Hi there,\n\n{right}")
    reply.press("Enter")  # nothing is blocked
    expect(thread(page).locator(".said.agent .text", has_text="Hi there,")).to_be_visible()
    expect(hints).to_have_count(0)
    page.keyboard.press("Alt+KeyP")
    page.get_by_label("Private note").fill("A package for us.")
    expect(page.get_by_role("button", name=re.compile("^Put the reply into"))).to_be_hidden()
    settle_voice(page, root, opening_line="", words_to_prefer="", words_never_to_use="")


def test_a_draft_follows_the_agent_and_undo_brings_the_message_back(inbox: Open, customer: Customer) -> None:
    body = f"I am looking at it now {uuid4().hex[:6]}"
    desktop = inbox("maya", conversation_of(customer))
    reply = take(desktop)
    reply.press_sequentially(body)
    expect(desktop.locator("a[aria-current] .draft")).to_be_visible()
    phone = inbox("maya", conversation_of(customer), viewport={"width": 390, "height": 844})
    expect(reply_of(phone)).to_have_value(body)
    desktop.reload()
    expect(reply).to_have_value(body)
    reply.press("Control+Enter")
    expect(reply_of(phone)).to_have_value("")
    desktop.keyboard.press("Alt+KeyZ")
    expect(reply).to_have_value(body)
    expect(reply_of(phone)).to_have_value(body)
    assert heard(customer, body) == 0
    reply.press("Enter")
    expect(desktop.get_by_role("button", name="Undo")).to_be_visible()
    desktop.goto("about:blank")
    customer.until(lambda: heard(customer, body) == 1, what="the message of a closed window")
    expect(phone.locator(".said.agent .text", has_text=body)).to_have_count(1)


def test_colleagues_see_each_other(inbox: Open, customer: Customer) -> None:
    mayas, toms = inbox("maya", conversation_of(customer)), inbox("tom", conversation_of(customer))
    expect(mayas.get_by_text("Tom is looking at this")).to_be_visible()
    expect(toms.get_by_text("Maya is looking at this")).to_be_visible()
    take(mayas).press_sequentially("Hello")
    expect(toms.get_by_text("Maya is writing")).to_be_visible()
    expect(toms.get_by_text("Maya is looking at this")).to_be_visible()  # after a while without a stroke
    mayas.close()
    expect(toms.get_by_text("Maya is looking at this")).to_be_hidden()


def test_the_whole_inbox_works_by_keyboard(inbox: Open, customer: Customer, embedded_stack: EmbeddedStack) -> None:
    with Customer(embedded_stack.url) as other:
        other.accepted(other.write("And I wait, too. A person, please!"))
        page = inbox("maya", conversation_of(customer))
        expect(thread(page).get_by_text("My order 10023")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Resolve and open the next")
        page.keyboard.press("Escape")
        page.keyboard.press("Alt+KeyL")
        expect(reply_of(page)).to_be_focused()
        page.keyboard.type("Why? j k e")
        expect(reply_of(page)).to_have_value("Why? j k e")
        page.keyboard.press("Control+KeyA")
        page.keyboard.type("Hey! We can't change that.")
        page.keyboard.press("Escape")
        page.keyboard.press("Alt+KeyR")
        assistant = page.get_by_role("dialog", name="Assistant")
        assistant.get_by_role("button", name="More formal").press("Enter")
        proposed = page.get_by_role("dialog", name="More formal")
        expect(proposed.locator("del").first).to_contain_text("Hey!")
        expect(reply_of(page)).to_have_value("Hey! We can't change that.")
        proposed.get_by_role("button", name="Use this").press("Enter")
        expect(reply_of(page)).to_have_value("Hello. We cannot change that.")
        page.keyboard.press("Control+KeyK")
        expect(page.get_by_role("combobox", name="Command or conversation")).to_be_focused()
        page.keyboard.type("resolve and")
        page.keyboard.press("Enter")
        expect(page).not_to_have_url(f"**/{conversation_of(customer)}/**")
        customer.until(lambda: customer.state["status"] == "resolved", what="the end")
        page.keyboard.press("Control+KeyK")
        page.keyboard.type("show resolved")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Resolved")).to_have_attribute("aria-pressed", "true")


def test_a_note_goes_to_colleagues_alone(inbox: Open, customer: Customer) -> None:
    body = f"Careful, a friend of the owner {uuid4().hex[:6]}"
    mayas, toms = inbox("maya", conversation_of(customer)), inbox("tom")
    expect(toms.get_by_text("agents online")).to_be_visible()
    expect(thread(mayas).get_by_text("My order 10023")).to_be_visible()
    mayas.keyboard.press("Alt+KeyP")
    note = mayas.get_by_label("Private note", exact=True).and_(mayas.get_by_role("textbox"))
    expect(note).to_be_focused()
    mayas.keyboard.type("@to")
    expect(mayas.get_by_role("combobox", name="Colleagues")).to_have_value("to")
    mayas.keyboard.press("Enter")
    mayas.keyboard.type(body)
    expect(note).to_have_value(f"@Tom Okafor {body}")
    mayas.keyboard.press("Enter")
    expect(thread(mayas).locator(".said.note", has_text=body)).to_have_count(1)
    expect(toms.get_by_text("Maya mentions you")).to_be_visible()
    expect(note).to_have_value("")
    mayas.keyboard.press("Alt+KeyL")
    expect(reply_of(mayas)).to_be_enabled()
    customer.until(lambda: customer.state["handler"] == "agent", what="Maya")
    assert all(body not in text for _, _, text in customer.shown())
    assert mayas.evaluate(MENTIONED) == [[1, 2], [2], [3], []], (
        "both namesakes, the chosen one, the longer name, nobody"
    )


def test_a_macro_is_one_click(inbox: Open, customer: Customer) -> None:
    page = inbox("maya", conversation_of(customer))
    page.get_by_role("button", name="Say goodbye and resolve").click()
    expect(page.get_by_text("Done: Say goodbye and resolve")).to_be_visible()
    customer.until(lambda: customer.state["status"] == "resolved", what="the end")
    goodbye = "Thank you for writing to us. Have a lovely day!\n\nMaya, Fennmoor"
    assert heard(customer, goodbye) == 1
