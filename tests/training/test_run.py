"""A tiny run on the real corpus: it learns, and whatever stops it, it goes on to the same result."""

from __future__ import annotations

import csv
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tests.stack import ROOT
from tests.training.conftest import TINY
from training import batches
from training.config import Config, Router
from training.interrupt import Stopped
from training.log import Table
from training.run import Run
from training.screen import Board


class Interrupt:
    """A log that presses Ctrl-C at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def __call__(self, step: int, _: Mapping[str, float]) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGINT)

    def flush(self) -> None:
        """Nothing waits."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def stages(config: Config, **changes: Any) -> Config:
    return replace(config, stages=tuple(replace(stage, **changes) for stage in config.stages))


def logged(run: Run) -> Run:
    run.train([Table(run.folder / "log.csv", run.step)])
    return run


def assert_same(one: Run, other: Run) -> None:
    for name, weight in one.model.state_dict().items():
        torch.testing.assert_close(other.model.state_dict()[name], weight)


@pytest.fixture(autouse=True)
def nothing_shared(prepared: Path) -> Iterator[None]:
    """A run takes no pre-training from an earlier test."""
    yield
    for path in prepared.glob("pretrained-*.pt"):
        path.unlink()


def test_an_interrupted_run_ends_at_the_same_weights_and_the_same_log(
    tiny: Config, prepared: Path, tmp_path: Path
) -> None:
    whole = logged(Run(tiny, tmp_path / "whole", prepared))
    nothing = prepared / "aside"
    next(prepared.glob("pretrained-*.pt")).rename(nothing)
    part = Run(tiny, tmp_path / "part", prepared)
    with pytest.raises(KeyboardInterrupt):
        part.train([Table(part.folder / "log.csv", 0), Interrupt(4)])  # the next step is done to its end
    assert part.step == 5
    late = part.advance()  # what was not saved is done again
    resumed = Run(tiny, tmp_path / "part", prepared)
    assert resumed.step == 5
    logged(resumed)
    assert_same(whole, resumed)
    losses, again = ([row["loss"] for row in rows(run.folder / "log.csv")] for run in (whole, resumed))
    assert losses == again
    assert f"{late['loss']:.5g}" == losses[5]
    nothing.unlink()


def test_loss_falls_and_the_log_tells_of_validation_and_the_router(
    tiny: Config, prepared: Path, tmp_path: Path
) -> None:
    run = logged(Run(stages(tiny, tokens=8192), tmp_path, prepared))
    log = rows(run.folder / "log.csv")
    assert [int(row["step"]) for row in log] == list(range(1, run.total + 1))
    assert float(log[-1]["loss"]) < float(log[0]["loss"])
    assert [row["step"] for row in log if row["validation"]] == ["20", "24", "28", "32"]  # no article is put aside
    for row in log:
        assert 0 <= float(row["least"]) <= 1 <= float(row["most"]) <= tiny.model.moe_num_experts
        assert 0 < float(row["entropy"]) <= 1
        assert (int(row["dead"]) > 0) == (float(row["least"]) == 0)


def test_tensorboard_gets_the_figures(tiny: Config, prepared: Path, tmp_path: Path) -> None:
    Run(tiny, tmp_path, prepared).train([Board(tmp_path / "board", 0)])
    (events,) = (tmp_path / "board").iterdir()
    assert b"training/loss" in events.read_bytes() and b"router/entropy" in events.read_bytes()


