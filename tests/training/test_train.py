"""The command: it writes a checkpoint, and says in words why it cannot."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from inference import checkpoint
from tests.training.conftest import TINY
from training.log import Table
from training.train import main


@pytest.fixture
def work(tmp_path: Path, prepared: Path) -> Iterator[Path]:
    """Where the data lies packed already."""
    (tmp_path / "tiny-data").symlink_to(prepared)
    yield tmp_path
    for path in prepared.glob("pretrained-*.pt"):
        path.unlink()


def train(work: Path, config: Path = TINY) -> int:
    """The twin: its checkpoint needs no triage."""
    return main(["--config", str(config), "--work", str(work), "--out", str(work / "model"), "--without-category"])


def test_it_writes_a_checkpoint_and_logs(work: Path) -> None:
    assert train(work) == 0
    assert checkpoint.load(work / "model")[2].name == "tiny-twin"
    assert (work / "tiny-twin" / "log.csv").exists()
    assert list((work / "tiny-twin" / "board").iterdir())


def test_ctrl_c_leaves_the_state_and_the_same_command_ends_the_run(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pressed(Table):
        def __call__(self, step: int, figures: Mapping[str, float]) -> None:
            super().__call__(step, figures)
            if step == 12:
                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("training.train.Table", Pressed)
        assert train(work) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert not (work / "model").exists()
    assert train(work) == 0
    steps = [line.split(",")[0] for line in (work / "tiny-twin" / "log.csv").read_text().splitlines()[1:]]
    assert steps == [str(step) for step in range(1, 17)]


def test_a_changed_configuration_is_told_and_nothing_is_written(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(work) == 0
    before = checkpoint.version(work / "model")
    (work / "other.toml").write_text(TINY.read_text().replace("balance = 0.02", "balance = 0.5"))
    assert train(work, work / "other.toml") == 1
    assert "router changed" in capsys.readouterr().err
    assert checkpoint.version(work / "model") == before
