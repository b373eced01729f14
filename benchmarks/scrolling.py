"""How smoothly the inbox's list scrolls: `python -m benchmarks.scrolling --conversations 10000`, in Chromium.

From the first row to the last, a part of the screen in each frame, while the list fetches its pages. Embedded run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import machine
from benchmarks.table import milliseconds, table
from tests.e2e.pages import DESKTOP, sign_in
from tests.stack import ROOT, EmbeddedStack

CONVERSATIONS = 10_000
STEP = 300  # pixels in a frame, some three rows: as fast as a wheel goes
SMOOTH = 1 / 30  # seconds: what takes longer is seen
FILL = """
import django; django.setup()
from benchmarks.inbox import fill
from supportbot.workspaces.models import Workspace
workspace = Workspace.objects.get(slug="fennmoor")
fill(workspace, [member.user for member in workspace.members.select_related("user")], {0}, {0})
"""
SCROLL = """async (step) => {
  const list = document.querySelector("#scroller"), rows = document.querySelector("#rows");
  const frames = [], next = () => new Promise(requestAnimationFrame);
  let most = 0, last = await next(), still = last;
  while (last - still < 3_000) {
    const before = list.scrollTop;
    list.scrollTop += step;
    const now = await next();
    if (list.scrollTop > before) { frames.push((now - last) / 1_000); still = now; }
    most = Math.max(most, rows.children.length);
    last = now;
  }
  return [frames, most, Number(rows.lastElementChild.getAttribute("aria-posinset"))];
}"""


def report(conversations: int = CONVERSATIONS) -> str:
    """The table."""
    stack = EmbeddedStack({})
    try:
        stack.start()
        environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "supportbot.settings"}
        fill = [sys.executable, "-c", FILL.format(conversations)]
        subprocess.run(fill, cwd=ROOT, env=environment, check=True)
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
            page.goto(f"{stack.url}/inbox/?view=resolved")
            sign_in(page, "maya")
            rows = _rows(page)
            browser.close()
    finally:
        stack.stop()
    return table(f"Scrolling through the resolved ones of {conversations:,} conversations", ["", ""], rows)


def _rows(page: Page) -> list[list[str]]:
    expect(page.locator("#rows li").first).to_be_visible()
    frames, most, reached = page.evaluate(SCROLL, STEP)
    slow = sum(frame > SMOOTH for frame in frames)
    return [
        ["rows down to the last", f"{reached:,}"],
        ["rows that are elements at once, at most", str(most)],
        ["a frame, p50, ms", milliseconds(frames, 0.5)],
        ["a frame, p95, ms", milliseconds(frames, 0.95)],
        ["a frame, worst, ms", milliseconds(frames, 1)],
        ["frames longer than 33 ms, of all", f"{slow} of {len(frames):,}"],
    ]


def main() -> None:
    """Measure with as many as are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scrolling")
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    print(f"Machine: {machine.describe()}.\n\n{report(parser.parse_args().conversations)}")


if __name__ == "__main__":
    main()
