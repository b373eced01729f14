"""A short run of `python -m benchmarks.soak`: nothing is lost, doubled or misplaced on lines that fail."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks.soak import soak
from tests.stack import ServicesStack


def test_no_message_is_lost_doubled_or_misplaced_on_lines_that_fail(
    browser: Browser, services_stack: ServicesStack
) -> None:
    outcome = soak(browser, services_stack, seconds=20)
    assert outcome.written > 10
    assert outcome.faults == []
