"""A checkpoint as a GGUF file holds the same model, and llama.cpp runs it to the same end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from numpy.typing import NDArray
from safetensors.torch import load_file

from benchmarks.llama_server import LlamaServer
from inference import checkpoint
from inference.config import ModelConfig
from inference.gguf import TYPES, convert
from inference.model import Decoder
from inference.prompt import Turn, training_example
from inference.tokenizer import Tokenizer
from tests.inference.conftest import ASKED, REPLIES


def tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    return {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in GGUFReader(path).tensors}


def test_sizes_and_tokens_stand_in_the_file(directory: Path, tmp_path: Path, tokenizer: Tokenizer) -> None:
    convert(directory, tmp_path / "tiny.gguf")
    fields = GGUFReader(tmp_path / "tiny.gguf").fields
    sizes = {name.removeprefix("ernie4_5-moe."): field.contents() for name, field in fields.items()}
    assert sizes["general.architecture"] == "ernie4_5-moe"
    assert (sizes["block_count"], sizes["leading_dense_block_count"], sizes["interleave_moe_layer_step"]) == (3, 1, 1)
    assert (sizes["expert_count"], sizes["expert_used_count"], sizes["expert_shared_count"]) == (4, 2, 2)
    assert sizes["expert_shared_feed_forward_length"] == 2 * sizes["expert_feed_forward_length"]
    kinds, names = sizes["tokenizer.ggml.token_type"], sizes["tokenizer.ggml.tokens"]
    assert names == [tokenizer.piece(index) for index in range(tokenizer.vocab_size)]
    assert {index for index, kind in enumerate(kinds) if kind in (2, 3)} == tokenizer.special


@pytest.mark.parametrize(("kind", "error"), [("f32", 0.0), ("f16", 1e-3), ("q8_0", 1e-2)])
def test_every_weight_reads_back(directory: Path, tmp_path: Path, kind: str, error: float) -> None:
    convert(directory, tmp_path / "tiny.gguf", kind)
    read, saved = tensors(tmp_path / "tiny.gguf"), load_file(directory / "model.safetensors")
    assert sum(weight.size for weight in read.values()) == sum(weight.numel() for weight in saved.values())
    layer = "model.layers.2.mlp"
    for name, same in {
        "token_embd.weight": saved["model.embed_tokens.weight"],
        "blk.0.attn_k.weight": saved["model.layers.0.self_attn.k_proj.weight"],
        "blk.2.ffn_up_exps.weight": torch.stack([saved[f"{layer}.experts.{i}.up_proj.weight"] for i in range(4)]),
        "blk.2.ffn_down_shexp.weight": saved[f"{layer}.shared_experts.down_proj.weight"],
    }.items():
        weight = same.float().numpy()
        np.testing.assert_allclose(read[name], weight, atol=error * np.abs(weight).max(), rtol=0)
    np.testing.assert_array_equal(read["blk.2.ffn_gate_inp.weight"], saved[f"{layer}.gate.weight"])
    bias = saved[f"{layer}.moe_statics.e_score_correction_bias"]
    np.testing.assert_array_equal(read["blk.2.exp_probs_b.bias"], bias[0])


@pytest.mark.parametrize("kind", TYPES)
def test_llama_cpp_says_what_the_model_has_learnt(
    directory: Path, tmp_path: Path, tokenizer: Tokenizer, kind: str
) -> None:
    convert(directory, tmp_path / "tiny.gguf", kind)
    with LlamaServer(tmp_path / "tiny.gguf", context=384) as server:
        for brief, text in ASKED.items():
            prompt, _ = training_example(tokenizer, [Turn("customer", text)], brief, "")
            assert tokenizer.decode(server.greedy(prompt, 64).tokens) == REPLIES[brief]


def test_llama_cpp_cuts_texts_into_the_same_tokens(directory: Path, tmp_path: Path, tokenizer: Tokenizer) -> None:
    convert(directory, tmp_path / "tiny.gguf")
    with LlamaServer(tmp_path / "tiny.gguf", context=384) as server:
        for text in (*REPLIES.values(), "<|agent|> <s>", "  two  spaces ", "naïve 📦", "a\nb\tc", "{{order_number}}"):
            assert server.tokenize(text) == tokenizer.encode(text)


@torch.no_grad()
def test_the_bias_moves_llama_cpp_s_choice_and_not_the_weights(
    tmp_path: Path, tokenizer: Tokenizer, config: ModelConfig
) -> None:
    torch.manual_seed(3)
    model = Decoder(config)
    for weight in model.parameters():
        weight.mul_(4 if weight.ndim > 1 else 1)
    model.blocks[1].mlp.router.bias[0, 2] = 0.3
    model.blocks[2].mlp.router.bias[0, 0] = -1e4
    checkpoint.save(tmp_path, model, config, tokenizer, {"name": "random", "experts": []})
    convert(tmp_path, tmp_path / "random.gguf")
    ours, _, _ = checkpoint.load(tmp_path)
    ids = list(range(20, 60))
    with LlamaServer(tmp_path / "random.gguf", context=384, half=False) as server:
        theirs = server.logprobs(ids[:1], ids[1:])
    expected = ours(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1).gather(1, torch.tensor(ids[1:]).unsqueeze(1))
    np.testing.assert_allclose(theirs, expected[:, 0], atol=1e-3)


def test_the_command_names_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "inference.gguf", str(tmp_path / "none"), str(tmp_path / "a.gguf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("python -m inference.gguf: no checkpoint: cannot read")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_leaves_nothing(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        convert(directory, tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_rows_that_do_not_divide_into_blocks_are_named(tmp_path: Path, tokenizer: Tokenizer) -> None:
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=64,
        num_hidden_layers=2,
        moe_num_experts=4,
        moe_intermediate_size=24,
    )
    checkpoint.save(tmp_path, Decoder(config), config, tokenizer, {"name": "narrow", "experts": []})
    with pytest.raises(ValueError, match=r"rows of \d+, which Q8_0 cannot hold"):
        convert(tmp_path, tmp_path / "narrow.gguf", "q8_0")
    assert not list(tmp_path.glob("*.gguf*"))
