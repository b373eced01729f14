"""The widget in a real Chromium, on the demo shop's page, against the embedded run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.pages import sign_in, thread
from tests.stack import EmbeddedStack


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> str:
    """The address of the demo shop's page."""
    return f"{embedded_stack.url}/demo/"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, shop: str) -> Iterator[Page]:
    """The shop's page; any error of a script or of the content security policy fails the test."""
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    page.goto(shop)
    yield page
    assert errors == []


def launcher(page: Page) -> Locator:
    return page.get_by_role("button", name="Chat with us")


def opened(page: Page) -> Locator:
    """Open the panel and return the field to write in."""
    launcher(page).click()
    expect(page.get_by_text("An automated assistant answers at once.")).to_be_visible()
    return page.get_by_role("textbox", name="Your message")


def own_messages(page: Page) -> Locator:
    return page.locator("li.message.customer .text")


def send(page: Page, body: str) -> None:
    field = page.get_by_role("textbox", name="Your message")
    field.fill(body)
    field.press("Enter")


def test_nothing_is_stored_or_loaded_before_the_first_opening(page: Page, context: BrowserContext) -> None:
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert context.cookies() == []
    loaded: list[str] = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in loaded if name.endswith("/widget/panel.js")]
    assert {name.split("/")[2] for name in loaded} == {page.url.split("/")[2]}


