"""The whole way of a GPU job with a tiny model: pack, train by time, stop, go on, shards, join, answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inference import checkpoint
from inference.engine import Engine, Params
from inference.prompt import Brief, Turn
from inference.weights import INDEX, CheckpointError
from tests.stack import ROOT
from tests.training.conftest import TINY
from training import gpu_job, pack
from training.manifest import Manifest


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """What travels to the machine."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "tiny-data").symlink_to(prepared)
    pack.pack(TINY, folder / "tiny.tar.xz", folder)
    return folder / "tiny.tar.xz"


def test_the_way_there_and_back(packed: Path, tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out"

    def call(of: float) -> bool:
        return gpu_job.train(packed, out, minutes=0, of=of, work=work, spare=0)

    assert not call(of=1000)  # out of time after one step
    assert not call(of=1000)
    steps = [line.split(",")[0] for line in (out / "log.csv").read_text().splitlines()]
    assert steps == ["step", "1", "2"]
    assert (work / "data" / "manifest.json").exists() and Manifest.of(work / "data").name == "tiny"
    before = (out / INDEX).stat().st_mtime_ns
    assert call(of=1e-9)  # no time left: the result is written again
    assert (out / INDEX).stat().st_mtime_ns > before
    assert max(path.stat().st_size for path in out.iterdir()) <= 16_000_000

    version = pack.join(out, packed, tmp_path / "checkpoint")
    model, _, info = checkpoint.load(tmp_path / "checkpoint")
    assert (info.version, info.name, model.config.vocab_size) == (version, "tiny", 1000)
    with Engine.load(tmp_path / "checkpoint") as engine:
        brief = Brief("delivery", "track_order", "answer")
        *_, completion = engine.stream([Turn("customer", "where is my order")], Params(brief, {}, max_tokens=8))
        assert completion.completion_tokens > 0


def test_the_job_needs_torch_numpy_and_safetensors_alone() -> None:
    absent = "sentencepiece", "rich", "rensa", "tensorboard", "sklearn", "scipy", "numba", "sentence_transformers"
    code = f"import sys; sys.modules |= dict.fromkeys({absent}); import training.gpu_job"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_what_is_too_large_to_travel_is_refused_and_not_left(tmp_path: Path, prepared: Path) -> None:
    (tmp_path / "tiny-data").symlink_to(prepared)
    with pytest.raises(pack.TooLarge, match=r"more than 1,000: take fewer rows"):
        pack.pack(TINY, tmp_path / "out" / "tiny.tar.xz", tmp_path, limit=1000)
    assert not list((tmp_path / "out").iterdir())


def test_shards_of_which_one_lacks_are_refused(packed: Path, tmp_path: Path) -> None:
    gpu_job.train(packed, tmp_path / "out", minutes=0, of=1000, work=tmp_path / "work", spare=0)
    next((tmp_path / "out").glob("model-*")).unlink()
    with pytest.raises(CheckpointError, match="cannot read .*model-00001"):
        pack.join(tmp_path / "out", packed, tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()
