"""A visit to the shop and a day at the inbox, both ways to run the product: what no other walk passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.customer import Customer
from tests.e2e.axe import FOREIGN, RUN, source
from tests.e2e.pages import PATIENCE, conversation_of, open_chat, said, say, show, sign_in, thread, visit
from tests.servers import wait_until
from tests.stack import Stack

ZOOMED = {"width": 720, "height": 450}  # a window of 1440 by 900 at 200 %
LISTEN = """
window.told = []; window.shifts = 0; window.unread = [];
window.supportbot = { q: [["on", "unread", (count) => unread.push(count)]] };
new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifts += value; })
  .observe({ type: "layout-shift", buffered: true });
const Own = Notification, start = OscillatorNode.prototype.start;
window.Notification = class extends Own { constructor(title, rest) { super(title, rest); told.push(rest.body); } };
OscillatorNode.prototype.start = function (at) { told.push("♪"); start.call(this, at); };
"""
SPOKEN = """() => {
  window.spoken = [];
  const log = document.querySelector("supportbot-widget").shadowRoot.querySelector("[role=log]");
  new MutationObserver((changes) => spoken.push(...changes.map(({ target }) => target.lastChild.textContent)))
    .observe(log, { childList: true, subtree: true, characterData: true });
}"""
NIGHT_SHIFT = """
from datetime import timedelta
from supportbot.chat import organising
from supportbot.chat.models import Conversation, SlaPolicy
from supportbot.workspaces.models import Member, Team
late = Conversation.objects.get(pk="%s")
team, _ = Team.objects.get_or_create(workspace=late.workspace, name="Night shift", assignment="round_robin")
maya = late.workspace.members.get(user__email__startswith="maya")
maya.capacity = 50
maya.save()
team.members.set([maya])
policy = dict(team=team, first_minutes=30, in_business_hours=False)
SlaPolicy.objects.get_or_create(workspace=late.workspace, name="Night", **policy)
late.waiting_since -= timedelta(hours=1)
late.save()
organising.route(conversation_id=late.pk, agent=maya.user, team_id=team.pk)
"""


@pytest.fixture
def shop(browser: Browser, stack: Stack) -> Iterator[Page]:
    """The shop, whose page notes what shifts, sounds and notifies."""
    with visit(browser, "about:blank", permissions=["notifications"], reduced_motion="reduce") as page:
        page.add_init_script(LISTEN)
        page.goto(f"{stack.url}/demo/")
        yield page


def test_a_visit_to_the_shop(shop: Page) -> None:
    expect(shop.get_by_role("button", name="Chat with us")).to_be_visible()
    assert shop.evaluate("shifts") == 0
    open_chat(shop)
    panel = shop.get_by_role("dialog")
    expect(panel.get_by_text(re.compile(r"works today until|is back"))).to_be_visible()
    shop.get_by_role("button", name="Options").click()
    shop.get_by_role("switch", name="Play a sound").check()
    shop.get_by_role("switch", name="notification").check()
    shop.keyboard.press("Escape")
    shop.evaluate(SPOKEN)
    say(shop, "How do I send something back?")
    expect(said(shop, "bot")).to_have_count(1, timeout=PATIENCE)
    wait_until(lambda: shop.evaluate("spoken.length"), what="what is read out")
    assert [words.endswith(said(shop, "bot").inner_text()) for words in shop.evaluate("spoken")] == [True]

    shop.evaluate("told.length = 0")
    say(shop, "where is order 10023?")
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("button", name=re.compile("1 unread|1 new"))).to_be_visible(timeout=PATIENCE)
    assert "♪" in shop.evaluate("told") and any("10023" in words for words in shop.evaluate("told"))
    assert shop.evaluate("unread").count(1) == 1

    shop.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    shop.evaluate("document.documentElement.dir = 'rtl'")
    shop.get_by_role("button", name=re.compile("1 unread|1 new")).click()
    expect(shop.get_by_role("textbox", name="Your message")).to_be_in_viewport(ratio=1)
    expect(shop.get_by_role("button", name="Close chat")).to_be_in_viewport(ratio=1)
    assert shop.evaluate("document.documentElement.scrollWidth") == ZOOMED["width"]
    own, other = (said(shop, author).last.bounding_box() for author in ("customer", "bot"))
    assert own and other and own["x"] < other["x"], "sides are the other way round"
    shop.evaluate(source())
    assert shop.evaluate(RUN, FOREIGN) == []
    shop.emulate_media(forced_colors="active")
    expect(shop.get_by_role("button", name="Send message")).to_have_css("border-top-width", "1px")


def test_a_day_at_the_inbox(browser: Browser, stack: Stack, shop: Page) -> None:
    name = f"Nora {uuid4().hex[:6]}"
    with Customer(stack.url) as late, visit(browser, "about:blank", permissions=["notifications"]) as maya:
        late.accepted(late.write("A person, please. I have waited long enough."))
        late.until(lambda: late.state["handler"] == "queue", what="the hand-off")
        question = ask_for_people(shop, stack, name)
        maya.add_init_script(LISTEN)
        maya.goto(f"{stack.url}/inbox/")
        sign_in(maya, "maya")
        expect(maya.locator("#presence")).to_contain_text("online")
        prefer(maya)
        stack.manage("shell", "-c", NIGHT_SHIFT % late.conversation)
        expect(maya.locator("#notice")).to_contain_text(re.compile("Overdue|is yours now"))
        wait_until(lambda: "♪" in maya.evaluate("told") and len(maya.evaluate("told")) > 2, what="a sound, and words")
        show(maya, "Mine")
        of_late = maya.locator(f'#rows li:has([data-id="{late.conversation}"])')
        expect(of_late.get_by_text(re.compile("^Reply .* late"))).to_be_visible()

        maya.goto(f"{stack.url}/inbox/{conversation_of(stack, question)}/?view=unassigned")
        facts = maya.locator("#facts")
        facts.get_by_label("Team").select_option("Night shift")
        expect(thread(maya).get_by_text(re.compile("^Reply in"))).to_be_visible()
        for words in ("10023", "Plus", "nora@home.example"):
            expect(facts.get_by_text(words).first).to_be_visible()
        maya.keyboard.press("Alt+KeyL")
        answer(maya, facts)
        send_away(maya, late, of_late)
        expect(said(shop, "agent")).to_have_count(1)
        show(maya, "Waiting on customer")
        maya.locator("#rows").get_by_text(name).click()
        thread(maya).get_by_role("button", name="Resolve").click()
        rate(shop)
        expect(facts.get_by_text("4 of 5")).to_be_visible()
        expect(facts.get_by_text("Kind and quick")).to_be_visible()
        show(maya, "Resolved")
        expect(maya.locator("#rows").get_by_text(name)).to_be_visible()
        take_leave(maya)


def ask_for_people(shop: Page, stack: Stack, name: str) -> str:
    """A customer of whom the page tells something asks, and then wants a person; the last of the words."""
    stack.await_articles()
    shop.evaluate("name => supportbot.setUser({ name, email: 'nora@home.example' })", name)
    shop.evaluate("supportbot.setCustomAttributes({ plan: 'Plus' })")
    open_chat(shop)
    say(shop, "How do I send something back?")
    expect(said(shop, "bot")).to_have_count(1, timeout=PATIENCE)
    say(shop, "I want to talk to a person")
    expect(shop.get_by_text("Waiting for a colleague")).to_be_visible(timeout=PATIENCE)
    question = f"It is about order 10023. {name}"
    say(shop, question)
    expect(shop.get_by_text("Delivered").last).to_be_visible()
    return question


def rate(shop: Page) -> None:
    """The customer says how it was."""
    shop.get_by_role("radio", name="Good", exact=True).check()
    shop.get_by_label("Would you like to add something?").fill("Kind and quick")
    shop.get_by_role("button", name="Send rating").click()


def send_away(page: Page, late: Customer, row: Locator) -> None:
    """Mark a conversation as spam and block its contact, whose next message is refused."""
    show(page, "Mine")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Mark as spam").click()
    show(page, "Spam")
    expect(row).to_be_visible()
    page.get_by_role("button", name="Block contact").click()
    expect(page.get_by_role("button", name="Unblock contact")).to_be_visible()
    late.write("And now?")
    late.until(lambda: late.heard("error"), what="the refusal")


def prefer(page: Page) -> None:
    """Dense, with sound and notifications, an e-mail at most hourly; all of it outlives a reload."""
    account = page.get_by_role("button", name=re.compile("^Your account"))
    account.click()
    height = page.locator("#rows").evaluate("rows => getComputedStyle(rows).getPropertyValue('--row')")
    page.get_by_label("Density of the inbox").select_option("Dense")
    page.get_by_label("E-mail while you are away").select_option("At most hourly")
    page.get_by_label("Play a sound").check()
    page.get_by_label("Notification of the browser").check()
    page.reload()
    expect(page.locator("#digest")).to_have_value("hourly")
    dense = page.locator("#rows").evaluate("rows => getComputedStyle(rows).getPropertyValue('--row')")
    assert float(dense.removesuffix("rem")) < float(height.removesuffix("rem"))
    account.click()
    expect(page.get_by_label("Notification of the browser")).to_be_checked()
    page.keyboard.press("Escape")


def take_leave(page: Page) -> None:
    """Out of office until a day, and back."""
    availability = page.get_by_role("button", name=re.compile("^Your availability"))
    availability.click()
    page.get_by_label("Out of office, back on").fill((date.today() + timedelta(days=20)).isoformat())
    page.get_by_role("button", name="Set", exact=True).click()
    expect(availability).to_have_text(re.compile("Back on"))
    availability.click()
    page.get_by_role("button", name="Available", exact=True).click()
    expect(availability).to_have_text("Available")


def answer(page: Page, facts: Locator) -> None:
    """Judge the suggested reply, put it into the answer, and send it changed."""
    helpful = facts.get_by_role("button", name="Yes", exact=True)
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    facts.get_by_role("button", name=re.compile("Insert|Use")).click()
    reply = page.get_by_label("Your reply")
    expect(reply).not_to_have_value("")
    reply.press("End")
    reply.press_sequentially(" Maya")
    reply.press("Enter")
