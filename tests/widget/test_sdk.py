"""What a shop's page does with the widget: `window.supportbot`, its events and settings, on another site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import open_chat, said, say, visit
from tests.servers import wait_until
from tests.shop import Shop, open_shop
from tests.stack import EmbeddedStack, document

HEARD = "window.heard = []; window.supportbot = { q: [] };"
LISTEN = HEARD + "".join(
    f"supportbot.q.push(['on', '{event}', (detail) => heard.push(['{event}', detail])]);"
    for event in ("ready", "open", "close", "message", "unread", "error", "conversation")
)


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop elsewhere."""
    with open_shop(embedded_stack) as server:
        yield server


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """The shop's page, with a script of its own that listens from the first moment."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page, errors = context.new_page(), []
        page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
        page.add_init_script(f"if (!window.heard) {{ {LISTEN} }}")
        page.goto(shop.origin())
        wait_until(lambda: page.evaluate("heard.length"), what="the widget")
        yield page
        assert errors == []


def heard(page: Page, event: str) -> list[Any]:
    """The details of one event, in order."""
    return [detail for name, detail in page.evaluate("heard") if name == event]


def contact_of(stack: EmbeddedStack, body: str) -> dict[str, Any]:
    """The contact that wrote this, with the attributes of its conversation."""
    query = (
        "SELECT c.*, v.attributes AS of_conversation FROM chat_message m JOIN chat_conversation v "
        "ON v.id = m.conversation_id JOIN chat_contact c ON c.id = v.contact_id WHERE m.body = %s"
    )
    (row,) = stack.rows(query, body)
    return row


def test_page_hears_of_everything_that_happens_in_the_chat(page: Page) -> None:
    assert heard(page, "ready") == [None]
    open_chat(page)
    say(page, "where is order 10023?")
    expect(said(page, "bot").first).to_be_visible(timeout=120_000)
    page.evaluate("supportbot.close()")
    assert len(heard(page, "open")) == len(heard(page, "close")) == 1
    assert {message["author"] for message in heard(page, "message")} == {"bot"}
    began = heard(page, "conversation")[0]
    assert began["id"] and (began["status"], began["handler"]) == ("pending", "bot")


def test_listener_can_leave_and_a_failing_one_disturbs_nobody(page: Page) -> None:
    page.evaluate("supportbot.on('open', () => { throw new Error('of the page') })")
    page.evaluate("window.leave = supportbot.on('close', () => heard.push(['left', null])); leave()")
    page.evaluate("supportbot.open()")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("supportbot.toggle()")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert heard(page, "open") and not heard(page, "left")


def test_keys_typed_in_the_chat_are_no_shortcuts_of_the_page(page: Page) -> None:
    page.evaluate("for (const kind of ['keydown', 'keyup']) addEventListener(kind, () => heard.push(['key', kind]))")
    open_chat(page)
    page.get_by_role("textbox", name="Your message").press_sequentially("/s")
    assert heard(page, "key") == []
    page.get_by_label("Search the shop").press("s")
    assert heard(page, "key") == ["keydown", "keyup"]


def test_styles_of_the_page_do_not_reach_the_chat(page: Page) -> None:
    page.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { box-sizing: content-box !important } button { width: 3px !important }");
        document.adoptedStyleSheets = [sheet];
    }""")
    open_chat(page)
    assert page.get_by_role("button", name="Chat with us").bounding_box()["width"] == 60  # type: ignore[index]


def test_settings_of_a_page_move_and_word_the_launcher(browser: Browser, shop: Shop) -> None:
    with visit(browser, f"{shop.origin()}/left/") as page:
        launcher = page.get_by_role("button", name="Ask us")
        expect(launcher).to_have_css("background-color", "rgb(122, 31, 75)")
        expect(launcher).to_have_text("Ask us")
        launcher.click()
        expect(page.get_by_role("dialog")).to_have_css("transform", "none")
        assert launcher.bounding_box()["x"] == page.get_by_role("dialog").bounding_box()["x"] == 20  # type: ignore[index]
    with visit(browser, f"{shop.origin()}/bare/") as page:
        wait_until(lambda: page.evaluate("Boolean(window.supportbot?.open)"), what="the widget")
        expect(page.get_by_role("button")).to_have_count(0)
        page.evaluate("supportbot.open()")
        expect(page.get_by_role("dialog")).to_be_visible()


