"""What people do in a browser, found as they find it: by roles and names. Also finds what they wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.stack import PASSWORD, Stack

DESKTOP = {"width": 1440, "height": 900}
PATIENCE = 120_000  # ms; the first answer also waits for the model to load
expect.set_options(timeout=30_000)
Place = Page | FrameLocator


@contextmanager
def visit(browser: Browser, address: str, **context: object) -> Iterator[Page]:
    """A person's own browser at an address; an error of a script or of the content security policy fails the test."""
    with browser.new_context(**{"viewport": DESKTOP, **context}) as own:  # type: ignore[arg-type]
        page, errors = own.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
        page.goto(address)
        yield page
        assert errors == []


def sign_in(page: Page, name: str) -> None:
    """Fill in the login page, which leads back to the page that was asked for."""
    page.get_by_label("E-mail").fill(f"{name}@fennmoor.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_hidden()


def open_chat(page: Page) -> None:
    """Open the panel, and wait until one can write."""
    page.get_by_role("button", name="Chat with us").click()
    expect(page.get_by_role("textbox", name="Your message")).to_be_visible()


def say(page: Place, body: str) -> None:
    """Write in the widget and send; where the chat is in a frame, `page` is that frame."""
    field = page.get_by_role("textbox", name="Your message")
    field.fill(body)
    field.press("Enter")


def said(page: Place, author: str) -> Locator:
    """The finished texts of one side in the widget, without the greeting."""
    return page.locator(f"supportbot-widget ol.messages li.message.{author}:not(.typing):not(.streaming) .text")


def thread(page: Page) -> Locator:
    """The conversation that is open in the inbox."""
    return page.get_by_role("region", name="Conversation", exact=True)


def show(page: Page, view: str) -> None:
    """Choose a view of the inbox."""
    page.get_by_role("button", name=re.compile(f"^{view}")).click()


def bodies_beside(stack: Stack, body: str) -> list[str]:
    """All that is saved of the latest conversation in which this was written, in order."""
    latest = "SELECT conversation_id FROM chat_message WHERE body = %s ORDER BY created_at DESC LIMIT 1"
    found = stack.rows(f"SELECT body FROM chat_message WHERE conversation_id = ({latest}) ORDER BY seq", body)
    return [row["body"] for row in found]


def conversation_of(stack: Stack, body: str) -> str:
    """The id of the latest conversation in which this was written, as the addresses of pages have it."""
    found = stack.rows("SELECT conversation_id FROM chat_message WHERE body = %s ORDER BY created_at DESC", body)
    text = str(found[0]["conversation_id"]).replace("-", "")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