def test_the_twin_shares_the_pretraining_and_another_seed_does_not(
    tiny: Config, prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Run(tiny, tmp_path / "ours", prepared).train()
    twin = replace(tiny, stages=(tiny.stages[0], replace(tiny.stages[1], category=0.0, prior=0.0)))
    assert Run(twin, tmp_path / "twin", prepared).step == tiny.stages[0].steps
    assert Run(replace(tiny, seed=4), tmp_path / "other", prepared).step == 0
    assert "it is trained anew" in capsys.readouterr().out


def test_a_state_of_another_configuration_is_refused_by_what_changed(
    tiny: Config, prepared: Path, tmp_path: Path
) -> None:
    run = Run(tiny, tmp_path, prepared)
    run.save(tmp_path / "state.pt")
    with pytest.raises(Stopped, match=r"another configuration \(router changed\).*delete the file"):
        Run(replace(tiny, router=Router()), tmp_path, prepared)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(
    tiny: Config, prepared: Path, tmp_path: Path
) -> None:
    Run(tiny, tmp_path, prepared).save(tmp_path / "state.pt")
    good = (tmp_path / "state.pt").read_bytes()
    run = Run(tiny, tmp_path, prepared)
    with torch.no_grad():
        run.model.embed.weight.fill_(torch.inf)
    with pytest.raises(Stopped, match=r"not a number at step 0; the last good state, of step 0.*learning rate"):
        run.train()
    assert (tmp_path / "state.pt").read_bytes() == good


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Lets no file grow beyond a number of bytes: what a disk does when it is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_last_good_state_and_says_what_to_free(
    tiny: Config, prepared: Path, tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    run = Run(tiny, tmp_path, prepared)
    run.advance()
    run.save(tmp_path / "state.pt")
    good = (tmp_path / "state.pt").read_bytes()
    run.advance()
    small_disk(len(good) // 2)
    with pytest.raises(Stopped, match=r"cannot write .*state.pt.*Free \d+ MB.*goes on from step 1"):
        run.save(tmp_path / "state.pt")
    assert (tmp_path / "state.pt").read_bytes() == good
    assert not list(tmp_path.glob("*.part"))


def test_with_every_switch_off_the_model_learns_from_the_text_alone(
    tiny: Config, prepared: Path, tmp_path: Path
) -> None:
    off = replace(stages(tiny, category=0.0, prior=0.0), router=Router(), stages=(tiny.stages[0],))
    run, plain = Run(off, tmp_path / "run", prepared), Run(off, tmp_path / "plain", prepared)
    optimiser = torch.optim.AdamW(
        [{"params": g["params"], "weight_decay": g["weight_decay"]} for g in plain.optimiser.param_groups],
        betas=(0.9, 0.95),
    )
    source = batches.source(prepared / "pretrain", off, off.stages[0])
    assert source is not None
    for step in range(4):
        figures = run.advance()
        tokens = source(step).tokens
        loss = F.cross_entropy(plain.model(tokens).logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.model.parameters(), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = figures["learning_rate"]
        optimiser.step()
    assert_same(plain, run)


@pytest.mark.parametrize("switch", ["noise", "balance", "z", "bias_rate", "category", "prior"])
def test_each_switch_moves_the_router_and_at_zero_does_not(
    tiny: Config, prepared: Path, tmp_path: Path, switch: str
) -> None:
    base = replace(tiny, router=Router(), stages=(replace(tiny.stages[1], category=0.0, prior=0.0),))
    term = {switch: 1.0}
    on = stages(base, **term) if switch in ("category", "prior") else replace(base, router=Router(**term))
    off, changed, again = (Run(c, tmp_path / n, prepared) for c, n in ((base, "a"), (on, "b"), (base, "c")))
    for run in (off, changed, again):
        run.advance()
        run.advance()
    assert_same(off, again)
    routers = [run.model.blocks[1].mlp.router.state_dict() for run in (off, changed)]
    assert any(not torch.equal(routers[0][name], routers[1][name]) for name in routers[0])


def test_two_processes_come_to_the_losses_of_one(tiny: Config, prepared: Path, tmp_path: Path) -> None:
    quiet = TINY.read_text().replace("noise = 1.0", "noise = 0.0")
    (tmp_path / "quiet.toml").write_text(quiet)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [str(ROOT / "tests" / "training" / "worker.py"), tmp_path / "quiet.toml", tmp_path / "two", prepared]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, cwd=ROOT, text=True)
    assert done.returncode == 0, done.stderr
    for path in prepared.glob("pretrained-*.pt"):
        path.unlink()
    logged(Run(Config.read(tmp_path / "quiet.toml"), tmp_path / "one", prepared))
    one, two = (rows(tmp_path / name / "log.csv") for name in ("one", "two"))
    assert len(one) == len(two) == 16
    for figure in ("loss", "balance", "z", "mi", "prior", "validation", "least", "most"):
        values = [[float(row[figure]) for row in log if row[figure]] for log in (one, two)]
        assert values[1] == pytest.approx(values[0], rel=1e-3, abs=1e-6), figure
