"""A checkpoint directory: weights, sizes, tokenizer and the experts' cards together, in the Hugging Face layout.

transformers and llama.cpp read the same directory. Knows nothing of the engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save as write_tensors
from torch import Tensor

from inference.config import ModelConfig
from inference.model import Decoder
from inference.tokenizer import FILE as TOKENIZER
from inference.tokenizer import Tokenizer
from inference.weights import MARK, WEIGHTS, CheckpointError, read_bytes, read_weights, replace, stored, to_hf

__all__ = ["CheckpointError", "CheckpointInfo", "blank_card", "load", "read", "save", "version"]

CONFIG, EXPERTS = "config.json", "experts.json"


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
    replace(directory / TOKENIZER, tokenizer.proto)
    replace(directory / CONFIG, _json(config.to_hf(**special)))
    replace(directory / "generation_config.json", _json({f"{name}_token_id": i for name, i in special.items()}))
    replace(directory / "tokenizer_config.json", _json(_tokenizer_config(config, tokenizer)))
    replace(directory / EXPERTS, _json(_card(card)))
    weights = write_tensors(to_hf(model.state_dict(), config), metadata=MARK)
    replace(directory / WEIGHTS, weights)
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
    state, raw = stored(directory, config)
    tokenizer = _tokenizer(directory, config)
    card = _read_json(directory / EXPERTS)
    sizes: dict[str, Any] = {"layers": config.moe_layers, "n_experts": config.moe_num_experts, "k": config.moe_k}
    return config, state, tokenizer, CheckpointInfo(version=_version(raw), **_card(card), **sizes)


def blank_card(name: str, config: ModelConfig) -> dict[str, Any]:
    """The card of a checkpoint whose experts have not been looked at yet."""
    experts = [{"name": f"expert {index}", "categories": []} for index in range(config.moe_num_experts)]
    return {"name": name, "experts": experts}


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
    read_bytes(directory / TOKENIZER)
    try:
        tokenizer = Tokenizer(directory / TOKENIZER)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{directory / TOKENIZER} is not a tokenizer of ours: {error}") from error
    if tokenizer.vocab_size != config.vocab_size:
        raise CheckpointError(f"{directory / TOKENIZER} has {tokenizer.vocab_size} pieces, not {config.vocab_size}")
    return tokenizer


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
    return _version(read_weights(directory))


def _version(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()[:12]


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_bytes(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} is not a JSON object")
    return data
