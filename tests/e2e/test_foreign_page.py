"""The widget on a shop's own pages, of another origin: strict policies, hostile styles, three frameworks, a frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import PHONE
from tests.e2e.pages import Place, open_chat, said, say, visit
from tests.files import picture
from tests.servers import wait_until
from tests.shop import Shop, open_shop, token_of
from tests.stack import EmbeddedStack, document

LAUNCHER = "Chat with us"
LISTEN = """() => {
  window.heard = {};
  for (const event of ["open", "close", "message", "unread", "error", "conversation"])
    supportbot.on(event, (detail) => (heard[event] = detail ?? null));
}"""
KEPT = '{"supportbot:pk_elsewhere":"{\\"framed\\":true,\\"colour\\":\\"#1c2420\\"}"}'
INSIDE = "document.querySelector('supportbot-widget').shadowRoot.querySelector('iframe').contentDocument"
TOLD = {"seq", "author", "name", "created_at"}  # of a message
CONTACT = """SELECT c.* FROM chat_message m JOIN chat_conversation v ON v.id = m.conversation_id
JOIN chat_contact c ON c.id = v.contact_id WHERE m.body = %s"""


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop elsewhere."""
    with open_shop(embedded_stack) as server:
        yield server


@pytest.mark.parametrize("path", ["/", "/nonce/", "/hostile/", "/hostile/frame/"])
def test_widget_works_under_a_strict_policy_and_is_styled(browser: Browser, shop: Shop, path: str) -> None:
    with visit(browser, shop.origin() + path) as page:
        chat = opened(page, path)
        say(chat, "hello from elsewhere")
        expect(chat.get_by_text("Delivered")).to_be_visible()
        expect(said(chat, "customer")).to_have_text(["hello from elsewhere"])
        with page.expect_file_chooser() as chooser:
            chat.get_by_role("button", name="Attach files").click()
        chooser.value.set_files({"name": "lamp.png", "mimeType": "image/png", "buffer": picture()})
        expect(chat.get_by_text("lamp.png is ready to send")).to_be_attached()
        say(chat, "my lamp")
        expect(chat.locator(".message canvas.drawn")).to_be_visible()
        assert_in_place(page)
        assert page.context.cookies() == []


def opened(page: Page, path: str = "/frame/") -> Place:
    """Press the launcher; the chat, in its frame where the page has one."""
    page.get_by_role("button", name=LAUNCHER).click()
    chat = page.frame_locator("supportbot-widget iframe") if "frame" in path else page
    expect(chat.get_by_role("textbox", name="Your message")).to_be_focused()
    return chat


def assert_in_place(page: Page) -> None:
    """Launcher and panel stand where they belong, at 1440 by 900, and look like themselves."""
    page.mouse.move(0, 0)
    launcher = {"x": 1360, "y": 820, "width": 60, "height": 60}
    panel = {"x": 1012, "y": 126, "width": 408, "height": 680}
    for part, place in ((page.get_by_role("button", name=LAUNCHER), launcher), (page.get_by_role("dialog"), panel)):
        expect(part).to_have_css("transform", "none")
        expect(part).to_have_css("opacity", "1")
        assert part.bounding_box() == place


def heard(page: Page) -> dict[str, Any]:
    """The last detail of each event."""
    found: dict[str, Any] = page.evaluate("heard")
    return found


@pytest.mark.parametrize("path", ["/react/hostile/", "/vue/hostile/", "/turbo/hostile/", "/turbo/frame/"])
def test_widget_stays_with_a_page_that_renders_its_body_anew(browser: Browser, shop: Shop, path: str) -> None:
    with visit(browser, shop.origin() + path) as page:
        expect(page.get_by_role("heading", name="Lamps")).to_be_visible()
        chat = opened(page, path)
        say(chat, "which lamp is warmest?")
        expect(chat.get_by_text("Delivered")).to_be_visible()
        chat.get_by_role("textbox", name="Your message").fill("And the li")
        page.get_by_role("link", name="To the linen").click()
        expect(page.get_by_role("heading", name="Linen")).to_be_visible()
        expect(chat.get_by_role("textbox", name="Your message")).to_have_value("And the li")
        assert_in_place(page)
        page.go_back()
        expect(page.get_by_role("heading", name="Lamps")).to_be_visible()
        say(chat, "And the linen?")
        expect(said(chat, "customer")).to_have_text(["which lamp is warmest?", "And the linen?"])
        expect(page.locator("supportbot-widget")).to_have_count(1)


