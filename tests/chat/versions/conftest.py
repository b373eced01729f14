"""A second version beside the first, which differs by one weight of an expert and answers alike."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from pytest_django import Settings

from inference import checkpoint
from inference.engine import Engine
from supportbot.chat import assistant
from supportbot.chat.engines import Engines
from supportbot.workspaces.models import User


@pytest.fixture
def models(settings: Settings, tmp_path: Path) -> Path:
    """The folder of versions, empty."""
    settings.MODELS = tmp_path / "models"
    settings.MODELS.mkdir()
    return tmp_path / "models"


@pytest.fixture
def second(models: Path, checkpoint_dir: Path) -> str:
    """Another version; its name."""
    path = Path(shutil.copytree(checkpoint_dir, models / "second"))
    model, tokenizer, info = checkpoint.load(path)
    with torch.no_grad():
        next(model.parameters())[-1, -1] += 1
    card = {"name": "second", "experts": info.experts, "needs_order": info.needs_order, "hand_off_below": 0.5}
    return checkpoint.save(path, model, model.config, tokenizer, card)


@pytest.fixture
def first(bot: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """The version that ships, in a process that has loaded nothing else; its name."""
    engines = Engines()
    engines._loaded = dict(assistant.engines._loaded)
    monkeypatch.setattr(assistant, "engines", engines)
    return bot.info.version


@pytest.fixture
def root(transactional_db: None) -> User:
    """Whoever runs the installation."""
    return User.objects.create_superuser("root@supportbot.example", "a long password")
