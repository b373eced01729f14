"""The sizes of the decoder, under the names that Hugging Face's `Ernie4_5_MoeConfig` gives them.

Knows nothing of weights or files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

ARCHITECTURE = "Ernie4_5_MoeForCausalLM"


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the first shipped model; layer 0 is dense, all others hold experts."""

    vocab_size: int = 4096
    hidden_size: int = 256
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    moe_num_experts: int = 12
    moe_k: int = 2
    moe_intermediate_size: int = 128
    moe_num_shared_experts: int = 2
    max_position_embeddings: int = 512
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if self.hidden_size % (2 * self.num_attention_heads) or self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("the heads do not divide the hidden size, or the key-value heads the heads")
        if not 0 < self.moe_k <= self.moe_num_experts <= 256:
            raise ValueError("a token chooses between 1 and all of at most 256 experts")

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def moe_layers(self) -> int:
        """How many layers hold experts."""
        return self.num_hidden_layers - 1

    @property
    def intermediate_size(self) -> int:
        """Width of the dense layer; llama.cpp's converter derives the shared experts' width from it by this rule."""
        return self.num_key_value_heads * self.moe_num_shared_experts * self.moe_intermediate_size

    def to_hf(self, *, pad: int, bos: int, eos: int) -> dict[str, Any]:
        """The content of config.json."""
        return {
            "architectures": [ARCHITECTURE],
            "model_type": "ernie4_5_moe",
            **asdict(self),
            "head_dim": self.head_dim,
            "intermediate_size": self.intermediate_size,
            "moe_layer_start_index": 1,
            "moe_layer_end_index": self.num_hidden_layers - 1,
            "moe_layer_interval": 1,
            "hidden_act": "silu",
            "use_bias": False,
            "tie_word_embeddings": True,
            "pad_token_id": pad,
            "bos_token_id": bos,
            "eos_token_id": eos,
            "dtype": "bfloat16",
        }

    @classmethod
    def from_hf(cls, data: Mapping[str, Any]) -> ModelConfig:
        """Read config.json; KeyError or ValueError when it is not of our layout."""
        if data["architectures"] != [ARCHITECTURE] or data["moe_layer_start_index"] != 1:
            raise ValueError(f"not a checkpoint of {ARCHITECTURE} with one dense layer")
        return cls(**{field.name: data[field.name] for field in fields(cls)})
