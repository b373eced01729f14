"""An expert that is switched off is chosen by no token; too few never remain."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from inference import checkpoint
from inference.engine import Engine, Turn
from inference.sentiment import HEAD
from tests.stack import ROOT
from training import remove_expert
from training.remove_expert import OFF

pytestmark = pytest.mark.usefixtures("small_corpus")


def removed(source: Path, out: Path, *which: str) -> int:
    return remove_expert.main([*which, "--checkpoint", str(source), "--out", str(out)])


def test_a_removed_expert_is_never_chosen_and_all_else_stays(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert removed(tiny_checkpoint, tmp_path / "less", "--expert", "3") == 0
    (before, _, old), (after, _, new) = checkpoint.load(tiny_checkpoint), checkpoint.load(tmp_path / "less")
    assert old.version != new.version and new.n_experts == old.n_experts
    assert new.experts[3]["name"] == old.experts[3]["name"] + OFF
    _, routing = after.hidden(torch.randint(4, 4096, (4, 60)))
    assert not any((one.ids == 3).any() for one in routing)
    for name, weight in before.state_dict().items():
        assert torch.equal(weight, after.state_dict()[name]) or name.endswith("router.bias")
    told = capsys.readouterr().out
    assert f"{old.version} -> {new.version}" in told and "| delivery |" in told
    with Engine.load(tmp_path / "less") as engine:
        assert engine.read([Turn("customer", "where is my parcel")]).trace.counts[:, 3].sum() == 0


def test_what_reads_sentiment_comes_along(tiny_checkpoint: Path, tmp_path: Path) -> None:
    source = shutil.copytree(tiny_checkpoint, tmp_path / "source")
    shutil.copy(ROOT / "models" / "fennmoor" / HEAD, source)
    assert removed(source, tmp_path / "less", "--expert", "3") == 0
    assert (tmp_path / "less" / HEAD).read_bytes() == (source / HEAD).read_bytes()


def test_a_category_names_the_expert_that_has_most_of_it(tiny_checkpoint: Path, tmp_path: Path) -> None:
    assert removed(tiny_checkpoint, tmp_path / "less", "--category", "returns") == 0
    assert checkpoint.load(tmp_path / "less")[2].experts[3]["name"].endswith(OFF)


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (("--expert", "12"), "there is no expert 12: they are numbered 0 to 11"),
        (("--category", "repairs"), "no expert of this checkpoint works on the category 'repairs'"),
    ],
)
def test_an_unknown_expert_or_category_is_told_and_nothing_is_written(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], which: tuple[str, str], told: str
) -> None:
    assert removed(tiny_checkpoint, tmp_path / "less", *which) == 1
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_it_refuses_to_leave_fewer_experts_than_a_token_needs(tiny_checkpoint: Path) -> None:
    model, _, _ = checkpoint.load(tiny_checkpoint)
    for expert in range(10):
        remove_expert.switch_off(model, expert)
    with pytest.raises(remove_expert.RemovalError, match="a token needs 2"):
        remove_expert.switch_off(model, 10)
    with pytest.raises(remove_expert.RemovalError, match="off already"):
        remove_expert.switch_off(model, 9)
