"""Another version of the model is tried and taken back while a customer chats: web and worker are processes apart."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from safetensors.torch import load_file, save_file

from inference.checkpoint import version
from inference.weights import MARK, WEIGHTS
from tests.e2e.pages import PATIENCE, open_chat, said, say, sign_in, visit
from tests.servers import wait_until
from tests.stack import ROOT, ServicesStack, Stack

SHIPPED = ROOT / "models" / "fennmoor"


@pytest.fixture
def second(services_stack: ServicesStack, tmp_path: Path) -> str:
    """A version that differs from the shipped one by one weight; its name."""
    path = Path(shutil.copytree(SHIPPED, tmp_path / "second"))
    weights = load_file(path / WEIGHTS)
    next(iter(weights.values())).view(-1)[0] += 1
    save_file(weights, path / WEIGHTS, metadata=MARK)
    folder = services_stack.folder / "var" / "models"
    folder.mkdir(exist_ok=True)
    path.rename(folder / "second")
    return version(folder / "second")


def loaded(stack: Stack, count: int) -> None:
    """Wait until so many decisions were taken, and a worker has loaded what the last one names."""
    query = "SELECT ready_at FROM chat_serving ORDER BY id"
    wait_until(
        lambda: [row["ready_at"] is not None for row in stack.rows(query)][count - 1 :] == [True],
        seconds=60,
        what="the version at the worker",
    )


def wrote(stack: Stack, question: str) -> str:
    """Which version answered a question."""
    rows = stack.rows(
        "SELECT g.model_version FROM chat_generation g JOIN chat_message m ON m.id = g.in_reply_to_id "
        "WHERE m.body = %s",
        question,
    )
    return str(rows[0]["model_version"])


def test_canary_promotion_comparison_and_roll_back(
    browser: Browser, services_stack: ServicesStack, second: str
) -> None:
    stack = services_stack
    shipped, begun = version(SHIPPED), len(stack.rows("SELECT id FROM chat_serving"))
    with visit(browser, f"{stack.url}/admin/models/") as page, visit(browser, f"{stack.url}/demo/") as customer:
        sign_in(page, "admin")
        page.goto(f"{stack.url}/admin/models/")
        page.get_by_label("Share of new conversations").fill("100")
        page.get_by_role("button", name="Set the canary").click()
        expect(page.get_by_text(f"100 % go to version {second}")).to_be_visible()
        loaded(stack, begun + 1)
        open_chat(customer)
        assert asked(customer, stack, "can I pay with paypal, in a canary?", 1) == second

        page.reload()
        page.get_by_role("button", name="Promote the candidate").click()
        expect(page.get_by_text(f"Version {second} answers from now on")).to_be_visible()
        page.get_by_role("button", name=f"Roll back to {shipped}").click()
        expect(page.get_by_text(f"Version {shipped} answers from now on")).to_be_visible()
        loaded(stack, begun + 3)
        assert asked(customer, stack, "how do I return a rug that was rolled back?", 2) == shipped
        page.reload()
        row = page.get_by_role("region", name="With customers").get_by_role("row").filter(has_text=shipped)
        expect(row).to_have_count(1)

        page.goto(f"{stack.url}/admin/models/?workspace=fennmoor")
        _compare(page)
        page.goto(f"{stack.url}/admin/models/")
        page.get_by_label("Category", exact=True).fill("gift_cards")
        page.get_by_role("button", name="Teach it").click()
        expect(page.get_by_text("At least 50 are needed")).to_be_visible()
    told = stack.rows("SELECT action FROM workspaces_auditentry WHERE action LIKE %s ORDER BY id", "model.%")
    steps = [row["action"] for row in told]
    assert steps == ["model.canary", "model.promoted", "model.rolled_back", "model.compared"]


def asked(customer: Page, stack: Stack, question: str, count: int) -> str:
    """The version that answered, once the answer is there."""
    say(customer, question)
    expect(said(customer, "bot")).to_have_count(count, timeout=PATIENCE)
    return wrote(stack, question)


def _compare(page: Page) -> None:
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text(re.compile(r"Done: \d+ repl"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_text(re.compile(r"of \d+ replies have the same words"))).to_be_visible()
    expect(page.get_by_role("article").first).to_contain_text("led by")
