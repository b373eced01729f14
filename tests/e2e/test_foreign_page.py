"""The widget on a shop's own page, of another origin and with a strict content security policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.pages import open_chat, said, say, visit
from tests.shop import Shop, open_shop
from tests.stack import EmbeddedStack


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop elsewhere."""
    with open_shop(embedded_stack) as server:
        yield server


@pytest.mark.parametrize("path", ["/", "/nonce/"])
def test_widget_works_under_a_strict_policy_and_is_styled(browser: Browser, shop: Shop, path: str) -> None:
    with visit(browser, shop.origin() + path) as page:
        open_chat(page)
        say(page, "hello from elsewhere")
        expect(page.get_by_text("Delivered")).to_be_visible()
        expect(said(page, "customer")).to_have_text(["hello from elsewhere"])
        expect(page.get_by_role("button", name="Chat with us")).to_have_css("position", "fixed")
        expect(page.get_by_role("dialog")).to_have_css("position", "fixed")
        assert page.context.cookies() == []


def test_page_of_an_origin_that_is_not_allowed_is_refused_in_words(browser: Browser, shop: Shop) -> None:
    with visit(browser, shop.origin("localhost")) as page:
        open_chat(page)
        expect(page.get_by_text("This chat may not be used on this page.")).to_be_visible()
