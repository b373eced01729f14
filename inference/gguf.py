"""A checkpoint as one GGUF file for llama.cpp: `python -m inference.gguf CHECKPOINT OUT.gguf --type q8_0`.

Keys and names are those of llama.cpp's own converter for `ernie4_5-moe`. No weight is permuted: that architecture turns
neighbouring pairs, as we do. It takes softmax, renormalised weights and a bias on the choice alone for granted, so no
key says so. Needs the extra `gguf`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import sentencepiece
from gguf import (
    GGML_QUANT_VERSION,
    MODEL_ARCH,
    MODEL_ARCH_NAMES,
    GGMLQuantizationType,
    GGUFWriter,
    LlamaFileType,
    TokenType,
    get_tensor_name_map,
)
from gguf.quants import QuantError, quantize
from numpy.typing import NDArray
from safetensors.torch import load as parse_tensors
from torch import Tensor

from inference import checkpoint
from inference.checkpoint import CheckpointError
from inference.config import ModelConfig
from inference.tokenizer import Tokenizer
from inference.weights import read_weights

ARCHITECTURE = MODEL_ARCH.ERNIE4_5_MOE
TYPES = {
    "f32": (LlamaFileType.ALL_F32, GGMLQuantizationType.F32),
    "f16": (LlamaFileType.MOSTLY_F16, GGMLQuantizationType.F16),
    "q8_0": (LlamaFileType.MOSTLY_Q8_0, GGMLQuantizationType.Q8_0),
}
EXPERT = re.compile(r"(.*\.experts)\.(\d+)(\..*)")
EXACT = ("ffn_gate_inp.weight", "exp_probs_b.bias")


def convert(directory: Path, out: Path, kind: str = "f32") -> None:
    """Write the checkpoint in `directory` to `out`, its matrices in `kind` of TYPES; norms and routers stay float32.

    The file is replaced as a whole. CheckpointError when there is no checkpoint, ValueError when its rows do not divide
    into the blocks of `kind`, OSError when `out` cannot be written.
    """
    model, tokenizer, info = checkpoint.load(directory)
    file_type, matrix_type = TYPES[kind]
    tensors = _named(parse_tensors(read_weights(directory)), model.config)
    part = out.with_name(f"{out.name}.part")
    writer = GGUFWriter(part, MODEL_ARCH_NAMES[ARCHITECTURE])
    writer.add_name(info.name)
    writer.add_version(info.version)
    writer.add_file_type(file_type)
    writer.add_quantization_version(GGML_QUANT_VERSION)
    _add_sizes(writer, model.config)
    _add_tokenizer(writer, tokenizer)
    for name, weight in tensors.items():
        whole = weight.ndim < 2 or name.endswith(EXACT)
        _add_tensor(writer, name, weight, GGMLQuantizationType.F32 if whole else matrix_type)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _add_sizes(writer: GGUFWriter, config: ModelConfig) -> None:
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_leading_dense_block_count(config.num_hidden_layers - config.moe_layers)
    writer.add_interleave_moe_layer_step(1)
    writer.add_expert_count(config.moe_num_experts)
    writer.add_expert_used_count(config.moe_k)
    writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    writer.add_expert_shared_count(config.moe_num_shared_experts)
    writer.add_expert_shared_feed_forward_length(config.moe_num_shared_experts * config.moe_intermediate_size)


def _add_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    """The same pieces and scores; roles and slots are control tokens, which llama.cpp finds in no plain text either."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.proto)
    ids = range(tokenizer.vocab_size)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([tokenizer.piece(index) for index in ids])
    writer.add_token_scores([pieces.get_score(index) for index in ids])
    writer.add_token_types([_token_type(pieces, index) for index in ids])
    writer.add_bos_token_id(tokenizer.bos)
    writer.add_eos_token_id(tokenizer.end)
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_pad_token_id(tokenizer.pad)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def _token_type(pieces: sentencepiece.SentencePieceProcessor, index: int) -> TokenType:
    kinds = {
        TokenType.UNKNOWN: pieces.is_unknown,
        TokenType.CONTROL: pieces.is_control,
        TokenType.BYTE: pieces.is_byte,
        TokenType.UNUSED: pieces.is_unused,
    }
    return next((kind for kind, holds in kinds.items() if holds(index)), TokenType.NORMAL)


def _named(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, NDArray[np.float32]]:
    """The weights under GGUF's names, the experts of a layer stacked [expert, out, in]."""
    names = get_tensor_name_map(ARCHITECTURE, config.num_hidden_layers)
    named = {}
    for name, weight in _stacked(tensors):
        known = names.get_name(name.replace("_correction_bias", "_correction.bias"), try_suffixes=(".weight", ".bias"))
        if known is None:
            raise CheckpointError(f"llama.cpp knows no tensor {name}")
        named[known] = weight.squeeze() if known.endswith(".bias") else weight
    return named


def _stacked(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    experts: dict[str, dict[int, NDArray[np.float32]]] = {}
    for name, tensor in tensors.items():
        weight = tensor.float().numpy()
        if match := EXPERT.fullmatch(name):
            experts.setdefault(match[1] + match[3], {})[int(match[2])] = weight
        else:
            yield name, weight
    for name, each in experts.items():
        yield name, np.stack([each[index] for index in sorted(each)])


def _add_tensor(writer: GGUFWriter, name: str, weight: NDArray[np.float32], kind: GGMLQuantizationType) -> None:
    try:
        data = quantize(weight, kind)
    except (QuantError, ValueError) as error:
        raise ValueError(f"{name} has rows of {weight.shape[-1]}, which {kind.name} cannot hold: {error}") from error
    writer.add_tensor(name, data, raw_dtype=kind)


def main() -> None:
    """Convert as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m inference.gguf", description="Writes a checkpoint for llama.cpp.")
    parser.add_argument("checkpoint", type=Path, help="checkpoint directory, models/fennmoor for one")
    parser.add_argument("out", type=Path, help="the GGUF file to write")
    parser.add_argument("--type", choices=TYPES, default="q8_0", help="of the matrices (default: %(default)s)")
    asked = parser.parse_args()
    try:
        convert(asked.checkpoint, asked.out, asked.type)
    except (CheckpointError, ValueError, OSError) as error:
        raise SystemExit(f"{parser.prog}: {error}") from error


if __name__ == "__main__":
    main()
