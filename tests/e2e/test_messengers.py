"""An administrator connects a Telegram bot, a customer writes to it, and the assistant and an agent answer there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import PATIENCE, sign_in, thread, visit
from tests.messenger_server import TOKEN, MessengerServer
from tests.servers import wait_until
from tests.stack import EmbeddedStack


def test_a_bot_is_connected_and_answers_through_the_workers(
    browser: Browser, embedded_stack: EmbeddedStack, messenger_server: MessengerServer
) -> None:
    messenger_server.clear()
    with visit(browser, f"{embedded_stack.url}/admin/outside_channels/messenger/add/") as page:
        sign_in(page, "admin")
        secret = page.locator("[name=new_secret]")
        _choose(page, "Slack")
        expect(secret).to_be_visible()
        _choose(page, "Telegram")
        expect(secret).to_be_hidden()
        _choose(page, "Fennmoor")
        page.locator("[name=name]").fill("Front desk")
        page.locator("[name=new_token]").fill(TOKEN)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Telegram let us in as @fennmoor_bot.")).to_be_visible()
    hook = next(asked.said for asked in messenger_server.asked if asked.path.endswith("/setWebhook"))
    _tell(embedded_stack, hook, 1, "Where is order 10023?")
    wait_until(lambda: any("10023" in text for text in messenger_server.texts()), seconds=60, what="the answer")
    _tell(embedded_stack, hook, 2, "I want to talk to a person")
    _tell(embedded_stack, hook, 2, "I want to talk to a person")
    wait_until(lambda: any("colleague" in text for text in messenger_server.texts()), seconds=60, what="the hand-over")
    with visit(browser, f"{embedded_stack.url}/inbox/?channel=telegram") as page:
        sign_in(page, "maya")
        row = page.get_by_role("listitem").filter(has_text="Jan Maier")
        expect(row.get_by_text("Telegram", exact=True)).to_be_visible()
        row.click()
        expect(thread(page).get_by_text("I want to talk to a person")).to_have_count(1)
        thread(page).get_by_role("button", name="Take over").click()
        reply = page.get_by_role("textbox", name="Your reply")
        reply.fill("It comes at noon.")
        reply.press("Control+Enter")
        what = "the agent's answer"
        wait_until(lambda: "It comes at noon." in messenger_server.texts(), seconds=PATIENCE / 1000, what=what)


def _choose(page: Page, words: str) -> None:
    """In the field of the admin that offers it, whatever it looks like."""
    option = page.locator("option", has_text=words)
    page.locator("select", has=option).first.evaluate(
        "(select, words) => { select.value = [...select.options].find((one) => one.text.includes(words)).value;"
        " select.dispatchEvent(new Event('change', { bubbles: true })); }",
        words,
    )


def _tell(stack: EmbeddedStack, hook: dict[str, Any], id_: int, text: str) -> None:
    """Telegram sends an update to the address that it was told."""
    jan = {"id": 77, "first_name": "Jan", "last_name": "Maier", "language_code": "en"}
    message = {"message_id": id_, "from": jan, "chat": {"id": 77, "type": "private"}, "date": 1, "text": text}
    headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret_token"]}
    update = {"update_id": id_, "message": message}
    answer = httpx.post(f"{stack.url}{urlsplit(hook['url']).path}", json=update, headers=headers)
    assert answer.status_code == 200
