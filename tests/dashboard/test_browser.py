"""The inbox in real browsers: order that a colleague sees at once, long lists, many changed at once, search."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.customer import Customer
from tests.e2e.pages import conversation_of, open_chat, say, show, sign_in, visit
from tests.servers import wait_until
from tests.stack import PASSWORD, ROOT, EmbeddedStack

MANY = 230
PHONE = {"width": 390, "height": 844}
FILL = f"""
import django; django.setup()
from benchmarks.inbox import fill
from supportbot.workspaces.models import Workspace
workspace = Workspace.objects.get(slug="fennmoor")
people = [member.user for member in workspace.members.select_related("user")]
fill(workspace, people, {MANY}, {2 * MANY})
"""
MATTERS = ("returns", "delivery", "delivery")
ROTA = f"""
from datetime import timedelta
from django.utils import timezone
from supportbot.chat import organising
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import Member, Team, User, Workspace
workspace = Workspace.objects.get(slug="fennmoor")
team = Team.objects.create(workspace=workspace, name="Rota", assignment="least_load")
for name, capacity, skills in (("ines", 1, []), ("ruth", 1, ["delivery"])):
    user = User.objects.create_user(f"{{name}}@fennmoor.example", "{PASSWORD}", name=name.title())
    team.members.add(Member.objects.create(workspace=workspace, user=user, capacity=capacity, skills=skills))
for place, (pk, matter) in enumerate(zip(%r, {MATTERS})):
    waits = dict(category=matter, waiting_since=timezone.now() - timedelta(minutes=9 - place))
    Conversation.objects.filter(pk=pk).update(**waits)
    organising.route(conversation_id=pk, agent=user, team_id=team.pk)
