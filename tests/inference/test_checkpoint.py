"""A checkpoint survives the round trip, reads in transformers, and says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from inference import checkpoint
from inference.checkpoint import CheckpointError
from inference.config import ModelConfig
from inference.model import Decoder
from inference.tokenizer import Tokenizer

TOKENS = torch.arange(40).view(2, 20)


@torch.no_grad()
def test_round_trip_keeps_weights_tokenizer_and_cards(directory: Path, model: Decoder, tokenizer: Tokenizer) -> None:
    loaded, read, info = checkpoint.load(directory)
    assert read.proto == tokenizer.proto
    assert info.version == hashlib.sha256((directory / "model.safetensors").read_bytes()).hexdigest()[:12]
    assert (info.name, len(info.experts), info.layers, info.n_experts, info.k) == ("tiny", 4, 2, 4, 2)
    for name, weight in model.state_dict().items():
        if not name.endswith("noise_weight"):
            torch.testing.assert_close(loaded.state_dict()[name], weight, atol=1e-2, rtol=1e-2)


def test_saving_what_was_loaded_gives_the_same_version(directory: Path, tmp_path: Path, config: ModelConfig) -> None:
    model, tokenizer, info = checkpoint.load(directory)
    assert checkpoint.save(tmp_path, model, config, tokenizer, {"name": "b", "experts": []}) == info.version
    assert not list(tmp_path.glob("*.part"))


@torch.no_grad()
def test_transformers_gives_the_same_logits(tmp_path: Path, tokenizer: Tokenizer, config: ModelConfig) -> None:
    torch.manual_seed(3)
    model = Decoder(config)
    for weight in model.parameters():
        weight.data.mul_(4 if weight.ndim > 1 else 1)
    model.blocks[1].mlp.router.bias.data[0, 2] = 0.3
    checkpoint.save(tmp_path, model, config, tokenizer, {"name": "random", "experts": []})
    ours, _, _ = checkpoint.load(tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, local_files_only=True)
    assert type(theirs).__name__ == "Ernie4_5_MoeForCausalLM"
    torch.testing.assert_close(theirs(TOKENS).logits, ours(TOKENS).logits, atol=1e-4, rtol=1e-4)


@pytest.fixture
def copy(directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(directory, tmp_path / "copy"))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot read .*config\.json"):
        checkpoint.load(tmp_path / "nothing")


def test_truncated_weights_are_refused(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="truncated or damaged"):
        checkpoint.load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, "not of our layout"),
        ({"vocab_size": 500}, "does not fit"),
        ({"num_hidden_layers": 4}, "does not fit"),
    ],
)
def test_a_foreign_configuration_is_refused(copy: Path, change: dict[str, object], message: str) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(copy)


@pytest.mark.parametrize(
    ("file", "message"), [("config.json", "not JSON"), ("experts.json", "not JSON"), ("tokenizer.model", "tokenizer")]
)
def test_a_damaged_file_is_named(copy: Path, file: str, message: str) -> None:
    (copy / file).write_bytes(b"garbage")
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(copy)