def test_settings_of_a_script_win_over_those_of_the_tag(page: Page, shop: Shop) -> None:
    page.add_init_script("window.supportbotSettings = { position: 'right', launcherText: 'Write to us' }")
    page.goto(f"{shop.origin()}/left/")
    launcher = page.get_by_role("button", name="Write to us")
    expect(launcher).to_have_css("background-color", "rgb(122, 31, 75)")
    assert launcher.bounding_box()["x"] > 720  # type: ignore[index]


def test_hidden_widget_is_gone_until_it_is_shown(page: Page) -> None:
    launcher = page.get_by_role("button", name="Chat with us")
    page.evaluate("supportbot.hide()")
    expect(launcher).to_be_hidden()
    page.evaluate("supportbot.show()")
    expect(launcher).to_be_visible()


def test_what_the_page_says_of_a_customer_is_kept_with_the_first_message_and_not_before(
    page: Page, embedded_stack: EmbeddedStack
) -> None:
    email = f"{uuid4()}@home.example"
    page.evaluate("email => supportbot.setUser({ name: 'Nora Quinn', email })", email)
    open_chat(page)
    page.evaluate(
        "supportbot.setCustomAttributes({ plan: 'Plus', orders: 4, since: new Date('2024-05-01T10:00:00Z') })"
    )
    page.evaluate("supportbot.setConversationAttributes({ basket: 74.9 })")
    assert embedded_stack.rows("SELECT id FROM chat_contact WHERE email = %s", email) == []
    say(page, "hello from Nora")
    expect(page.get_by_text("Delivered")).to_be_visible()
    contact = contact_of(embedded_stack, "hello from Nora")
    assert (contact["name"], contact["email"], contact["language"]) == ("Nora Quinn", email, "en")
    assert (contact["verified_email"], contact["external_id"]) == ("", "")
    assert document(contact["attributes"]) == {"plan": "Plus", "orders": 4, "since": "2024-05-01T10:00:00.000Z"}
    assert document(contact["of_conversation"]) == {"basket": 74.9}


def test_page_changes_the_language_of_the_widget_also_of_the_open_panel(
    page: Page, embedded_stack: EmbeddedStack
) -> None:
    open_chat(page)
    page.get_by_role("button", name="Search help").click()
    page.evaluate("supportbot.setLocale('fr-CA')")
    expect(page.get_by_role("heading", name="Chercher dans l'aide")).to_be_visible()
    page.get_by_role("button", name="Retour au chat").click()
    expect(page.get_by_role("button", name="Discutez avec nous")).to_be_visible()
    field = page.get_by_role("textbox", name="Votre message")
    body = f"bonjour {uuid4()}"
    field.fill(body)
    field.press("Enter")
    expect(page.get_by_text("Distribué")).to_be_visible()
    assert contact_of(embedded_stack, body)["language"] == "fr"


def test_attribute_that_cannot_be_kept_is_an_error_for_the_page_and_nothing_else(page: Page) -> None:
    open_chat(page)
    page.evaluate("supportbot.setCustomAttributes({ basket: ['a', 'list'] })")
    wait_until(lambda: heard(page, "error"), what="the error")
    assert heard(page, "error")[0]["code"] == "bad_attributes"
    page.evaluate("supportbot.setCustomAttributes({ basket: null })")
    say(page, "still here")
    expect(page.get_by_text("Delivered")).to_be_visible()


def test_reset_leaves_nothing_behind(page: Page) -> None:
    page.evaluate("supportbot.setUser({ name: 'Nora Quinn' })")
    open_chat(page)
    say(page, "a secret of Nora's")
    expect(page.get_by_text("Delivered")).to_be_visible()
    page.get_by_role("textbox", name="Your message").fill("half a sentence")
    page.evaluate("supportbot.reset()")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    expect(page.get_by_role("dialog")).to_have_count(0)
    open_chat(page)
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("")
    expect(page.get_by_text("a secret of Nora's")).to_have_count(0)
    say(page, "somebody else")
    expect(page.get_by_text("Delivered")).to_be_visible()


def test_sign_out_in_one_tab_clears_the_other(page: Page, shop: Shop) -> None:
    open_chat(page)
    say(page, "in both tabs")
    expect(page.get_by_text("Delivered")).to_be_visible()
    other = page.context.new_page()
    other.goto(shop.origin())
    open_chat(other)
    expect(said(other, "customer")).to_have_text(["in both tabs"])
    page.evaluate("supportbot.reset()")
    expect(other.get_by_role("dialog")).to_have_count(0)
