"""A checkpoint directory: weights, sizes, tokenizer and the experts' cards together, in the Hugging Face layout.

transformers and llama.cpp read the same directory. Knows nothing of the engine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from inference.config import ModelConfig
from inference.model import Decoder
from inference.tokenizer import FILE as TOKENIZER
from inference.tokenizer import Tokenizer

WEIGHTS, CONFIG, EXPERTS = "model.safetensors", "config.json", "experts.json"


class CheckpointError(Exception):
    """The directory holds no checkpoint that we can load; the message says why."""


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says of itself; `version` is the first 12 hex digits of its weights' SHA-256.

    `needs_order` names the intents that only an order's state can answer; a triage that is less sure than
    `hand_off_below` is better left to a person.
    """

    version: str
    name: str
    experts: list[dict[str, Any]]
    layers: int
    n_experts: int
    k: int
    needs_order: list[str]
    hand_off_below: float


def save(directory: Path, model: Decoder, config: ModelConfig, tokenizer: Tokenizer, card: Mapping[str, Any]) -> str:
    """Write a checkpoint and return its version; `card` holds `name` and one card per expert in `experts`.

    Each file is replaced as a whole; the weights come last.
    """
    directory.mkdir(parents=True, exist_ok=True)
    special = {"pad": tokenizer.pad, "bos": tokenizer.bos, "eos": tokenizer.end}
    _replace(directory / TOKENIZER, tokenizer.proto)
    _replace(directory / CONFIG, _json(config.to_hf(**special)))
    _replace(directory / "generation_config.json", _json({f"{name}_token_id": i for name, i in special.items()}))
    _replace(directory / "tokenizer_config.json", _json(_tokenizer_config(config, tokenizer)))
    _replace(directory / EXPERTS, _json(_card(card)))
    weights = write_tensors(_to_hf(model.state_dict(), config), metadata={"format": "pt"})
    _replace(directory / WEIGHTS, weights)
    return _version(weights)


def load(directory: Path) -> tuple[Decoder, Tokenizer, CheckpointInfo]:
    """Read a checkpoint; CheckpointError when it is missing, truncated or of another layout."""
    config, state, tokenizer, info = read(directory)
    model = Decoder(config)
    model.load_state_dict(state, strict=False)
    return model.eval(), tokenizer, info


def read(directory: Path) -> tuple[ModelConfig, dict[str, Tensor], Tokenizer, CheckpointInfo]:
    """What `load` reads, the weights by the names of `Decoder` and as they are stored; the same errors."""
    config = _config(directory)
    raw = _read(directory / WEIGHTS)
    try:
        state = _from_hf(parse_tensors(raw), config)
        _check(state, config)
    except SafetensorError as error:
        raise CheckpointError(f"{directory / WEIGHTS} is truncated or damaged: {error}") from error
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{directory / WEIGHTS} does not fit its {CONFIG}: {error}") from error
    tokenizer = _tokenizer(directory, config)
    card = _read_json(directory / EXPERTS)
    sizes: dict[str, Any] = {"layers": config.moe_layers, "n_experts": config.moe_num_experts, "k": config.moe_k}
    return config, state, tokenizer, CheckpointInfo(version=_version(raw), **_card(card), **sizes)


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


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    policy = {"needs_order": [], "hand_off_below": 0.5}
    return {"name": card["name"], "experts": list(card["experts"]), **{k: card.get(k, v) for k, v in policy.items()}}


def _config(directory: Path) -> ModelConfig:
    data = _read_json(directory / CONFIG)
    try:
        return ModelConfig.from_hf(data)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{directory / CONFIG} is not of our layout: {error}") from error


def _tokenizer(directory: Path, config: ModelConfig) -> Tokenizer:
    _read(directory / TOKENIZER)
    try:
        tokenizer = Tokenizer(directory / TOKENIZER)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{directory / TOKENIZER} is not a tokenizer of ours: {error}") from error
    if tokenizer.vocab_size != config.vocab_size:
        raise CheckpointError(f"{directory / TOKENIZER} has {tokenizer.vocab_size} pieces, not {config.vocab_size}")
    return tokenizer


def _to_hf(state: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
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


def _from_hf(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The opposite of `_to_hf`; KeyError for a missing tensor."""
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


def _tokenizer_config(config: ModelConfig, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": tokenizer.piece(tokenizer.end),
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "add_bos_token": False,
        "add_prefix_space": False,
        "legacy": False,
        "model_max_length": config.max_position_embeddings,
    }


def version(directory: Path) -> str:
    """The version of a checkpoint, without loading it; CheckpointError when it is missing."""
    return _version(_read(directory / WEIGHTS))


def _version(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()[:12]


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"no checkpoint: cannot read {path}: {error.strerror}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_read(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} is not a JSON object")
    return data
