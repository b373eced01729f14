"""What the widget costs a visitor on a phone: bytes, requests, and the time until launcher and panel work.

A phone of the middle, as Lighthouse simulates one: a processor four times slower, 150 ms there and back, 1.6 Mbit/s.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, Response, sync_playwright

from benchmarks.table import table
from tests.stack import ServicesStack

ROUNDS = 7
SLOWER = 4
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
WATCH = """
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
  }).observe({ type: "longtask" });
  window.supportbot = { q: [["on", "ready", () => { window.readyAt = performance.now(); }]] };
"""
FRAMED = "window.supportbotSettings = { frame: true };"
LAUNCHED = "window.readyAt"
LOADER = "performance.getEntriesByName(new URL('/widget.js', location).href)[0].responseEnd"
OPENED = """async () => {
  const begun = performance.now();
  const root = document.querySelector("supportbot-widget").shadowRoot;
  root.querySelector(".launcher").click();
  const inside = () => root.querySelector("iframe")?.contentDocument?.querySelector("supportbot-widget")?.shadowRoot;
  const isThere = () => (inside() ?? root).querySelector("form.composer textarea")?.checkVisibility();
  while (!isThere()) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


@dataclass
class Visit:
    """One visit with an empty cache: the widget's files, before and after the opening, and times in milliseconds."""

    loader: list[Response] = field(default_factory=list)
    panel: list[Response] = field(default_factory=list)
    launcher_ms: float = 0.0
    own_ms: float = 0.0
    panel_ms: float = 0.0
    longest_ms: float = 0.0

    def note(self, response: Response) -> None:
        """Keep it if it is the widget's; nobody opens the panel before the launcher has been measured."""
        if urlsplit(response.url).path.startswith(("/widget.js", "/widget/")):
            (self.panel if self.launcher_ms else self.loader).append(response)


@dataclass(frozen=True)
class Weight:
    """Files, their bytes as they are, as gzip makes them, and as they came over the line."""

    files: int
    plain: int
    packed: int
    sent: int

    @classmethod
    def of(cls, responses: list[Response]) -> Weight:
        """All of these together."""
        bodies = [response.body() for response in responses]
        sent = sum(response.request.sizes()["responseBodySize"] for response in responses)
        return cls(len(bodies), sum(map(len, bodies)), sum(len(gzip.compress(body)) for body in bodies), sent)

    def row(self, name: str) -> list[str]:
        """Of the table, in thousands of bytes."""
        return [name, str(self.files), *(f"{size / 1000:.1f}" for size in (self.plain, self.packed, self.sent))]


def report() -> str:
    """The tables of this part."""
    stack = ServicesStack({})
    try:
        stack.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            address = f"{stack.url}/demo/"
            weights, visits = measure(browser, address)
            framed_weights, framed = measure(browser, address, is_framed=True)
            browser.close()
    finally:
        stack.stop()
    heads = ["", "requests", "plain, kB", "gzip, kB", "as sent, kB"]
    spread = ["", "p50", "worst"]
    return "\n".join(
        [
            table(
                "The widget's weight",
                heads,
                [*weights, [f"in a frame: {framed_weights[1][0]}", *framed_weights[1][1:]]],
            ),
            table(f"The widget on a phone, milliseconds of {ROUNDS} visits", spread, _times(visits)),
            table(f"The same in a frame, milliseconds of {ROUNDS} visits", spread, _times(framed)),
        ]
    )


def measure(browser: Browser, address: str, *, is_framed: bool = False) -> tuple[list[list[str]], list[Visit]]:
    """The rows of what is loaded, and every visit."""
    visits = []
    for _ in range(ROUNDS):
        with browser.new_context(**PHONE) as context:  # type: ignore[arg-type]
            visits.append(_visit(context.new_page(), address, FRAMED if is_framed else ""))
            loader, panel = Weight.of(visits[-1].loader), Weight.of(visits[-1].panel)
    return [loader.row("until the launcher is there"), panel.row("more when it is opened")], visits


def _times(visits: list[Visit]) -> list[list[str]]:
    return [
        _spread("launcher can be pressed, since the page was asked for", [visit.launcher_ms for visit in visits]),
        _spread("- since the loader's last byte", [visit.own_ms for visit in visits]),
        _spread("panel can be written in, since the launcher was pressed", [visit.panel_ms for visit in visits]),
        _spread("longest task of the page and the widget", [visit.longest_ms for visit in visits]),
    ]


def _visit(page: Page, address: str, settings: str) -> Visit:
    """Open the page with these settings, then the panel."""
    visit, line = Visit(), page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"if (top === window) {{ {settings} {WATCH} }}")
    page.on("response", visit.note)
    page.goto(address)
    page.wait_for_function(LAUNCHED)
    page.wait_for_load_state("networkidle")
    visit.launcher_ms = page.evaluate(LAUNCHED)
    visit.own_ms = visit.launcher_ms - page.evaluate(LOADER)
    visit.panel_ms = page.evaluate(OPENED)
    for response in visit.panel:  # a page with a frame is never idle for Playwright
        response.finished()
    visit.longest_ms = page.evaluate("longest")
    return visit


def _spread(label: str, figures: list[float]) -> list[str]:
    return [label, f"{np.median(figures):.0f}", f"{max(figures):.0f}"]
