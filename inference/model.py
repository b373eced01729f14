"""The decoder: attention with a slotted key-value cache, blocks, logits. Hugging Face's Ernie 4.5 MoE, in our words.

Knows nothing of text, sampling or requests.
Letters: B sequences, T tokens, S keys, H heads, G key-value heads, d head width, D hidden size, N = B*T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.config import ModelConfig
from inference.moe import MoE, Routing, SwiGLU


@dataclass(frozen=True)
class ModelOutput:
    """logits [B, T, vocabulary] and the routing of each expert layer, over the B*T tokens in order."""

    logits: Tensor
    routing: list[Routing]


@dataclass(frozen=True)
class KVCache:
    """Keys and values [layer, slot, G, context, d]; a slot is one sequence's room."""

    keys: Tensor
    values: Tensor

    @classmethod
    def allocate(cls, config: ModelConfig, slots: int) -> KVCache:
        """Room for `slots` sequences of the model's whole context."""
        shape = (
            config.num_hidden_layers,
            slots,
            config.num_key_value_heads,
            config.max_position_embeddings,
            config.head_dim,
        )
        return cls(torch.zeros(shape), torch.zeros(shape))

    def rows(self, start: int, stop: int) -> KVCache:
        """The same memory, narrowed to some slots: row b of a forward pass uses slot `start + b`."""
        return KVCache(self.keys[:, start:stop], self.values[:, start:stop])

    def copy(self, source: int, target: int, length: int) -> None:
        """Put the first `length` tokens of slot `source` into slot `target`."""
        for store in (self.keys, self.values):
            store[:, target, :, :length] = store[:, source, :, :length]

    def update(self, layer: int, key: Tensor, value: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Write a layer's new keys and values [B, G, T, d]; return all up to the longest row [B, G, S, d]."""
        keys, values = self.keys[layer], self.values[layer]
        keys[step.slots, :, step.positions] = key.transpose(1, 2)
        values[step.slots, :, step.positions] = value.transpose(1, 2)
        return keys[:, :, : step.length], values[:, :, : step.length]


@dataclass(frozen=True)
class Step:
    """What all layers of one forward pass share: rotation [B, 1, T, d/2], mask, and where the cache is written."""

    rotation: Tensor
    slots: Tensor  # [B, 1]
    positions: Tensor  # [B, T]
    length: int
    mask: Tensor | None  # [B, 1, H/G * T, S]; None: causal over the tokens given


class Attention(nn.Module):
    """Grouped-query attention with interleaved rotary positions."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        self.qkv = nn.Linear(config.hidden_size, (self.heads + 2 * self.groups) * config.head_dim, bias=False)
        self.out = nn.Linear(self.heads * config.head_dim, config.hidden_size, bias=False)

    def forward(self, x: Tensor, step: Step, cache: KVCache | None) -> Tensor:
        count, length, _ = x.shape
        qkv = self.qkv(x).view(count, length, self.heads + 2 * self.groups, -1).transpose(1, 2)
        turned = _rotate(qkv[:, : self.heads + self.groups], step.rotation)
        query, key = turned[:, : self.heads], turned[:, self.heads :]
        value = qkv[:, self.heads + self.groups :]
        if cache is None:
            out = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        else:
            keys, values = cache.update(self.layer, key, value, step)
            # The heads of a group stand in line as more queries of it: no copy of keys for each head.
            query = query.reshape(count, self.groups, -1, query.shape[-1])
            out = F.scaled_dot_product_attention(query, keys, values, attn_mask=step.mask)
            out = out.view(count, self.heads, length, -1)
        return self.out(out.transpose(1, 2).reshape(count, length, -1))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention, then the dense feed-forward of layer 0 or the experts of the others."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.attention = Attention(config, layer)
        self.mlp_norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.mlp = MoE(config) if layer else SwiGLU(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor, step: Step, cache: KVCache | None) -> tuple[Tensor, Routing | None]:
        x = x + self.attention(self.attention_norm(x), step, cache)
        tokens = self.mlp_norm(x).flatten(0, 1)  # [N, D]
        out, routing = self.mlp(tokens) if isinstance(self.mlp, MoE) else (self.mlp(tokens), None)
        return x + out.view_as(x), routing


class Decoder(nn.Module):
    """The whole model; embeddings and output share their weights."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        # No buffer: `to(dtype)` would drop the imaginary part.
        self.rotation = rotation(config)
        self.apply(self.initialise)

    def initialise(self, module: nn.Module) -> None:
        """Normal weights of 0.02, smaller where a block writes to the residual stream."""
        writes = 0.02 / math.sqrt(2 * self.config.num_hidden_layers)
        for name, weight in module.named_parameters(recurse=False):
            if name in ("gate_up", "down") or (name == "weight" and not isinstance(module, nn.RMSNorm)):
                nn.init.normal_(weight, std=writes if name == "down" else 0.02)
        for child in (getattr(module, "down", None), getattr(module, "out", None)):
            if isinstance(child, nn.Linear):
                nn.init.normal_(child.weight, std=writes)

    def forward(self, tokens: Tensor, cache: KVCache | None = None, positions: Tensor | None = None) -> ModelOutput:
        """Logits for tokens [B, T]; with a cache, row b continues slot b at `positions` [B, T]."""
        hidden, routing = self.hidden(tokens, cache, positions)
        return ModelOutput(self.logits(hidden), routing)

    def hidden(
        self, tokens: Tensor, cache: KVCache | None = None, positions: Tensor | None = None
    ) -> tuple[Tensor, list[Routing]]:
        """The last layer's states [B, T, D] and the routing, for callers that need few logits or none."""
        step = self.step(tokens, positions, cached=cache is not None)
        x = self.embed(tokens)
        routings: list[Routing] = []
        for block in self.blocks:
            x, routing = block(x, step, cache)
            if routing is not None:
                routings.append(routing)
        return self.norm(x), routings

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token for states [..., D]."""
        return F.linear(hidden, self.embed.weight)

    def set_noise(self, scale: float) -> None:
        """Scale of the router's noise while training; 0 turns it off."""
        for block in self.blocks:
            if isinstance(block.mlp, MoE):
                block.mlp.router.noise = scale

    def step(self, tokens: Tensor, positions: Tensor | None = None, *, cached: bool = False) -> Step:
        """What the layers share in one pass over tokens [B, T]; see `forward`."""
        count, length = tokens.shape
        if positions is None:
            positions = torch.arange(length, device=tokens.device).expand(count, length)
        rotation = self.rotation.to(tokens.device)[positions].unsqueeze(1)
        if not cached:
            return Step(rotation, positions[:, :1], positions, length, None)
        longest = int(positions.max()) + 1
        mask = positions.unsqueeze(-1) >= torch.arange(longest, device=tokens.device)  # [B, T, S]
        heads = self.config.num_attention_heads // self.config.num_key_value_heads
        slots = torch.arange(count, device=tokens.device).unsqueeze(1)
        return Step(rotation, slots, positions, longest, mask.repeat(1, heads, 1).unsqueeze(1))


def rotation(config: ModelConfig) -> Tensor:
    """Unit complex numbers [context, d/2] that turn a pair of neighbours by its position."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
    angles = torch.arange(config.max_position_embeddings).unsqueeze(1) / config.rope_theta**exponents
    return torch.polar(torch.ones_like(angles), angles)


def _rotate(x: Tensor, rotation: Tensor) -> Tensor:
    pairs = torch.view_as_complex(x.float().view(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rotation).flatten(-2).to(x.dtype)
