"""Takes the README's pictures anew: `make screenshots`. Its name keeps it out of the usual test run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import PATIENCE, conversation_of, open_chat, said, say, sign_in, visit
from tests.files import pdf
from tests.servers import wait_until
from tests.stack import ROOT, EmbeddedStack

PICTURES = ROOT / "docs" / "images"
QUESTIONS = ("where is order 10023?", "can I still change the delivery address?", "How do I send something back?")

REPAIRS = """# Repairs of chairs

Wood works and joints open. Bring the chair to our workshop, and we mend it, wherever you bought it.

| Job | Price | Time |
|---|---|---|
| A wobbly chair glued | £28 | three days |
| A new rush seat | £95 | two weeks |
| A broken leg turned anew | £60 | ten days |

## Before you come

Write to the workshop with a picture, so that the wood is there when you are. Chairs of metal and plastic we can't mend.
"""


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
        page.locator("#message-6").evaluate("reply => reply.scrollIntoView()")
        page.screenshot(path=PICTURES / "routing.png", full_page=False)
        page.get_by_role("region", name="What if?").last.get_by_role("button", name="Write it").click()
        again = page.get_by_role("article", name=re.compile("Without expert"))
        expect(again.get_by_text("Other words.")).to_be_visible(timeout=PATIENCE)
        again.screenshot(path=PICTURES / "what-if.png")


def test_picture_of_the_help_centre(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, f"{embedded_stack.url}/help/fennmoor/") as page:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "help-centre.png")


def test_pictures_of_knowledge_an_action_and_a_hand_over(
    browser: Browser, embedded_stack: EmbeddedStack, tmp_path: Path
) -> None:
    (tmp_path / "repairs.md").write_text(REPAIRS, "utf-8")
    embedded_stack.manage("import_articles", "fennmoor", str(tmp_path))
    passages = "SELECT text FROM knowledge_passage WHERE heading LIKE %s"
    wait_until(lambda: embedded_stack.rows(passages, "Repairs of chairs%"), what="the passage of the imported article")
    with visit(browser, f"{embedded_stack.url}/help/fennmoor/articles/repairs-of-chairs/") as page:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "imported-article.png")
    placed = "SELECT number, email FROM knowledge_order WHERE state = %s AND email <> '' ORDER BY number LIMIT 1"
    (order,) = embedded_stack.rows(placed, "placed")
    with visit(browser, f"{embedded_stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        widget = page.locator("supportbot-widget .panel")
        ask(page, "what does it cost to have a wobbly chair glued?", 1)
        widget.screenshot(path=PICTURES / "cited-answer.png")
        ask(page, f"please cancel order {order['number']}", 2)
        ask(page, str(order["email"]), 3)
        ask(page, "yes", 4)
        widget.screenshot(path=PICTURES / "confirmed-action.png")
        ask(page, "thanks. the lamp of my last order flickers, can I talk to a person?", 5)
    conversation = conversation_of(embedded_stack, "what does it cost to have a wobbly chair glued?")
    with visit(browser, f"{embedded_stack.url}/inbox/{conversation}/") as page:
        sign_in(page, "maya")
        expect(page.get_by_text("wobbly chair").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "hand-over.png")


def test_picture_of_attachments(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(
        browser, f"{embedded_stack.url}/static/demo/glow-lamp.svg", viewport={"width": 900, "height": 700}
    ) as page:
        lamp = page.screenshot()
    with visit(browser, f"{embedded_stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Attach files").click()
        bill = {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": pdf()}
        chooser.value.set_files([{"name": "lamp.png", "mimeType": "image/png", "buffer": lamp}, bill])
        expect(page.locator(".tray-file")).to_have_count(2)
        expect(page.locator(".tray-file progress")).to_have_count(0)
        ask(page, "The shade of my lamp is torn. Here is the bill, I want to talk to a person.", 1)
        page.get_by_role("button", name="Open lamp.png").scroll_into_view_if_needed()
        page.locator("supportbot-widget .panel").screenshot(path=PICTURES / "attachments.png")


def ask(page: Page, question: str, answers: int) -> None:
    """Say it, and wait until the bot has answered so often."""
    say(page, question)
    expect(said(page, "bot")).to_have_count(answers, timeout=PATIENCE)
