"""Files and emoji in real browsers: on a shop's page with a strict policy, and in the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect

from tests.customer import KEY
from tests.e2e.axe import violations
from tests.e2e.pages import PATIENCE, conversation_of, open_chat, said, say, sign_in, thread, visit
from tests.files import pdf, picture
from tests.servers import wait_until
from tests.shop import Shop, open_shop
from tests.stack import EmbeddedStack

PASTE = """(field, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
DROP = """(target, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
    for (const kind of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
}"""
PAINTED = (
    """(canvas) => canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] === 255"""
)


@pytest.fixture(scope="module")
def shop(embedded_stack: EmbeddedStack) -> Iterator[Shop]:
    """A shop elsewhere, whose policy allows no image at all."""
    with open_shop(embedded_stack) as server:
        yield server


def payload(name: str, content: bytes, kind: str = "image/png") -> FilePayload:
    """A file as it is chosen."""
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page: Page, *files: FilePayload) -> None:
    """Choose files with the button."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(list(files))


def chosen(page: Page) -> Locator:
    """What will be sent with the words."""
    return page.locator(".tray-file")


def test_a_customer_sends_files_from_a_page_that_allows_no_images(
    browser: Browser, shop: Shop, embedded_stack: EmbeddedStack
) -> None:
    with visit(browser, f"{shop.origin()}/") as page:
        open_chat(page)
        field, send = page.get_by_role("textbox", name="Your message"), page.get_by_role("button", name="Send message")
        held: list[Route] = []
        page.route("**/widget/files.js*", lambda route: held.append(route))
        field.evaluate(PASTE, list(picture()))
        say(page, "too early")
        expect(page.get_by_text("once all files are uploaded")).to_be_visible()
        wait_until(lambda: page.evaluate("true") and held, what="the request for what shows files")
        held[0].continue_()
        page.unroute("**/widget/files.js*")
        expect(chosen(page)).to_have_count(1)
        expect(said(page, "customer")).to_have_count(0)
        field.fill("")
        field.evaluate(DROP, list(picture(colour="#d94f30")))
        choose(page, payload("bill.pdf", pdf(), "application/pdf"), payload("fake.png", b"<script>"))
        expect(page.locator(".tray-file.failed")).to_contain_text("Only pictures")
        expect(send).to_have_attribute("aria-disabled", "true")
        page.get_by_role("button", name="Remove fake.png").click()
        expect(chosen(page)).to_have_count(3)
        page.context.set_offline(True)
        choose(page, payload("late.png", picture()))
        expect(page.locator(".tray-file.failed")).to_contain_text("The server cannot be reached")
        page.context.set_offline(False)
        expect(page.locator(".tray-file.failed")).to_have_count(0)
        page.get_by_role("button", name="Remove late.png").click()
        page.reload()
        expect(chosen(page)).to_have_count(3)
        page.get_by_role("button", name="Insert an emoji").click()
        expect(page.get_by_role("group", name="Insert an emoji").get_by_role("button").first).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(field).to_be_focused()
        expect(field).to_have_value("😀")
        page.context.set_offline(True)
        page.keyboard.type(" my lamp came like this")
        field.press("Enter")
        expect(page.get_by_text("Sending…")).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_text("Delivered")).to_be_visible()
        opener = page.get_by_role("button", name="Open pasted.png")
        wait_until(lambda: opener.locator("canvas.drawn").count() == 1, what="the thumbnail")
        assert opener.locator("canvas").evaluate(PAINTED)
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="pasted.png").locator("canvas.drawn")).to_be_visible()
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()
        with page.expect_download() as download:
            page.get_by_role("button", name="Open bill.pdf").click()
        assert Path(download.value.path()).read_bytes() == pdf()
    sent = "SELECT count(*) AS n FROM chat_message WHERE body = %s"
    files = "SELECT name FROM chat_attachment WHERE message_id IN (SELECT id FROM chat_message WHERE body = %s)"
    body = "😀 my lamp came like this"
    assert embedded_stack.rows(sent, body)[0]["n"] == 1
    assert {row["name"] for row in embedded_stack.rows(files, body)} == {"pasted.png", "dropped.png", "bill.pdf"}


def test_what_says_itself_to_be_too_large_is_refused_before_it_is_read(embedded_stack: EmbeddedStack) -> None:
    with closing(HTTPConnection("127.0.0.1", embedded_stack.port, timeout=30)) as connection:
        connection.putrequest("POST", f"/widget/{KEY}/attachments/")
        connection.putheader("Content-Length", str(11 * 1024 * 1024))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_an_agent_answers_with_files_and_sees_them_read(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with (
        visit(browser, f"{embedded_stack.url}/demo/") as customer,
        visit(browser, f"{embedded_stack.url}/inbox/?view=all") as agent,
    ):
        open_chat(customer)
        say(customer, "I want to talk to a person about my chair")
        expect(said(customer, "bot")).to_have_count(1, timeout=PATIENCE)
        choose(customer, payload("chair.png", picture()))
        expect(chosen(customer)).to_have_count(1)
        expect(customer.get_by_role("button", name="Send message")).to_have_attribute("aria-disabled", "false")
        assert violations(customer, "widget with a file to be sent") == []
        customer.get_by_role("textbox", name="Your message").press("Enter")
        sign_in(agent, "maya")
        conversation = conversation_of(embedded_stack, "I want to talk to a person about my chair")
        agent.goto(f"{embedded_stack.url}/inbox/{conversation}/?view=all")
        talk = thread(agent)
        expect(talk.get_by_role("img", name="chair.png")).to_be_visible()
        expect(agent.locator("#rows a[aria-current]")).to_contain_text("📎 chair.png")
        expect(customer.get_by_text("Seen")).to_be_visible()
        talk.get_by_role("button", name="Take over").click()
        choose(agent, payload("label.pdf", pdf(), "application/pdf"), payload("plan.png", picture()))
        expect(chosen(agent)).to_have_count(2)
        expect(agent.locator(".tray-file progress")).to_have_count(0)
        assert violations(agent, "inbox with files") == []
        agent.reload()
        expect(chosen(agent)).to_have_count(2)
        reply = agent.get_by_label("Your reply")
        agent.get_by_role("button", name="Insert an emoji").click()
        agent.keyboard.type("parcel")
        expect(agent.get_by_role("listbox", name="Emoji").get_by_role("option")).to_have_count(1)
        agent.keyboard.press("Enter")
        expect(reply).to_have_value("📦")
        reply.press("Enter")
        agent.keyboard.press("Alt+KeyZ")
        expect(reply).to_have_value("📦")
        expect(chosen(agent)).to_have_count(2)
        reply.press("Enter")
        expect(chosen(agent)).to_have_count(0)
        expect(customer.get_by_role("button", name="Open label.pdf")).to_be_visible()
        expect(talk.locator(".said.agent .meta")).to_contain_text("Read")
        talk.get_by_role("button", name="Open chair.png").focus()
        agent.keyboard.press("Enter")
        expect(agent.get_by_role("dialog", name="chair.png").get_by_role("img")).to_be_visible()
        agent.keyboard.press("Escape")
        expect(talk.get_by_role("button", name="Open chair.png")).to_be_focused()
