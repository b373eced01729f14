"""Chromium for the tests: its headless shell where there is one, which needs a third less of a core."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; Debian's, or Playwright's own. Playwright's loop occupies the thread meanwhile."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
