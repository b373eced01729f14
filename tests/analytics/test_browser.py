"""An administrator reads a year of conversations in a browser: every page of analytics and of expert routing."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inference.encoder import shared_encoder
from supportbot.analytics import gaps
from supportbot.analytics.routing import topics
from supportbot.chat.models import Generation
from tests.analytics.conftest import opened
from tests.analytics.routing.test_topics import ASSEMBLY, stray
from tests.analytics.test_gaps import ask
from tests.chromium import chromium

PASSWORD = "a long password"
KEPT = 4096  # bytes of a reply's routing, on average
READ = 30  # replies; each takes a tenth of a second


@pytest.fixture
def year(transactional_db: None, live_server: LiveServer) -> str:
    """A shop with its history, of which the real model has read the end; the address of its overview."""
    shop = opened("Fennmoor")
    shop.admin.set_password(PASSWORD)
    shop.admin.save()
    shop.conversation.delete()  # of a checkpoint that is not there
    for body in ASSEMBLY:
        stray(shop, body)
        ask(shop, body)
    topics.find(shop.workspace, shared_encoder().embed)
    call_command("history", "fennmoor", conversations=300, read=READ, verbosity=0)
    gaps.find(shop.workspace, shared_encoder().embed)
    return f"{live_server.url}/admin/analytics/?period=365"


def test_an_administrator_reads_the_figures_of_a_year(year: str) -> None:
    with chromium() as browser:
        page, errors = browser.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(year)
        page.get_by_label("E-mail").fill("admin@fennmoor.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        root = year.partition("analytics/")[0]
        _set_up(page, root)
        page.goto(year)
        _walk(page)
        _go_round(page, year)
        _look_for_gaps(page, year)
        _look_behind(page, root)
        _judge_experts(page, root)
        page.goto(f"{root}routing/topics/")
        _decide(page)
        _fits_a_phone(page, year)
        _fits_on_paper(page, year)
    assert errors == []
    kept = Generation.objects.exclude(reading=b"").values_list("reading", "routing")
    sizes = [len(reading) + len(routing) for reading, routing in kept]
    assert len(sizes) >= READ and sum(sizes) / len(sizes) <= KEPT


def _set_up(page: Page, root: str) -> None:
    """What an agent's minute costs, a report and an alert by e-mail."""
    page.goto(f"{root}analytics/preferences/")
    page.get_by_role("link", name="Fennmoor").last.click()
    page.get_by_label("Cost of an agent’s minute").fill("0.60")
    page.get_by_role("button", name="Save", exact=True).click()
    for kind, fields in (("report", {"Hour": "7"}), ("alert", {"Threshold": "12", "Days": "7"})):
        page.goto(f"{root}analytics/{kind}/add/")
        for name, value in fields.items():
            page.get_by_label(name).fill(value)
        page.locator("#id_workspace").select_option(label="Fennmoor")
        page.get_by_role("button", name="Choose all recipients").click()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("was added successfully")).to_be_visible()


def _walk(page: Page) -> None:
    heading = page.get_by_role("heading", name="Conversations by month and outcome")
    expect(heading).to_be_visible()
    about = page.get_by_role("button", name="What is “CSAT”?").first
    about.focus()
    expect(page.get_by_text("the share of 4 and 5").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("the share of 4 and 5").first).to_be_hidden()

    expect(page.get_by_role("listitem").filter(has_text="Cost per conversation").first).to_contain_text("£")
    page.get_by_role("img", name="Conversations by month and outcome").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#chart-spoken")).to_contain_text("Resolved by the bot")
    page.get_by_text("The numbers as a table").click()
    expect(page.get_by_role("row", name=f"{timezone.now():%B %Y}")).to_be_visible()
    page.get_by_text("All figures by hour of the day").click()
    expect(page.get_by_role("row", name="11:00")).to_be_visible()

    page.get_by_role("combobox", name="Category").select_option("delivery")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"period=365.*category=delivery"))
    card = page.get_by_role("listitem").filter(has_text="Handed over").first
    count = card.locator(".faint").first.inner_text().split(" of ")[0]
    card.get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"{count} conversation")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == int(count) + 1
    page.get_by_role("table").get_by_role("link", name=re.compile(" ")).last.click()  # of the history
    expect(page.get_by_text("I pass this on to my colleagues.").first).to_be_visible()


def _go_round(page: Page, overview: str) -> None:
    """The other pages: how good the answers are, who did how much by which channel, a question in words."""
    quality, people, listed = (
        overview.replace("analytics/", f"analytics/{name}/") for name in ("quality", "people", "conversations")
    )
    page.goto(quality)
    expect(page.get_by_role("listitem").filter(has_text="Answers that helped").first).to_contain_text("that customers")
    expect(page.get_by_role("region", name="By category").get_by_role("row", name="Delivery")).to_be_visible()
    page.goto(people)
    page.get_by_role("combobox", name="Channel").select_option("API")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"channel=api"))
    cell = page.get_by_role("row", name="Fennmoor Agent").get_by_role("cell").nth(1)
    count = cell.inner_text()
    cell.get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"{count} conversation")).to_be_visible()
    page.goto(listed)
    with page.expect_download() as download:
        page.get_by_role("link", name="Parquet").click()
    total = page.get_by_role("heading", level=2, name=re.compile("conversations")).inner_text().split()[0]
    with duckdb.connect() as engine:
        assert len(engine.read_parquet(str(download.value.path()))) == int(total)
    page.goto(overview.replace("analytics/", "analytics/ask/"))
    page.get_by_label("Your question").fill("CSAT of Spanish chats by category this year")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("combobox", name="Language")).to_have_value("es")
    expect(page.get_by_text("CSAT (language Spanish)")).to_be_visible()
    page.get_by_role("link", name="Why did refunds rise last week?").click()
    expect(page.get_by_role("combobox", name="Figure")).to_have_value("conversations")
    page.get_by_role("combobox", name="Figure").select_option("First response")
    page.get_by_role("combobox", name="Split by").select_option("Hour")
    page.get_by_role("combobox", name="Period").select_option("Last 12 months")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("img", name="First response, minutes")).to_be_visible()
    page.get_by_role("link", name="The conversations behind it").click()
    expect(page.get_by_role("heading", name=re.compile("conversations$"), level=2)).to_be_visible()
    page.goto(overview.partition("analytics/")[0])
    expect(page.get_by_role("heading", name="Today", exact=True).first).to_be_visible()


