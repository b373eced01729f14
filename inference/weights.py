"""Weights on disk under Hugging Face's names, in one file or in shards. Knows nothing of texts or tokenizers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from inference.config import ModelConfig

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MARK = {"format": "pt"}
HEADER = 256  # bytes that a tensor needs at most beside its content


class CheckpointError(Exception):
    """The directory holds no checkpoint that we can load; the message says why."""


def read_weights(directory: Path) -> bytes:
    """The weights as one safetensors file, put together when they lie in shards; CheckpointError when some lack."""
    if (directory / WEIGHTS).exists() or not (directory / INDEX).exists():
        return read_bytes(directory / WEIGHTS)
    try:
        places: dict[str, str] = json.loads(read_bytes(directory / INDEX))["weight_map"]
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{directory / INDEX} is damaged: {error}") from error
    tensors: dict[str, Tensor] = {}
    for name in sorted(set(places.values())):
        try:
            tensors |= parse_tensors(read_bytes(directory / Path(name).name))
        except SafetensorError as error:
            raise CheckpointError(f"{directory / name} is truncated or damaged: {error}") from error
    if places.keys() != tensors.keys():
        raise CheckpointError(f"{directory / INDEX} does not fit its shards")
    return write_tensors(tensors, metadata=MARK)


def write_shards(directory: Path, tensors: Mapping[str, Tensor], limit: int) -> list[Path]:
    """Write tensors in files of at most `limit` bytes with an index, as transformers does; ValueError if one is larger.

    The index comes last.
    """
    directory.mkdir(parents=True, exist_ok=True)
    parts = [write_tensors(part, metadata=MARK) for part in _parts(tensors, limit)]
    names = [f"model-{i:05}-of-{len(parts):05}.safetensors" for i in range(1, len(parts) + 1)]
    if max(map(len, parts)) > limit:
        raise ValueError(f"a tensor is too large for a shard of {limit} bytes")
    for name, part in zip(names, parts, strict=True):
        replace(directory / name, part)
    places = {key: name for name, part in zip(names, _parts(tensors, limit), strict=True) for key in part}
    size = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    replace(directory / INDEX, (json.dumps(index, indent=1) + "\n").encode())
    return [directory / name for name in names]


def _parts(tensors: Mapping[str, Tensor], limit: int) -> Iterator[dict[str, Tensor]]:
    part: dict[str, Tensor] = {}
    used = 0
    for name, tensor in tensors.items():
        need = tensor.nbytes + HEADER
        if part and used + need > limit:
            yield part
            part, used = {}, 0
        part[name] = tensor
        used += need
    yield part


def stored(directory: Path, config: ModelConfig) -> tuple[dict[str, Tensor], bytes]:
    """The weights by the names of `Decoder` and as they are stored, and these as one file.

    CheckpointError when they are missing, damaged or of other sizes.
    """
    raw = read_weights(directory)
    try:
        state = from_hf(parse_tensors(raw), config)
        _check(state, config)
    except SafetensorError as error:
        raise CheckpointError(f"{directory / WEIGHTS} is truncated or damaged: {error}") from error
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{directory / WEIGHTS} does not fit its sizes: {error}") from error
    return state, raw


def _check(state: Mapping[str, Tensor], config: ModelConfig) -> None:
    """RuntimeError for weights of other sizes than the decoder's."""
    expected = _shapes(config)
    for name, weight in state.items():
        if tuple(weight.shape) != expected[name]:
            raise RuntimeError(f"{name} has the shape {list(weight.shape)}, not {list(expected[name])}")


def _shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The sizes of a decoder's weights: to build one only to ask it would take longer than all the rest."""
    hidden, width, experts = config.hidden_size, config.moe_intermediate_size, config.moe_num_experts
    shared = config.moe_num_shared_experts * width
    q, kv = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
    out: dict[str, tuple[int, ...]] = {"embed.weight": (config.vocab_size, hidden), "norm.weight": (hidden,)}
    for layer in range(config.num_hidden_layers):
        ours = f"blocks.{layer}."
        out |= {f"{ours}attention_norm.weight": (hidden,), f"{ours}mlp_norm.weight": (hidden,)}
        out |= {f"{ours}attention.qkv.weight": (q + 2 * kv, hidden), f"{ours}attention.out.weight": (hidden, q)}
        swiglu, inner = (f"{ours}mlp.shared.", shared) if layer else (f"{ours}mlp.", config.intermediate_size)
        out |= {f"{swiglu}gate_up.weight": (2 * inner, hidden), f"{swiglu}down.weight": (hidden, inner)}
        if layer:
            out |= {f"{ours}mlp.router.weight": (experts, hidden), f"{ours}mlp.router.bias": (1, experts)}
            out[f"{ours}mlp.experts.gate_up"] = (experts, 2 * width, hidden)
            out[f"{ours}mlp.experts.down"] = (experts, hidden, width)
    return out


