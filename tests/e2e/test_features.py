"""The list of features names tests that there are."""

from __future__ import annotations

import re

from tests.stack import ROOT


def test_every_test_that_the_list_of_features_names_is_there() -> None:
    written = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tests = {name for text in written for name in re.findall(r"def (test_\w+)", text)}
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "features.md").read_text("utf-8")))
    assert named and named - tests == set()