def _look_for_gaps(page: Page, overview: str) -> None:
    """What is asked and not answered, by volume and by cost, until an article is being drafted."""
    page.goto(overview.replace("analytics/", "analytics/quality/"))
    page.get_by_role("link", name="Most costly").click()
    gap = page.locator(".gaps > li").filter(has_text=ASSEMBLY[0])
    expect(gap).to_contain_text("questions")
    gap.get_by_role("button", name="Draft an article").click()
    expect(page.get_by_text("The draft is being written")).to_be_visible()


def _look_behind(page: Page, root: str) -> None:
    """The routing of one conversation word by word, and of all of them."""
    page.goto(f"{root}routing/")
    expect(page.get_by_text("What am I looking at?")).to_be_visible()
    read = page.get_by_role("row").filter(has=page.locator(".mark"), has_text="Answered")
    read.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What it is about, says triage").first).to_be_visible()
    expect(page.get_by_text("How sure the router was").first).to_be_visible()
    token = page.get_by_role("group", name=re.compile("token by token")).filter(visible=True).first
    token.get_by_role("button").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Layer 5")
    expect(page.get_by_role("heading", name="Similar, resolved")).to_be_visible()
    page.goto(f"{root}routing/overall/?days=365")
    cells = page.get_by_role("region", name="Expert by category").get_by_role("cell")
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tooltip")).to_contain_text("of the router’s weight; leads")
    for name in ("Over time", "Load", "Who works with whom"):
        expect(page.get_by_role("region", name=name).get_by_role("row")).not_to_have_count(0)
    expect(page.get_by_role("heading", name="Drift")).to_be_visible()
    page.get_by_role("navigation", name="Routing of").get_by_role("link", name="Replies").click()
    expect(page.get_by_role("region", name="Expert by category").get_by_role("cell").first).to_be_visible()


def _judge_experts(page: Page, root: str) -> None:
    """A name for one, its replies, and the switch with its price in sight."""
    page.goto(f"{root}routing/experts/")
    expect(page.get_by_role("heading", name="What the experts are worth")).to_be_visible()
    page.get_by_role("region", name=re.compile("The experts of")).get_by_role("link").nth(3).click()
    page.get_by_label("Name", exact=True).fill("Late parcels")
    page.get_by_label("Looked after by").select_option("Fennmoor Agent")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Late parcels").first).to_be_visible()
    expect(page.get_by_text("What the evaluation loses:")).to_be_visible()
    page.get_by_role("button", name="Switch off in Fennmoor").click()
    expect(page.get_by_text("from the next reply on it writes nothing here")).to_be_visible()
    page.get_by_role("button", name="Switch it on again").click()
    expect(page.get_by_text("works again")).to_be_visible()


def _fits_a_phone(page: Page, overview: str) -> None:
    """Every page of analytics and routing: its tables scroll by themselves, the page does not."""
    root, _, query = overview.partition("analytics/")
    own = [f"analytics/{name}{query}" for name in ("", "quality/", "people/", "conversations/")]
    own.append(f"analytics/ask/{query}&measure=csat&by=category")
    own += ["evaluation/"]
    own += [f"routing/{name}" for name in ("", "overall/", "topics/", "experts/", "experts/3/")]
    page.set_viewport_size({"width": 390, "height": 844})
    for path in own:
        page.goto(f"{root}{path}")
        expect(page.locator(".panel").first).to_be_visible()
        assert page.evaluate("document.scrollingElement.scrollWidth") == 390, path
    page.goto(f"{root}routing/")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"routing/[\da-f-]{36}/"))
    assert page.evaluate("document.scrollingElement.scrollWidth") == 390


def _fits_on_paper(page: Page, overview: str) -> None:
    """As wide as A4, and light."""
    page.set_viewport_size({"width": 794, "height": 1123})
    for address in (overview, f"{overview.partition('analytics/')[0]}routing/overall/?days=365"):
        page.emulate_media(media="screen", color_scheme="dark")
        page.goto(address)
        expect(page.locator("html.dark")).to_have_count(1)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".panel").last).to_have_css("background-color", "rgb(255, 255, 255)")
        assert page.evaluate("document.scrollingElement.scrollWidth") == 794


def _decide(page: Page) -> None:
    """With the keyboard: a name that is refused loses nothing, another one makes the category."""
    one = page.get_by_role("checkbox", name=ASSEMBLY[0])
    one.focus()
    page.keyboard.press("Space")
    page.get_by_label("Name", exact=True).fill("Order")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is a category order already")).to_be_visible()
    expect(one).not_to_be_checked()
    page.get_by_label("Name", exact=True).fill("Assembly")
    page.get_by_role("button", name="Make it a category").press("Enter")
    expect(page.get_by_text("assembly is a category now")).to_be_visible()
    page.get_by_role("link", name="assembly", exact=True).click()
    expect(page.get_by_text(ASSEMBLY[2]).or_(page.locator(f"input[value='{ASSEMBLY[2]}']")).first).to_be_visible()