def test_page_of_an_origin_that_is_not_allowed_is_refused_in_words(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop.origin("localhost")) as page:
        open_chat(page)
        expect(page.get_by_text("This chat may not be used on this page.")).to_be_visible()


def test_frame_tells_and_obeys_the_page_and_keeps_the_rest_to_itself(
    browser: Browser, shop: Shop, embedded_stack: EmbeddedStack
) -> None:
    body = f"hello from a frame {uuid4()}"
    with visit(browser, f"{shop.origin()}/frame/?of=query") as page:
        page.evaluate(LISTEN)
        page.evaluate("token => supportbot.setUser({ token: async () => token })", token_of("framed"))
        chat = opened(page)
        for locale, name in (("fr", "Votre message"), ("en", "Your message")):
            page.evaluate("locale => supportbot.setLocale(locale)", locale)
            expect(chat.get_by_role("textbox", name=name)).to_be_focused()
        page.evaluate("supportbot.setCustomAttributes({ since: new Date('2024-05-01T10:00:00Z'), seen: [1] })")
        wait_until(lambda: "error" in heard(page), what="the error")
        page.evaluate("supportbot.setCustomAttributes({ seen: null })")
        say(chat, body)
        expect(chat.get_by_text("Delivered")).to_be_visible()
        wait_until(lambda: {"open", "message", "conversation"} <= heard(page).keys(), seconds=90, what="events")
        assert heard(page)["error"]["code"] == "bad_attributes" and heard(page)["message"].keys() == TOLD
        assert page.evaluate("JSON.stringify(localStorage)") == KEPT
        assert page.evaluate(INSIDE) is None
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name=LAUNCHER)).to_be_focused()
        page.keyboard.press("Enter")
        expect(chat.get_by_role("textbox", name="Your message")).to_be_focused()
        page.reload()
        expect(said(chat, "customer")).to_have_text([body])
        other = page.context.new_page()
        other.goto(f"{shop.origin()}/frame/")
        expect(said(opened(other), "customer")).to_have_text([body])
        page.evaluate("supportbot.reset()")
        for tab in (page, other):
            expect(tab.get_by_role("dialog")).to_have_count(0)
            assert tab.evaluate("localStorage.length") == 0
        expect(said(opened(page), "customer")).to_have_count(0)
    (contact,) = embedded_stack.rows(CONTACT, body)
    assert (contact["external_id"], contact["page"]) == ("framed", f"{shop.origin()}/frame/")
    assert document(contact["attributes"]) == {"since": "2024-05-01T10:00:00.000Z"}


def test_frame_is_the_page_on_a_phone_and_holds_the_focus(browser: Browser, shop: Shop) -> None:
    with visit(browser, f"{shop.origin()}/frame/", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.get_by_role("button", name=LAUNCHER).tap()
        chat = page.frame_locator("supportbot-widget iframe")
        expect(chat.get_by_role("heading", name="Elsewhere", exact=True)).to_be_focused()
        expect(page.get_by_role("dialog")).to_have_css("transform", "none")
        expect(chat.get_by_role("dialog")).to_have_css("transform", "none")
        for box in (page.get_by_role("dialog"), chat.get_by_role("dialog")):
            assert box.bounding_box() == {"x": 0, "y": 0, **PHONE}
        page.locator("input").evaluate("(field) => field.focus()")
        expect(page.locator("input")).not_to_be_focused()
        chat.get_by_role("button", name="Close chat").tap()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_role("button", name=LAUNCHER)).to_be_focused()


def test_frame_is_not_for_the_page_of_an_origin_that_is_not_allowed(browser: Browser, shop: Shop) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{shop.origin('localhost')}/frame/")
        page.evaluate(LISTEN)
        page.get_by_role("button", name=LAUNCHER).click()
        expect(page.get_by_role("button", name="Chat could not be loaded. Try again")).to_be_visible()
        assert heard(page)["error"]["code"] == "not_loaded"
