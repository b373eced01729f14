"""The help centre in a real Chromium: results while typing, an answer in place, nothing against the content policy."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.servers import wait_until
from tests.stack import EmbeddedStack

INDEXED = """SELECT 1 FROM knowledge_passage AS passage JOIN knowledge_article AS article ON article.id = article_id
    WHERE article.slug = 'track-your-order'"""


def test_reader_finds_an_article_while_typing_and_answers_without_leaving(
    browser: Browser, embedded_stack: EmbeddedStack
) -> None:
    wait_until(lambda: bool(embedded_stack.rows(INDEXED)), seconds=120, what="the article's passages")
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page, complaints = context.new_page(), []
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{embedded_stack.url}/help/fennmoor/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("searchbox").press_sequentially("where is my ord")
        page.get_by_role("link", name="Where is my order?").click()
        page.get_by_role("link", name="No", exact=True).click()
        comment = page.get_by_label("What was missing? (optional)")
        expect(comment).to_be_focused()
        comment.fill("A map")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
        page.get_by_role("button", name="Open the chat").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert complaints == []
    said = embedded_stack.rows("SELECT helpful, comment FROM knowledge_articlefeedback")
    assert [(bool(row["helpful"]), row["comment"]) for row in said] == [(False, "A map")]