def replace(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that it is the old one or the new one, never a part; OSError leaves nothing behind."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_bytes(path: Path) -> bytes:
    """The content of a checkpoint's file; CheckpointError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"no checkpoint: cannot read {path}: {error.strerror}") from error


def to_hf(state: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Our fused and stacked weights under Hugging Face's names; the router stays in float32."""
    out = {"model.embed_tokens.weight": state["embed.weight"], "model.norm.weight": state["norm.weight"]}
    q, kv = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
    for layer in range(config.num_hidden_layers):
        ours, theirs = f"blocks.{layer}.", f"model.layers.{layer}."
        for name, weight in zip("qkv", torch.split(state[f"{ours}attention.qkv.weight"], [q, kv, kv]), strict=True):
            out[f"{theirs}self_attn.{name}_proj.weight"] = weight
        out[f"{theirs}self_attn.o_proj.weight"] = state[f"{ours}attention.out.weight"]
        out[f"{theirs}input_layernorm.weight"] = state[f"{ours}attention_norm.weight"]
        out[f"{theirs}post_attention_layernorm.weight"] = state[f"{ours}mlp_norm.weight"]
        out |= _moe_to_hf(state, ours, theirs) if layer else _swiglu_to_hf(state, f"{ours}mlp.", f"{theirs}mlp.")
    exact = (".gate.weight", ".e_score_correction_bias")
    return {
        name: weight.to("cpu", torch.float32 if name.endswith(exact) else torch.bfloat16).contiguous()
        for name, weight in out.items()
    }


def _moe_to_hf(state: Mapping[str, Tensor], ours: str, theirs: str) -> dict[str, Tensor]:
    ours, theirs = f"{ours}mlp.", f"{theirs}mlp."
    out = {
        f"{theirs}gate.weight": state[f"{ours}router.weight"],
        f"{theirs}moe_statics.e_score_correction_bias": state[f"{ours}router.bias"],
    }
    stacked = zip(state[f"{ours}experts.gate_up"], state[f"{ours}experts.down"], strict=True)
    for index, (gate_up, down) in enumerate(stacked):
        one = {"gate_up.weight": gate_up, "down.weight": down}
        out |= _swiglu_to_hf(one, "", f"{theirs}experts.{index}.")
    return out | _swiglu_to_hf(state, f"{ours}shared.", f"{theirs}shared_experts.")


def _swiglu_to_hf(state: Mapping[str, Tensor], ours: str, theirs: str) -> dict[str, Tensor]:
    gate, up = state[f"{ours}gate_up.weight"].chunk(2)
    weights = {"gate": gate, "up": up, "down": state[f"{ours}down.weight"]}
    return {f"{theirs}{name}_proj.weight": weight for name, weight in weights.items()}


def from_hf(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The opposite of `to_hf`; KeyError for a missing tensor."""
    out = {"embed.weight": tensors["model.embed_tokens.weight"], "norm.weight": tensors["model.norm.weight"]}
    for layer in range(config.num_hidden_layers):
        ours, theirs = f"blocks.{layer}.", f"model.layers.{layer}."
        out[f"{ours}attention.qkv.weight"] = torch.cat(
            [tensors[f"{theirs}self_attn.{name}_proj.weight"] for name in "qkv"]
        )
        out[f"{ours}attention.out.weight"] = tensors[f"{theirs}self_attn.o_proj.weight"]
        out[f"{ours}attention_norm.weight"] = tensors[f"{theirs}input_layernorm.weight"]
        out[f"{ours}mlp_norm.weight"] = tensors[f"{theirs}post_attention_layernorm.weight"]
        if layer:
            out |= _moe_from_hf(tensors, f"{ours}mlp.", f"{theirs}mlp.", config.moe_num_experts)
        else:
            out |= _swiglu_from_hf(tensors, f"{ours}mlp.", f"{theirs}mlp.")
    return out


def _moe_from_hf(tensors: Mapping[str, Tensor], ours: str, theirs: str, experts: int) -> dict[str, Tensor]:
    each = [_swiglu_from_hf(tensors, "", f"{theirs}experts.{index}.") for index in range(experts)]
    return {
        f"{ours}router.weight": tensors[f"{theirs}gate.weight"],
        f"{ours}router.bias": tensors[f"{theirs}moe_statics.e_score_correction_bias"],
        f"{ours}experts.gate_up": torch.stack([one["gate_up.weight"] for one in each]),
        f"{ours}experts.down": torch.stack([one["down.weight"] for one in each]),
        **_swiglu_from_hf(tensors, f"{ours}shared.", f"{theirs}shared_experts."),
    }


def _swiglu_from_hf(tensors: Mapping[str, Tensor], ours: str, theirs: str) -> dict[str, Tensor]:
    gate_up = torch.cat([tensors[f"{theirs}gate_proj.weight"], tensors[f"{theirs}up_proj.weight"]])
    return {f"{ours}gate_up.weight": gate_up, f"{ours}down.weight": tensors[f"{theirs}down_proj.weight"]}
