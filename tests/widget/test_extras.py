"""What the panel has beside the conversation, and who the page says is there, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.pages import conversation_of, open_chat, said, say, sign_in, thread, visit
from tests.servers import wait_until
from tests.shop import Shop, open_shop, token_of
from tests.stack import EmbeddedStack

NORA, SAM = re.compile("as Nora Quinn"), re.compile("as Sam Reyes")


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop elsewhere."""
    with open_shop(embedded_stack) as server:
        yield server


class Held:
    """A websocket whose server seems to be silent until it is released."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.is_held = True

    def begin(self, page: WebSocketRoute) -> None:
        """The page opens it."""
        self.page = page
        page.connect_to_server().on_message(self.hear)

    def hear(self, frame: str | bytes) -> None:
        """The server says something."""
        if self.is_held:
            self.frames.append(frame)
        else:
            self.page.send(frame)

    def release(self) -> None:
        """Now the page hears it."""
        self.is_held = False
        for frame in self.frames:
            self.page.send(frame)


@contextmanager
def at_the_functions(browser: Browser, stack: EmbeddedStack) -> Iterator[Page]:
    """Somebody tries the widget's functions."""
    with visit(browser, f"{stack.url}/demo/sdk/") as page:
        yield page


def write(page: Page, body: str) -> None:
    """Send, and wait until the server has it."""
    say(page, body)
    expect(said(page, "customer").filter(has_text=body)).to_be_visible()
    expect(page.get_by_text("Delivered").last).to_be_visible()


def test_verified_customer_goes_on_elsewhere_and_agents_see_the_badge(
    browser: Browser, embedded_stack: EmbeddedStack
) -> None:
    body = f"hello from Nora {uuid4()}"
    with at_the_functions(browser, embedded_stack) as page:
        page.get_by_role("button", name=NORA).click()
        open_chat(page)
        write(page, body)
    with at_the_functions(browser, embedded_stack) as page:
        open_chat(page)
        expect(page.get_by_text(body)).to_have_count(0)
        page.get_by_role("button", name=NORA).click()
        expect(said(page, "customer").filter(has_text=body)).to_be_visible()
        page.get_by_role("button", name="reset()").click()
        open_chat(page)
        expect(page.get_by_text("How can Fennmoor help?")).to_be_visible()
        expect(page.get_by_text(body)).to_have_count(0)
    with visit(browser, f"{embedded_stack.url}/inbox/?view=all") as inbox:
        sign_in(inbox, "maya")
        row = inbox.get_by_role("list", name="Conversations").get_by_role("link", name="Nora Quinn").first
        expect(row.get_by_text("Verified")).to_have_count(1)
        row.click()
        expect(thread(inbox).get_by_text("Verified", exact=True)).to_be_visible()
        expect(inbox.get_by_text("Verified by your site")).to_be_visible()


