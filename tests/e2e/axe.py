"""Asks axe-core what of WCAG 2.0 to 2.2, A and AA, a page breaks, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize

from tests.stack import ROOT

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
    (DESKTOP, "light"),
    (DESKTOP, "dark"),
    (PHONE, "dark"),
)
FOREIGN = ("#searchbar-submit", ".sortoptions")  # django-unfold's: these icons of a list are narrower than 24 pixels
RUN = """async (foreign) => {
  const running = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity);
  await Promise.allSettled(running.map((one) => one.finished));
  const { violations } = await axe.run({ exclude: foreign.map((selector) => [selector]) }, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
  });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical");
}"""


@cache
def source() -> str:
    """The checker itself. It is evaluated from outside, which a page's content security policy does not forbid."""
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def violations(page: Page, what: str, *, anew: bool = False) -> list[str]:
    """What is wrong with the page, which is wide and light, one line for each element.

    A page that chooses its colours while it loads, as django-unfold's do, is loaded `anew` when they change.
    """
    found = []
    for number, (size, scheme) in enumerate(LOOKS):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if anew and number and scheme != LOOKS[number - 1][1]:
            page.reload()
        for frame in page.frames:  # the page's own asks those within it
            if not frame.evaluate("typeof axe === 'object'"):
                frame.evaluate(source())
        where = f"{what}, {scheme}, {size['width']} px"
        found += [f"{where}: {line}" for rule in page.evaluate(RUN, FOREIGN) for line in _lines(rule)]
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    return found


def _lines(rule: dict[str, Any]) -> list[str]:
    """The elements that break a rule, with axe's word on each."""
    return [f"{rule['id']} at {node['target']}: {node['failureSummary']}" for node in rule["nodes"]]
