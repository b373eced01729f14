"""Weights in shards read as the one file does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from inference import checkpoint
from inference.config import ModelConfig
from inference.model import Decoder
from inference.weights import INDEX, WEIGHTS, CheckpointError, to_hf, write_shards

LIMIT = 100_000


@pytest.fixture
def sharded(directory: Path, model: Decoder, config: ModelConfig, tmp_path: Path) -> Path:
    """The checkpoint with its weights in files of at most `LIMIT` bytes."""
    folder = Path(shutil.copytree(directory, tmp_path / "sharded"))
    (folder / WEIGHTS).unlink()
    write_shards(folder, to_hf(model.state_dict(), config), LIMIT)
    return folder


def test_a_sharded_checkpoint_is_the_same_as_the_single_file(directory: Path, sharded: Path) -> None:
    shards = list(sharded.glob("model-*-of-*.safetensors"))
    assert len(shards) > 1
    assert max(path.stat().st_size for path in shards) <= LIMIT
    assert checkpoint.load(sharded)[2] == checkpoint.load(directory)[2]
    assert checkpoint.version(sharded) == checkpoint.version(directory)


def test_transformers_reads_the_shards(sharded: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(sharded, local_files_only=True)
    assert sum(p.numel() for p in theirs.parameters()) > 0


def test_a_tensor_larger_than_a_shard_is_refused_and_nothing_written(
    model: Decoder, config: ModelConfig, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="too large for a shard"):
        write_shards(tmp_path, to_hf(model.state_dict(), config), 1000)
    assert not list(tmp_path.iterdir())


def test_damaged_shards_and_indexes_are_named(sharded: Path) -> None:
    shard = sorted(sharded.glob("model-*"))[0]
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1000])
    with pytest.raises(CheckpointError, match=f"{shard.name} is truncated or damaged"):
        checkpoint.load(sharded)
    shard.write_bytes(whole)
    index = json.loads((sharded / INDEX).read_text())
    index["weight_map"].popitem()
    (sharded / INDEX).write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match="does not fit its shards"):
        checkpoint.load(sharded)
    (sharded / INDEX).write_text("{}")
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.load(sharded)