def test_another_customer_at_the_same_browser_finds_nothing(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    body = f"a secret of Nora {uuid4()}"
    with at_the_functions(browser, embedded_stack) as page:
        page.get_by_role("button", name=NORA).click()
        open_chat(page)
        write(page, body)
        page.get_by_role("button", name=SAM).click()
        expect(page.get_by_text(body)).to_have_count(0)
        write(page, f"hello from Sam {uuid4()}")


def test_forged_token_is_an_error_for_the_page_and_a_visitor_for_the_chat(
    browser: Browser, embedded_stack: EmbeddedStack
) -> None:
    with at_the_functions(browser, embedded_stack) as page:
        page.get_by_role("button", name="forged").click()
        open_chat(page)
        expect(page.get_by_role("log", name="Events").get_by_text("identity_invalid")).to_be_visible()
        write(page, "hello from nobody")


def test_only_the_verified_chat_where_a_workspace_wants_it(browser: Browser, shop: Shop) -> None:
    with visit(browser, f"{shop.origin()}/members/") as page:
        open_chat(page)
        expect(page.get_by_text("Please sign in to chat with us.")).to_be_visible()
        expect(page.get_by_role("textbox", name="Your message")).to_be_disabled()
        page.evaluate("token => supportbot.setUser({ token: async () => token })", token_of("7"))
        expect(page.get_by_text("Please sign in to chat with us.")).to_be_hidden()
        write(page, "hello from a member")


def test_customer_whom_the_page_names_while_the_chat_still_connects_is_verified(
    browser: Browser, shop: Shop, embedded_stack: EmbeddedStack
) -> None:
    body, held = f"hello, early {uuid4()}", Held()
    with visit(browser, "about:blank") as page:
        page.route_web_socket("**/ws/v1/widget/", held.begin)
        page.goto(shop.origin())
        open_chat(page)
        wait_until(lambda: page.evaluate("true") and held.frames, what="the state of a visitor")
        page.evaluate("token => supportbot.setUser({ token })", token_of("early"))
        held.release()
        write(page, body)
    query = "SELECT c.external_id FROM chat_message m JOIN chat_conversation v ON v.id = m.conversation_id"
    query += " JOIN chat_contact c ON c.id = v.contact_id WHERE m.body = %s"
    assert embedded_stack.rows(query, body) == [{"external_id": "early"}]


def test_questions_come_before_the_chat_where_a_workspace_asks(browser: Browser, shop: Shop) -> None:
    with visit(browser, f"{shop.origin()}/asks/") as page:
        page.get_by_role("button", name="Chat with us").click()
        form = page.get_by_role("form", name="Before we start")
        form.get_by_label("Your name").fill("Nora Quinn")
        form.get_by_role("button", name="Start the chat").click()
        expect(form.get_by_text("Please fill this in.")).to_be_visible()
        expect(page.get_by_role("textbox", name="Your message")).to_be_hidden()
        form.get_by_label("Your e-mail address").fill("nora@home.example")
        form.get_by_label("Your e-mail address").press("Enter")
        expect(form).to_be_hidden()
        write(page, "hello, now that we know each other")
        page.reload()
        expect(said(page, "customer")).to_have_count(1)
        expect(form).to_be_hidden()


def test_words_by_rule_are_said_once_and_only_where_the_rule_is(browser: Browser, shop: Shop) -> None:
    with visit(browser, f"{shop.origin()}/lamps/moor") as page:
        bubble = page.get_by_role("complementary", name="Message from the chat")
        expect(bubble.get_by_text("Can I help you choose?")).to_be_visible()
        bubble.get_by_role("button", name="Dismiss").click()
        expect(bubble).to_have_count(0)
        for path in ("/lamps/moor", "/rugs/"):
            with page.expect_response("**/proactive.js"):
                page.goto(shop.origin() + path)
            expect(bubble).to_have_count(0)
        assert page.context.cookies() == []
    with visit(browser, f"{shop.origin()}/lamps/moor") as page:
        page.get_by_role("button", name="Can I help you choose?").click()
        expect(page.get_by_role("dialog").get_by_text("Can I help you choose?")).to_be_visible()
        expect(page.get_by_role("complementary")).to_have_count(0)


def test_words_by_rule_may_wait_for_a_later_visit(browser: Browser, shop: Shop) -> None:
    with visit(browser, "about:blank") as page:
        bubble = page.get_by_role("complementary", name="Message from the chat")
        for _ in range(2):  # a reload is the same visit
            with page.expect_response("**/proactive.js"):
                page.goto(f"{shop.origin()}/asks/rugs/")
            expect(bubble).to_have_count(0)
        with page.context.new_page() as again:
            again.goto(f"{shop.origin()}/asks/rugs/")
            expect(again.get_by_role("complementary").get_by_text("Good to see you again")).to_be_visible()


def test_articles_are_found_in_the_panel(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    embedded_stack.await_articles()
    with visit(browser, f"{embedded_stack.url}/demo/") as page:
        open_chat(page)
        page.get_by_role("button", name="Search help").click()
        field = page.get_by_role("searchbox", name="Search the help articles")
        expect(field).to_be_focused()
        expect(page.locator("ul.articles li")).to_have_count(6)  # what helps most, before anything is typed
        field.fill("send back")
        expect(page.get_by_role("link", name="How to send an item back")).to_have_attribute("target", "_blank")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Search help")).to_be_focused()
        expect(page.get_by_role("textbox", name="Your message")).to_be_visible()


def test_alerts_are_off_until_a_click_asks_for_them(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, f"{embedded_stack.url}/demo/", permissions=["notifications"]) as page:
        open_chat(page)
        page.get_by_role("button", name="Options").click()
        sound, note = page.get_by_role("switch", name="Play a sound"), page.get_by_role("switch", name="notification")
        expect(sound).not_to_be_checked()
        expect(note).not_to_be_checked()
        sound.check()
        note.check()
        page.reload()
        page.get_by_role("button", name="Options").click()
        expect(sound).to_be_checked()
        expect(note).to_be_checked()


def test_customer_gets_a_copy_and_has_all_deleted(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    body, address = f"forget me {uuid4()}", f"{uuid4()}@home.example"
    count = "SELECT count(*) AS n FROM chat_message WHERE body = %s"
    with visit(browser, f"{embedded_stack.url}/demo/") as page:
        open_chat(page)
        write(page, body)
        page.get_by_role("button", name="Options").click()
        field = page.get_by_role("textbox", name="Your e-mail address")
        field.fill(address)
        field.press("Enter")
        expect(page.get_by_text(f"on its way to {address}")).to_be_visible()
        page.get_by_role("button", name="Delete my data").click()
        expect(page.get_by_role("button", name="Keep it")).to_be_focused()
        assert embedded_stack.rows(count, body)[0]["n"] == 1
        with visit(browser, f"{embedded_stack.url}/inbox/{conversation_of(embedded_stack, body)}/") as inbox:
            sign_in(inbox, "maya")
            expect(thread(inbox).get_by_text(body)).to_be_visible()
            page.get_by_role("button", name="Yes, delete").click()
            expect(inbox.get_by_text("The customer had this conversation deleted.")).to_be_visible()
            expect(inbox.get_by_text(body)).to_have_count(0)
        expect(page.get_by_text("How can Fennmoor help?")).to_be_visible()
        expect(page.get_by_text(body)).to_have_count(0)
        assert embedded_stack.rows(count, body)[0]["n"] == 0
