"""A tiny run on the real corpus: it learns, it resumes to the same loss, it stops at nonsense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.config import ModelConfig
from training.train import Config, NotANumber, Router, Run, Stage

CONFIG = Config(
    name="tiny",
    seed=3,
    model=ModelConfig(
        vocab_size=1000,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        moe_num_experts=4,
        moe_intermediate_size=16,
        max_position_embeddings=256,
    ),
    router=Router(noise=1.0, balance=0.02, z=0.001, bias_rate=0.001),
    stages=(
        Stage("pretrain", tokens=4096, batch_tokens=512, learning_rate=3e-3, window=64),
        Stage("support", tokens=4096, batch_tokens=512, learning_rate=3e-3, rounds=1, category=0.5),
    ),
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tokenizer and packed data, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    Run(CONFIG, tmp_path_factory.mktemp("run"), folder)
    return folder


def losses(run: Run) -> list[float]:
    """The logged loss of each step."""
    return [float(row.split(",")[1]) for row in (run.folder / "log.csv").read_text().splitlines()]


def test_an_interrupted_run_ends_at_the_same_weights(prepared: Path, tmp_path: Path) -> None:
    whole = Run(CONFIG, tmp_path / "whole", prepared)
    whole.train()
    (prepared / "pretrained.pt").unlink()
    part = Run(CONFIG, tmp_path / "part", prepared)
    while part.step < 5:
        part.advance()
    part._save(part.folder / "state.pt")
    resumed = Run(CONFIG, tmp_path / "part", prepared)
    assert resumed.step == 5
    resumed.train()
    for name, weight in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[name], weight)


def test_the_loss_falls(prepared: Path, tmp_path: Path) -> None:
    run = Run(CONFIG, tmp_path, prepared)
    run.train()
    assert losses(run)[-1] < losses(run)[0]


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(prepared: Path, tmp_path: Path) -> None:
    Run(CONFIG, tmp_path, prepared)._save(tmp_path / "state.pt")
    good = (tmp_path / "state.pt").read_bytes()
    stages = tuple(replace(stage, learning_rate=float("nan")) for stage in CONFIG.stages)
    with pytest.raises(NotANumber, match="last good state"):
        Run(replace(CONFIG, stages=stages), tmp_path, prepared).train()
    assert (tmp_path / "state.pt").read_bytes() == good
