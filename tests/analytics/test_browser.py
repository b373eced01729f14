"""An administrator reads a quarter of conversations in a browser: figures, chart, definitions, what is behind."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inference.encoder import shared_encoder
from supportbot.analytics.routing import topics
from tests.analytics.conftest import opened
from tests.analytics.routing.test_topics import ASSEMBLY, stray
from tests.chromium import chromium

PASSWORD = "a long password"


@pytest.fixture
def quarter(transactional_db: None, live_server: LiveServer) -> str:
    """A shop with its history, and the address of its overview."""
    shop = opened("Fennmoor")
    shop.admin.set_password(PASSWORD)
    shop.admin.save()
    for body in ASSEMBLY:
        stray(shop, body)
    topics.find(shop.workspace, shared_encoder().embed)
    call_command("history", "fennmoor", conversations=150, days=60, until="2025-05-31", verbosity=0)
    return f"{live_server.url}/admin/analytics/?period=custom&from=2025-04-02&to=2025-05-31"


def test_an_administrator_reads_the_figures(quarter: str, tmp_path: Path) -> None:
    with chromium() as browser:
        page, errors = browser.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(quarter)
        page.get_by_label("E-mail").fill("admin@fennmoor.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        _walk(page)
        _go_round(page, quarter)
        page.goto(quarter.partition("analytics/")[0] + "routing/topics/")
        _decide(page)
        _fits_a_phone(page, quarter)
    assert errors == []


def _walk(page: Page) -> None:
    heading = page.get_by_role("heading", name="Conversations by week and outcome")
    expect(heading).to_be_visible()
    about = page.get_by_role("button", name="What is “CSAT”?").first
    about.focus()
    expect(page.get_by_text("the share of 4 and 5").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("the share of 4 and 5").first).to_be_hidden()

    page.get_by_role("img", name="Conversations by week and outcome").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#chart-spoken")).to_contain_text("Resolved by the bot")
    page.get_by_text("The numbers as a table").click()
    expect(page.get_by_role("row", name="week of 7 Apr")).to_be_visible()

    page.get_by_role("combobox", name="Category").select_option("delivery")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"from=2025-04-02.*category=delivery"))
    card = page.get_by_role("listitem").filter(has_text="Handed over").first
    count = card.locator(".faint").first.inner_text().split(" of ")[0]
    card.get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"{count} conversation")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == int(count) + 1
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_text("I pass this on to my colleagues.").first).to_be_visible()


def _go_round(page: Page, overview: str) -> None:
    """The other pages: how good the answers are, who did how much by which channel, a question in words."""
    quality, people, listed = (
        overview.replace("analytics/", f"analytics/{name}/") for name in ("quality", "people", "conversations")
    )
    page.goto(quality)
    expect(page.get_by_role("listitem").filter(has_text="Answers that helped").first).to_contain_text("that customers")
    expect(page.get_by_role("row", name="Delivery")).to_be_visible()
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
    page.get_by_label("Your question").fill("resolution by channel in May 2025")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("row", name="Chat on the site")).to_be_visible()


def _fits_a_phone(page: Page, overview: str) -> None:
    """Every page of analytics and routing: its tables scroll by themselves, the page does not."""
    root, _, query = overview.partition("analytics/")
    own = [f"analytics/{name}{query}" for name in ("", "quality/", "people/", "conversations/")]
    own.append(f"analytics/ask/{query}&measure=csat&by=category")
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
