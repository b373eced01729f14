"""A checkpoint of twelve experts with its card, what was measured of it, and what its training looked like."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from supportbot.chat.experts import installed

FIGURE = {"value": 4.5, "low": 4.0, "high": 5.0}


def text(page: str) -> str:
    """The words of a page as a reader meets them."""
    body = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(body))


@pytest.fixture(autouse=True)
def checkpoint(settings: Settings, tmp_path: Path) -> Path:
    """A checkpoint's directory with its card and weights of no meaning."""
    names: list[dict[str, Any]] = [{"name": f"expert of {n}", "categories": []} for n in range(12)]
    names[7] = {"name": "parcels", "categories": [{"category": "delivery", "share": 0.4, "lift": 3.1}]}
    (tmp_path / "experts.json").write_text(json.dumps({"name": "tiny", "experts": names}))
    (tmp_path / "config.json").write_text('{"moe_k": 2}')
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    settings.MODEL_DIR = tmp_path
    return tmp_path


@pytest.fixture
def specialised(checkpoint: Path) -> dict[str, Any]:
    """What `training.specialise` stored: delivery is expert 7's, returns is expert 2's."""
    stored = {
        "version": installed().version,
        "messages": 480,
        "categories": ["delivery", "returns"],
        "own": [7, 2],
        "lifts": [FIGURE, FIGURE],
        "knock_out": [[0.0, 0.0]] * 2 + [[0.02, 0.3]] + [[0.0, 0.0]] * 4 + [[0.5, 0.1]] + [[0.0, 0.0]] * 4,
        "words": {"mean": {"value": 0.1}},
        "replies": {"mean": {"value": 0.7}},
        "lift": FIGURE,
        "ratio": {"value": 9.9},
        "kept": {"25": {"value": 0.3}},
        "wrong_pool": {"value": 412.0},
    }
    (checkpoint / "specialisation.json").write_text(json.dumps(stored))
    return stored


def one_expert(number: int) -> list[float]:
    """Shares of twelve experts: three quarters to one, the rest to expert 1, as the traces of these tests have it."""
    return [0.75 if expert == number else 0.25 if expert == 1 else 0.0 for expert in range(12)]


@pytest.fixture
def trained(checkpoint: Path) -> None:
    """What `training.baseline` stored: as many messages of delivery, read by expert 2, as of returns, by expert 5."""
    stored = {
        "version": installed().version,
        "messages": {"delivery": 500, "returns": 500},
        "words": {"delivery": one_expert(2), "returns": one_expert(5)},
        "strays": 0.03,
        "stray_from": 0.4,
    }
    (checkpoint / "baseline.json").write_text(json.dumps(stored))
