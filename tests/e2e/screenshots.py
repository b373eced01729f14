"""Takes the documentation's pictures anew: `make screenshots`. Its name keeps it out of the usual test run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.axe import DESKTOP, PHONE
from tests.e2e.pages import PATIENCE, conversation_of, open_chat, said, say, sign_in, visit
from tests.files import pdf
from tests.servers import wait_until
from tests.stack import ROOT, EmbeddedStack

PICTURES = ROOT / "docs" / "images"
LOOKS: tuple[tuple[str, Literal["light", "dark"], ViewportSize], ...] = (
    ("", "light", DESKTOP),
    ("-dark", "dark", DESKTOP),
    ("-phone", "light", PHONE),
)
ADMIN_PAGES = {
    "today": "admin/",
    "analytics": "admin/analytics/",
    "quality": "admin/analytics/quality/",
    "people": "admin/analytics/people/",
    "ask": "admin/analytics/ask/?q=csat+by+category",
    "rule": "admin/rules/new/?example=angry",
    "routing-overall": "admin/routing/overall/",
    "routing-expert": "admin/routing/experts/3/",
    "api": "api/v1/docs",
}
QUESTIONS = ("where is order 10023?", "can I still change the delivery address?", "How do I send something back?")

TASKS = ("Ask the warehouse for the parcel", "Write to the carrier", "Refund the postage of order 10023")

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
def stack(embedded_stack: EmbeddedStack) -> EmbeddedStack:
    """The product with some months behind it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    if not embedded_stack.rows("SELECT 1 AS one FROM chat_contact WHERE external_id = %s", "history-0"):
        embedded_stack.manage("history", "fennmoor", "--conversations", "900", "--days", "120", "--read", "300")
    embedded_stack.await_articles()
    return embedded_stack


