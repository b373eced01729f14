"""An administrator writes a rule, tries it on what was, switches it on, and it does its work on the next message."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import open_chat, say, sign_in, visit
from tests.servers import wait_until
from tests.stack import EmbeddedStack

NAME = "Lawyers to people"
RULES = "/admin/rules/?workspace=fennmoor"  # other tests make more workspaces
LOG = "SELECT state FROM chat_rulerun WHERE rule_name = %s AND state <> 'waiting'"


def test_a_rule_from_its_form_to_its_log(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, f"{embedded_stack.url}{RULES}", viewport={"width": 390, "height": 844}) as page:
        sign_in(page, "admin")
        page.get_by_role("link", name="New rule").click()
        _write(page)
        page.get_by_role("button", name="Save and try on the last 30 days").click()
        expect(page.get_by_role("heading", name="it would have touched 0 conversations")).to_be_visible()
        page.get_by_role("button", name="Switch on").click()
        item = page.get_by_role("listitem").filter(has_text=NAME)
        expect(item.get_by_text("on", exact=True)).to_be_visible()
        with visit(browser, f"{embedded_stack.url}/demo/") as customer:
            open_chat(customer)
            say(customer, "My solicitor writes to you")
            wait_until(lambda: embedded_stack.rows(LOG, NAME), seconds=90, what="the run of the rule")
        item.get_by_role("link", name="Log").click()
        expect(page.get_by_role("cell", name="Hand over to people")).to_be_visible()
        expect(page.get_by_role("cell", name="state done")).to_be_visible()
        page.goto(f"{embedded_stack.url}{RULES}")
        item.get_by_text("Delete…").click()
        item.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("Its runs stay in the log.")).to_be_visible()


def _write(page: Page) -> None:
    """By keyboard, and with a mistake first, which loses nothing."""
    expect(page.get_by_label("How long")).to_be_hidden()  # the page's script is there
    page.get_by_role("button", name="Add a condition").press("Enter")
    page.keyboard.type("Message")
    page.get_by_role("textbox", name="Message").fill("lawyer, solicitor")
    page.get_by_role("button", name="Add an action").press("Enter")
    page.keyboard.type("Hand over")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Give it a name")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("lawyer, solicitor")
    page.get_by_role("textbox", name="Name").fill(NAME)