def test_keyboard_opens_the_panel_and_escape_gives_the_focus_back(page: Page) -> None:
    launcher(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    expect(launcher(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(launcher(page)).to_be_focused()


def test_markup_in_a_message_is_shown_as_text(page: Page) -> None:
    opened(page)
    send(page, "<script>alert(1)</script> <b>hello</b>")
    expect(own_messages(page)).to_have_text(["<script>alert(1)</script> <b>hello</b>"])
    expect(page.get_by_text("Delivered")).to_be_visible()


def test_too_long_a_message_is_told_in_words_and_kept(page: Page) -> None:
    field = opened(page)
    send(page, "🙂" * 4_001)
    expect(page.get_by_text("Too long by 1 character.")).to_be_visible()
    expect(own_messages(page)).to_have_count(0)
    expect(field).to_have_value("🙂" * 4_001)


def test_conversation_and_draft_survive_a_reload(page: Page) -> None:
    field = opened(page)
    send(page, "Do you deliver to Cork?")
    expect(page.get_by_text("Delivered")).to_be_visible()
    field.fill("And how")
    page.reload()
    expect(own_messages(page)).to_have_text(["Do you deliver to Cork?"])
    expect(field).to_have_value("And how")


def test_message_written_offline_arrives_once_when_the_network_is_back(page: Page, context: BrowserContext) -> None:
    opened(page)
    send(page, "First")
    expect(page.get_by_text("Delivered")).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    send(page, "Written in a tunnel")
    expect(page.get_by_text("Sending…")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_text("Delivered")).to_be_visible()
    page.reload()
    expect(own_messages(page)).to_have_text(["First", "Written in a tunnel"])


def test_a_person_is_one_tap_away(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_role("dialog").get_by_text("Waiting for a colleague")).to_be_visible()
    expect(page.get_by_role("button", name="A person was asked")).to_have_attribute("aria-disabled", "true")


def test_second_tab_shows_the_same_conversation(page: Page, context: BrowserContext, shop: str) -> None:
    opened(page)
    send(page, "From the first tab")
    expect(page.get_by_text("Delivered")).to_be_visible()
    other = context.new_page()
    other.goto(shop)
    opened(other)
    expect(own_messages(other)).to_have_text(["From the first tab"])
    send(other, "From the second")
    expect(own_messages(page)).to_have_text(["From the first tab", "From the second"])


def test_on_a_phone_the_panel_is_the_page(browser: Browser, shop: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True) as phone:
        page = phone.new_page()
        page.goto(shop)
        launcher(page).tap()
        panel = page.get_by_role("dialog")
        expect(panel).to_have_css("transform", "none")
        assert panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        panel.get_by_role("button", name="Close chat").tap()
        expect(panel).to_be_hidden()


def test_right_to_left_text_runs_its_own_way(page: Page) -> None:
    opened(page)
    send(page, "مرحبا، أين طلبي؟")
    expect(own_messages(page)).to_have_css("direction", "rtl")


def test_page_may_queue_calls_before_the_loader_is_there(browser: Browser, shop: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script("window.supportbot = { q: [['open']] }")
        page.goto(shop)
        expect(page.get_by_role("dialog", name=re.compile("Fennmoor"))).to_be_visible()


def test_customer_leaves_an_address_and_rates_at_the_end(page: Page, browser: Browser, shop: str) -> None:
    opened(page)
    page.get_by_role("button", name="Talk to a person").click()
    address = page.get_by_label("Your e-mail address")
    address.fill("anna")
    address.press("Enter")
    expect(page.get_by_text("Please write an address")).to_be_visible()
    address.fill("anna@example.com")
    address.press("Enter")
    expect(page.get_by_text("Answers also go to anna@example.com.")).to_be_visible()
    with browser.new_context() as context:
        inbox = context.new_page()
        inbox.goto(shop.replace("/demo/", "/inbox/"))
        sign_in(inbox, "maya")
        inbox.get_by_role("list", name="Conversations").get_by_role("link", name="anna@example.com").click()
        expect(thread(inbox).get_by_role("heading", name="anna@example.com")).to_be_visible()
        resolve = thread(inbox).get_by_role("button", name="Resolve")
        resolve.click()
        expect(resolve).to_be_hidden()
    page.get_by_role("radio", name="Good", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_label("Would you like to add something?").fill("Quick")
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("You gave 4 of 5: good.")).to_be_visible()


def test_offered_answers_are_buttons_until_something_newer_is_said(
    page: Page, context: BrowserContext, browser: Browser, shop: str
) -> None:
    opened(page)
    send(page, "please cancel order 10021 or 10022")
    choices = page.get_by_role("group", name="Suggested answers")
    expect(choices.get_by_role("button")).to_have_text(["10021", "10022"], timeout=120_000)
    page.reload()
    other = context.new_page()
    other.goto(shop)
    opened(other)
    expect(other.get_by_role("group", name="Suggested answers").get_by_role("button")).to_have_count(2)
    choices.get_by_role("button", name="10021").click()
    expect(own_messages(page)).to_have_text(["please cancel order 10021 or 10022", "10021"])
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    for tab in (page, other):
        expect(tab.locator("supportbot-widget").get_by_text("which e-mail address").first).to_be_visible()
        expect(tab.get_by_role("group", name="Suggested answers")).to_be_hidden()
    send(page, "customer21@fennmoor.example")
    expect(choices.get_by_role("button")).to_have_text(["Yes", "No"])
    send(page, "no thanks")
    expect(page.get_by_text("I leave everything as it is.").first).to_be_visible()
    expect(choices).to_be_hidden()
    page.get_by_role("button", name="Talk to a person").click()
    with browser.new_context() as own:
        inbox = own.new_page()
        inbox.goto(shop.replace("/demo/", "/inbox/"))
        sign_in(inbox, "maya")
        inbox.get_by_role("list", name="Conversations").get_by_role("link").last.click()
        expect(thread(inbox).get_by_text("Offered: 10021 · 10022")).to_be_visible()
        expect(inbox.locator("#facts").get_by_role("heading", name="Actions")).to_be_visible()
        inbox.get_by_role("button", name="Block contact").click()
        send(page, "Is anybody there?")
        expect(page.get_by_text("Not sent.")).to_be_visible()
        inbox.get_by_role("button", name="Unblock contact").click()
        page.get_by_role("button", name="Retry").click()
        expect(thread(inbox).get_by_text("Is anybody there?")).to_be_visible()


def in_language(page: Page, language: str) -> None:
    """The shop's page says from its beginning that it is in this language."""
    page.add_init_script(
        f"new MutationObserver((_, own) => {{ document.documentElement.lang = '{language}'; own.disconnect(); }})"
        ".observe(document, { childList: true })"
    )
    page.reload()


ALL_TEXTS = """() => {
  const root = document.querySelector("supportbot-widget").shadowRoot, found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) found.push(walker.currentNode.data.trim());
  for (const node of root.querySelectorAll("[aria-label], [placeholder]")) found.push(node.ariaLabel, node.placeholder);
  return found.filter((text) => /[^\\W\\d]{4}/.test(text ?? ""));
}"""
SAME_WORD = {"Fennmoor", "Conversation", "Options", "Sources"}


def handed_over_in(page: Page, language: str) -> set[str]:
    """All texts of a widget in this language whose visitor waits for a person, whether or not one is there."""
    in_language(page, language)
    page.locator("supportbot-widget .launcher").click()
    page.locator("supportbot-widget .person").click()
    expect(page.locator("supportbot-widget li.message.bot .text")).not_to_have_count(0)
    assert page.evaluate("document.querySelector('supportbot-widget').lang") == language
    return set(page.evaluate(ALL_TEXTS))


@pytest.fixture(scope="module")
def english(browser: Browser, shop: str) -> set[str]:
    """The same in English."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(shop)
        return handed_over_in(page, "en")


@pytest.mark.parametrize("language", ["es", "fr", "de", "pt", "it"])
def test_widget_speaks_the_pages_language_without_a_word_of_english(
    page: Page, english: set[str], language: str
) -> None:
    texts = handed_over_in(page, language)
    fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [name.rsplit("/", 1)[1] for name in fetched if "/texts/" in name] == [f"{language}.js"]
    assert len(texts) > 15 and texts & english <= SAME_WORD


def test_widget_takes_up_the_language_that_the_customer_writes(page: Page) -> None:
    opened(page)
    send(page, "Bonjour, combien de temps ai-je pour retourner un article ?")
    expect(page.get_by_role("textbox", name="Votre message")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Discutez avec nous")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Votre message")).to_be_visible()