"""
POST_NOTE = """([conversation, body, person]) => new Promise((done) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws/v1/inbox/`);
    const frame = { v: 1, type: "note.post", client_id: crypto.randomUUID(), conversation, body, mentions: [person] };
    socket.onmessage = ({ data }) => {
        const { type } = JSON.parse(data);
        if (type === "presence") socket.send(JSON.stringify(frame));
        if (type === "done") done();
    };
})"""


@pytest.fixture(scope="module")
def stack(embedded_stack: EmbeddedStack) -> EmbeddedStack:
    """The product with many conversations."""
    environment = {**embedded_stack.environment, "DJANGO_SETTINGS_MODULE": "supportbot.settings"}
    subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=environment, check=True)
    return embedded_stack


@pytest.fixture
def maya(browser: Browser, stack: EmbeddedStack) -> Iterator[Page]:
    """Maya at the inbox."""
    with visit(browser, f"{stack.url}/inbox/?view=all") as page:
        sign_in(page, "maya")
        expect(rows(page).first).to_be_visible()
        yield page


@pytest.fixture
def tom(browser: Browser, stack: EmbeddedStack) -> Iterator[Page]:
    """Tom at the inbox."""
    with visit(browser, f"{stack.url}/inbox/?view=all") as page:
        sign_in(page, "tom")
        expect(rows(page).first).to_be_visible()
        yield page


def rows(page: Page) -> Locator:
    """The rows of the list that are elements."""
    return page.get_by_role("list", name="Conversations").get_by_role("listitem")


def test_what_one_agent_sets_a_colleague_sees_at_once(stack: EmbeddedStack, maya: Page, tom: Page) -> None:
    with Customer(stack.url) as customer:
        customer.accepted(customer.write("Please, a word with a colleague about my sorting hat"))
        conversation = conversation_of(stack, "Please, a word with a colleague about my sorting hat")
        seen = tom.locator(f'#rows li:has([data-id="{conversation}"])')
        maya.goto(f"{stack.url}/inbox/{conversation}/?view=all")
        properties = maya.get_by_role("region", name="Properties")
        properties.get_by_label("Priority").select_option("Urgent")
        expect(seen).to_contain_text("Urgent")
        properties.get_by_role("button", name="Edit labels").click()
        dialog = maya.get_by_role("dialog", name="Labels")
        dialog.get_by_label("New label").fill("Hats")
        dialog.get_by_role("button", name="Add").click()
        expect(dialog.get_by_role("checkbox", name="Hats")).to_be_checked()
        dialog.get_by_role("button", name="Done").click()
        expect(seen).to_contain_text("Hats")
        properties.get_by_label("Assignee").select_option("Tom Okafor")
        expect(seen).to_contain_text("You")
        talk = maya.get_by_role("region", name="Messages")
        expect(talk.get_by_text("Maya assigned it to Tom")).to_be_visible()
        tom.goto(f"{stack.url}/inbox/{conversation}/?view=all")
        tom.get_by_role("button", name="Snooze", exact=True).click()
        tom.get_by_role("button", name=re.compile("Tomorrow morning")).click()
        show(tom, "Snoozed")
        expect(seen.get_by_text(re.compile("^Until"))).to_be_visible()
        expect(maya.get_by_text(re.compile("^Snoozed · until"))).to_be_visible()
        customer.accepted(customer.write("Are you there?"))
        expect(talk.get_by_text("Snoozed no longer: the customer wrote")).to_be_visible()
        expect(talk.get_by_text("Are you there?")).to_be_visible()
        assert not [said for said in customer.shown() if "urgent" in said[2]]


def test_a_note_is_drawn_apart_and_calls_the_colleague_whom_it_mentions(
    stack: EmbeddedStack, maya: Page, tom: Page
) -> None:
    with Customer(stack.url) as customer:
        question = "where is order 10023? It should come to my lighthouse"
        customer.accepted(customer.write(question))
        conversation = conversation_of(stack, question)
        note, person = "@Maya can we do that?", int(maya.locator("#desk").get_attribute("data-user") or 0)
        tom.goto(f"{stack.url}/inbox/{conversation}/?view=all")
        tom.get_by_role("button", name="Follow", exact=True).click()
        expect(tom.locator("#participants")).to_have_text("You")
        show(tom, "With the bot")
        expect(tom.locator(f'#rows [data-id="{conversation}"]').first).to_be_visible()
        tom.goto(f"{stack.url}/inbox/?view=all")
        tom.evaluate(POST_NOTE, [conversation, note, person])
        maya.get_by_text("Tom mentions you with").wait_for()
        maya.get_by_role("button", name="Open", exact=True).click()
        drawn = maya.get_by_role("region", name="Messages").locator(".said.note")
        expect(drawn).to_contain_text(note)
        expect(drawn).to_contain_text("Tom · private note")
        expect(maya.get_by_role("button", name=re.compile("^Mentions"))).to_contain_text("0")
        show(maya, "Mentions")
        expect(maya.locator(f'#rows [data-id="{conversation}"]').first).to_be_visible()
        assert all(note not in str(frame) for frame in customer.frames)
        expect(maya.locator("#participants")).to_have_text("Tom, You")
        customer.accepted(customer.write("It is a small one"))
        expect(tom.get_by_text(re.compile("wrote: It is a small one"))).to_be_visible()


def test_a_long_list_is_few_elements_and_reaches_its_end(stack: EmbeddedStack, maya: Page) -> None:
    total = stack.rows("SELECT count(*) AS n FROM chat_conversation WHERE status = 'resolved' AND NOT is_spam")[0]["n"]
    maya.get_by_role("button", name=re.compile("^Resolved")).click()
    expect(rows(maya).first).to_have_attribute("aria-posinset", "1")
    last = maya.locator(f'#rows li[aria-posinset="{total}"]')
    for _ in range(total):
        maya.locator("#scroller").evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
        if last.count():
            break
        maya.wait_for_load_state("networkidle")
    expect(last).to_be_visible()
    assert rows(maya).count() < 60
    name = last.locator(".row-name").inner_text()
    last.get_by_role("link").focus()
    maya.keyboard.press("ArrowUp")
    maya.keyboard.press("ArrowDown")
    expect(last.get_by_role("link")).to_be_focused()
    maya.keyboard.press("Enter")
    expect(maya.get_by_role("region", name="Conversation", exact=True).get_by_role("heading")).to_have_text(name)


def test_new_conversations_do_not_push_away_what_is_read(stack: EmbeddedStack, maya: Page) -> None:
    maya.get_by_role("button", name=re.compile("^All")).click()
    expect(rows(maya).nth(5)).to_be_visible()
    maya.locator("#scroller").evaluate("(list) => { list.scrollTop = 900; }")
    expect(maya.locator('#rows li[aria-posinset="11"]')).to_be_visible()
    read = maya.locator('#rows li[aria-posinset="11"] a').get_attribute("data-id")
    line = maya.locator(f'#rows li:has([data-id="{read}"])')
    before = line.bounding_box()
    with Customer(stack.url) as customer:
        customer.accepted(customer.write("Hello, I am new here"))
        expect(line).to_have_attribute("aria-posinset", "12")
    after = line.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2


def test_all_of_a_filtered_view_are_changed_and_the_filter_is_kept(stack: EmbeddedStack, maya: Page, tom: Page) -> None:
    maya.get_by_role("button", name="Filter", exact=True).click()
    dialog = maya.get_by_role("dialog", name="Filter")
    dialog.get_by_label("Priority").select_option("High")
    dialog.get_by_label("Category").select_option("Returns")
    dialog.get_by_role("button", name="Show").click()
    expect(maya).to_have_url(re.compile("priority=high&category=returns"))
    expect(maya.get_by_text(re.compile(r"^\d+ found$"))).to_be_visible()
    maya.get_by_role("button", name="Save…").click()
    maya.get_by_role("dialog", name="Save this filter").get_by_label("Name").fill("Hot returns")
    maya.get_by_label("For everybody in this workspace").check()
    maya.get_by_role("button", name="Save", exact=True).click()
    expect(tom.get_by_role("button", name="Hot returns", exact=True)).to_be_visible()
    count = int(maya.get_by_text(re.compile(r"^\d+ found$")).inner_text().split()[0])
    first = rows(maya).first
    first.hover()
    first.get_by_role("checkbox").check()
    bar = maya.get_by_role("group", name="With all that are chosen")
    bar.get_by_role("button", name=f"Choose all {count}").click()
    expect(bar.get_by_text(f"{count} chosen", exact=True)).to_be_visible()
    bar.get_by_label("Set the priority").select_option("Low")
    expect(bar.get_by_text(f"{count} done", exact=True)).to_be_visible()
    expect(maya.get_by_text("Nothing fits these filters")).to_be_visible()


def test_what_waits_goes_to_who_has_room_for_it_and_does_such_things(browser: Browser, stack: EmbeddedStack) -> None:
    with ExitStack() as customers:
        waiting = [customers.enter_context(Customer(stack.url)) for _ in MATTERS]
        for customer in waiting:
            customer.accepted(customer.write("I want to talk to a person"))
        for customer in waiting:
            customer.until(lambda customer=customer: customer.state["handler"] == "queue", what="the hand-off")
        ids = [customer.conversation for customer in waiting]
        stack.manage("shell", "-c", ROTA % ids)
        with visit(browser, f"{stack.url}/inbox/?view=mine") as ines, visit(browser, ines.url) as ruth:
            for page, name in ((ines, "ines"), (ruth, "ruth")):
                sign_in(page, name)
            expect(rows(ines)).to_have_text([re.compile("Returns")])
            expect(rows(ruth)).to_have_text([re.compile("Delivery")])
            show(ruth, "Unassigned")
            expect(ruth.locator(f'#rows [data-id="{ids[-1]}"]').first).to_be_visible()


def test_search_leads_to_the_message(stack: EmbeddedStack, maya: Page) -> None:
    with Customer(stack.url) as customer:
        customer.accepted(customer.write("Does the Zwickmühle fit my kitchen?"))
    maya.get_by_role("searchbox").fill("zwickmuhle kitch")
    results = maya.locator("#results")
    expect(results.locator("mark").first).to_have_text("Zwickmühle")
    results.get_by_role("link").first.click()
    talk = maya.get_by_role("region", name="Messages")
    expect(talk.get_by_text("Does the Zwickmühle fit my kitchen?")).to_be_visible()
    maya.reload()
    expect(results.get_by_role("link").first).to_be_visible()
    maya.get_by_role("searchbox").press("Escape")
    expect(rows(maya).first).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, stack: EmbeddedStack) -> None:
    with visit(browser, f"{stack.url}/inbox/?view=all", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        sign_in(page, "maya")
        expect(rows(page).first).to_be_visible()
        page.get_by_role("button", name="Choose several").click()
        rows(page).first.get_by_role("checkbox").check()
        expect(page.get_by_text("1 chosen")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        page.get_by_role("button", name="Close", exact=True).click()
        rows(page).first.get_by_role("link").click()
        page.get_by_role("button", name="Details").click()
        expect(page.get_by_role("region", name="Properties")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_two_conversations_of_one_person_are_merged_under_everybodys_eyes(
    browser: Browser, stack: EmbeddedStack, maya: Page, tom: Page
) -> None:
    with visit(browser, f"{stack.url}/demo/") as widget, Customer(stack.url) as elsewhere:
        elsewhere.accepted(elsewhere.write("A person, please: my sundial ticks"))
        open_chat(widget)
        again = "A person, please: it is me again, of the sundial"
        say(widget, again)
        saved = "SELECT id FROM chat_message WHERE body = %s"
        wait_until(lambda: bool(stack.rows(saved, again)), seconds=30, what="the message")
        other = conversation_of(stack, "A person, please: my sundial ticks")
        here = conversation_of(stack, again)
        tom.goto(f"{stack.url}/inbox/{other}/?view=all")
        maya.goto(f"{stack.url}/inbox/{here}/?view=all")
        maya.get_by_role("button", name="Merge…").click()
        dialog = maya.get_by_role("dialog", name="Merge with another conversation")
        dialog.get_by_role("searchbox").fill("sundial ticks")
        dialog.get_by_role("button", name="Search").click()
        dialog.get_by_role("radio").check()
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog.get_by_text("see all that was said in the other")).to_be_visible()
        dialog.get_by_role("button", name="Merge for good").click()
        for page in (maya, tom):
            talk = page.get_by_role("region", name="Messages")
            expect(talk.locator(".said.customer")).to_have_text([re.compile("ticks"), re.compile("me again")])
            expect(page).not_to_have_url(re.compile(f"{here}|{other}"))
        expect(widget.get_by_text("my sundial ticks")).to_be_visible()
        say(widget, "Now it has stopped")
        expect(tom.get_by_role("region", name="Messages").get_by_text("Now it has stopped")).to_be_visible()
        tom.goto(f"{stack.url}/inbox/{other}/?view=all")
        expect(tom.get_by_role("region", name="Messages").get_by_text("Now it has stopped")).to_be_visible()


def test_a_task_goes_over_the_board_and_the_customer_is_told(stack: EmbeddedStack, maya: Page, tom: Page) -> None:
    with Customer(stack.url) as customer:
        customer.accepted(customer.write("Please, a word with a colleague about my missing parasol"))
        conversation = conversation_of(stack, "Please, a word with a colleague about my missing parasol")
        tom.goto(f"{stack.url}/inbox/tasks/?whose=all&shape=board")
        expect(tom.get_by_role("region", name=re.compile("^Dropped"))).to_be_visible()
        maya.goto(f"{stack.url}/inbox/{conversation}/?view=all")
        line = maya.get_by_label("New task")
        line.fill("Look for the parasol")
        line.press("Enter")
        done, card = tom.get_by_role("region", name=re.compile("^Done")), tom.locator(".card", has_text="parasol")
        expect(card).to_be_visible()
        expect(line).to_have_value("")
        maya.get_by_role("button", name="Look for the parasol", exact=True).click()
        dialog = maya.locator("#piece-dialog")
        dialog.get_by_label("Tell the customer once it is done").check()
        dialog.get_by_label("More lines of the checklist").fill("Shelf 12\nShelf 13")
        dialog.get_by_role("button", name="Save").click()
        expect(card).to_contain_text("0 of 2 lines")
        card.get_by_label("Status of Look for the parasol").select_option("In progress")
        expect(tom.get_by_role("region", name=re.compile("^In progress"))).to_contain_text("parasol")
        card.drag_to(done)
        tom.locator("#piece-dialog").get_by_role("button", name="Later").click()
        expect(done).to_contain_text("parasol")
        maya.get_by_role("button", name="Tell the customer…").click()
        dialog.get_by_label("Your message").fill("Your parasol was found on shelf 12.")
        dialog.get_by_role("button", name="Send to the customer").click()
        expect(maya.get_by_role("region", name="Messages").get_by_text("found on shelf 12")).to_be_visible()
        expect(maya.get_by_role("button", name="Tell the customer…")).to_be_hidden()
        assert any("found on shelf 12" in said[2] for said in customer.shown())
