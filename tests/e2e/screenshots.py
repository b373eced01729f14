"""Takes the README's pictures anew: `make screenshots`. Its name keeps it out of the usual test run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import PATIENCE, conversation_of, open_chat, said, say, sign_in, visit
from tests.stack import ROOT, EmbeddedStack

PICTURES = ROOT / "docs" / "images"
QUESTIONS = ("where is order 10023?", "can I still change the delivery address?", "How do I send something back?")


@pytest.fixture
def customer(browser: Browser, embedded_stack: EmbeddedStack) -> Iterator[Page]:
    """A customer who has asked several things and got answers."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with visit(browser, f"{embedded_stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        for count, question in enumerate(QUESTIONS, start=1):
            say(page, question)
            expect(said(page, "bot")).to_have_count(count, timeout=PATIENCE)
        yield page


def test_pictures_of_widget_inbox_and_routing(browser: Browser, embedded_stack: EmbeddedStack, customer: Page) -> None:
    customer.screenshot(path=PICTURES / "widget.png")
    conversation = conversation_of(embedded_stack, QUESTIONS[0])
    with visit(browser, f"{embedded_stack.url}/inbox/{conversation}/") as page:
        sign_in(page, "admin")
        expect(page.get_by_text(QUESTIONS[0])).not_to_have_count(0)
        page.get_by_role("button", name="All").click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "inbox.png")
        page.goto(f"{embedded_stack.url}/admin/routing/{conversation}/")
        expect(page.get_by_role("region", name=re.compile("Layer by expert")).first).to_be_visible()
        page.screenshot(path=PICTURES / "routing.png", full_page=False)


def test_picture_of_the_help_centre(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, f"{embedded_stack.url}/help/fennmoor/") as page:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "help-centre.png")