@pytest.fixture
def customer(browser: Browser, stack: EmbeddedStack) -> Iterator[Page]:
    """A customer who has asked several things and got answers."""
    with visit(browser, f"{stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        for count, question in enumerate(QUESTIONS, start=1):
            say(page, question)
            expect(said(page, "bot")).to_have_count(count, timeout=PATIENCE)
        yield page


def test_pictures_of_widget_inbox_and_routing(browser: Browser, stack: EmbeddedStack, customer: Page) -> None:
    looks(customer, "widget")
    conversation = conversation_of(stack, QUESTIONS[0])
    with visit(browser, f"{stack.url}/inbox/{conversation}/?view=all", reduced_motion="reduce") as page:
        sign_in(page, "admin")
        expect(page.get_by_text(QUESTIONS[0])).not_to_have_count(0)
        page.wait_for_load_state("networkidle")
        looks(page, "inbox")
        page.goto(f"{stack.url}/inbox/?view=all")
        page.locator("#rows li").first.wait_for()
        take(page, "inbox-list-phone", PHONE)
        page.get_by_role("button", name="Your account").click()
        page.get_by_label("Density").select_option("dense")
        page.keyboard.press("Escape")
        page.goto(f"{stack.url}/inbox/{conversation}/?view=all")
        expect(page.get_by_text(QUESTIONS[0])).not_to_have_count(0)
        page.wait_for_load_state("networkidle")
        take(page, "inbox-dense")
        pages_of_tasks(page, stack, conversation)
        pages_of_administrators(page, stack, conversation)
        pages_of_voice(page, stack, conversation)


def pages_of_tasks(page: Page, stack: EmbeddedStack, conversation: str) -> None:
    """Tasks of a conversation and others, on the board."""
    page.goto(f"{stack.url}/inbox/{conversation}/?view=all")
    for title in TASKS:
        page.get_by_label("New task").fill(title)
        page.get_by_label("New task").press("Enter")
        page.get_by_role("button", name=title, exact=True).wait_for()
    page.goto(f"{stack.url}/inbox/tasks/?whose=all&shape=board")
    page.get_by_label(f"Status of {TASKS[1]}").select_option("In progress")
    page.get_by_label(f"Status of {TASKS[2]}").select_option("Waiting")
    expect(page.get_by_role("region", name="Waiting 1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    looks(page, "tasks")


def pages_of_voice(page: Page, stack: EmbeddedStack, conversation: str) -> None:
    """The voice as it is settled and tried, and the hints below a reply."""
    page.goto(f"{stack.url}/admin/voice/")
    page.get_by_label("Friendly").check()
    page.get_by_label("Opening line").fill("Hi {{contact.first_name|there}},")
    page.get_by_label("Closing line").fill("Anything else? I am happy to help. {{agent.name}}")
    page.get_by_label("Words to prefer").fill("package = parcel\npackages = parcels\nsign up = register")
    page.get_by_label("Words never to use").fill("cheap\npolicy")
    page.get_by_label("Words in a sentence, at most").fill("25")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("A reply as somebody would write it").fill("Your package is on its way. It was not cheap.")
    page.get_by_role("button", name="Try without saving").click()
    page.locator(".voice-tried").wait_for()
    looks(page, "voice", anew=True)
    page.goto(f"{stack.url}/inbox/{conversation}/?view=all")
    page.get_by_role("button", name="Take over").click()
    page.get_by_label("Your reply").fill("Your package is on its way, by our cheap post.")
    page.get_by_role("group", name="The voice of").wait_for()
    keep("voice-hints", page.locator("#composer").screenshot())


def pages_of_administrators(page: Page, stack: EmbeddedStack, conversation: str) -> None:
    """The overview, expert routing, analytics, the API's reference; and a what-if."""
    for name, path in ADMIN_PAGES.items():
        page.goto(f"{stack.url}/{path}")
        page.wait_for_load_state("networkidle")
        looks(page, name, anew=True)
    page.goto(f"{stack.url}/admin/routing/{conversation}/")
    expect(page.get_by_role("region", name=re.compile("Layer by expert")).first).to_be_visible()
    looks(page, "routing", anew=True, at="#message-6")
    page.get_by_role("region", name="What if?").last.get_by_role("button", name="Write it").click()
    again = page.get_by_role("article", name=re.compile("Without expert"))
    expect(again.get_by_text("Other words.")).to_be_visible(timeout=PATIENCE)
    keep("what-if", again.screenshot())


def test_pictures_of_the_help_centre(browser: Browser, stack: EmbeddedStack) -> None:
    with visit(browser, f"{stack.url}/help/fennmoor/") as page:
        page.wait_for_load_state("networkidle")
        looks(page, "help-centre")


def looks(page: Page, name: str, *, anew: bool = False, at: str = "") -> None:
    """Take a view in light, in dark and on a phone; some pages choose their colours while they load."""
    for suffix, scheme, size in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        if anew:
            page.reload()
            page.wait_for_load_state("networkidle")
        if at:
            page.locator(at).evaluate("part => part.scrollIntoView()")
        take(page, name + suffix, size)
    page.set_viewport_size(DESKTOP)


def take(page: Page, name: str, size: ViewportSize = DESKTOP) -> None:
    """Take what is on the screen."""
    page.set_viewport_size(size)
    page.wait_for_load_state("networkidle")
    keep(name, page.screenshot(animations="disabled"))


def keep(name: str, picture: bytes) -> None:
    """Write it with few colours, so that the repository stays small."""
    with Image.open(BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(PICTURES / f"{name}.png", optimize=True)


def test_pictures_of_knowledge_an_action_and_a_hand_over(
    browser: Browser, stack: EmbeddedStack, tmp_path: Path
) -> None:
    (tmp_path / "repairs.md").write_text(REPAIRS, "utf-8")
    stack.manage("import_articles", "fennmoor", str(tmp_path))
    passages = "SELECT text FROM knowledge_passage WHERE heading LIKE %s"
    wait_until(lambda: stack.rows(passages, "Repairs of chairs%"), what="the passage of the imported article")
    with visit(browser, f"{stack.url}/help/fennmoor/articles/repairs-of-chairs/") as page:
        page.wait_for_load_state("networkidle")
        keep("imported-article", page.screenshot())
    placed = "SELECT number, email FROM knowledge_order WHERE state = %s AND email <> '' ORDER BY number LIMIT 1"
    (order,) = stack.rows(placed, "placed")
    with visit(browser, f"{stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        widget = page.locator("supportbot-widget .panel")
        ask(page, "what does it cost to have a wobbly chair glued?", 1)
        keep("cited-answer", widget.screenshot())
        ask(page, f"please cancel order {order['number']}", 2)
        ask(page, str(order["email"]), 3)
        ask(page, "yes", 4)
        keep("confirmed-action", widget.screenshot())
        ask(page, "thanks. the lamp of my last order flickers, can I talk to a person?", 5)
    conversation = conversation_of(stack, "what does it cost to have a wobbly chair glued?")
    with visit(browser, f"{stack.url}/inbox/{conversation}/") as page:
        sign_in(page, "maya")
        expect(page.get_by_text("wobbly chair").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        keep("hand-over", page.screenshot())


def test_picture_of_attachments(browser: Browser, stack: EmbeddedStack) -> None:
    with visit(browser, f"{stack.url}/static/demo/glow-lamp.svg", viewport={"width": 900, "height": 700}) as page:
        lamp = page.screenshot()
    with visit(browser, f"{stack.url}/demo/", reduced_motion="reduce") as page:
        open_chat(page)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Attach files").click()
        bill = {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": pdf()}
        chooser.value.set_files([{"name": "lamp.png", "mimeType": "image/png", "buffer": lamp}, bill])
        expect(page.locator(".tray-file")).to_have_count(2)
        expect(page.locator(".tray-file progress")).to_have_count(0)
        ask(page, "The shade of my lamp is torn. Here is the bill, I want to talk to a person.", 1)
        page.get_by_role("button", name="Open lamp.png").scroll_into_view_if_needed()
        keep("attachments", page.locator("supportbot-widget .panel").screenshot())


def ask(page: Page, question: str, answers: int) -> None:
    """Say it, and wait until the bot has answered so often."""
    say(page, question)
    expect(said(page, "bot")).to_have_count(answers, timeout=PATIENCE)
