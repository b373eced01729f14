"""The page that shows how well the assistant does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pytest_django import Settings

from supportbot.chat.experts import installed
from tests.analytics.conftest import Shop, signed_in

FIGURE = {"value": 0.875, "low": 0.6, "high": 0.97, "count": 8, "hits": 7.0}
NONE = {"value": 0.0, "low": 0.0, "high": 1.0, "count": 0, "hits": 0.0}


@pytest.fixture
def stored(settings: Settings, tmp_path: Path) -> Path:
    """Figures beside weights of no meaning."""
    (tmp_path / "experts.json").write_text(json.dumps({"name": "tiny", "experts": [{"name": "a", "categories": []}]}))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    settings.MODEL_DIR = tmp_path
    data = {
        "date": "2026-11-24",
        "machine": "two cores",
        "version": installed().version,
        "labels": {"right": "right answers", "resolved": "customers resolved"},
        "companies": {"pedalbay": {"the product": {"right": FIGURE, "resolved": NONE}}},
    }
    (tmp_path / "evaluation.json").write_text(json.dumps(data))
    return tmp_path / "evaluation.json"


def words(shop: Shop) -> str:
    """The page's text."""
    page = signed_in(shop.admin).get("/admin/evaluation/").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_figures_stand_with_interval_and_cases(shop: Shop, stored: Path) -> None:
    page = words(shop)
    assert "Pedalbay Figure The product Right answers 87.5 % 60.0–97.0 %, 7 of 8 Customers resolved –" in page
    assert "On 2026-11-24" in page and "two cores" in page


def test_figures_of_other_weights_are_not_shown(shop: Shop, stored: Path) -> None:
    stored.write_text(json.dumps(json.loads(stored.read_text()) | {"version": "other"}))
    assert "Nothing was measured of the installed checkpoint yet" in words(shop)


@pytest.mark.parametrize("content", ["", "{}", '{"version": 1}', "[]"])
def test_damaged_file_shows_nothing(shop: Shop, stored: Path, content: str) -> None:
    stored.write_text(content)
    assert "Nothing was measured" in words(shop)
