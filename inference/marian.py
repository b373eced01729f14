"""Translates from one language to another with a Marian model of transformers, from a local directory. No network."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

BREAK = re.compile(r"(\s*\n\s*|(?<=[.!?…])\s+)")  # between sentences, and between lines
LONGEST = 480  # tokens of a sentence, of the 512 that the models know


class MarianError(Exception):
    """There is no translation; `passes` says whether another attempt may bring one."""

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes


class Marian:
    """One direction; `translate` may be called from any thread, one call at a time does its work."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer, self._model = tokenizer, model
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> Marian:
        """The model of a directory as transformers saves it; MarianError when it holds none."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that sacremoses would tidy punctuation before
                tokenizer = transformers.MarianTokenizer.from_pretrained(path, local_files_only=True)
            factory: Any = transformers.MarianMTModel
            model = factory.from_pretrained(path, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError, KeyError, TypeError, ImportError, SafetensorError) as error:
            raise MarianError(f"{path} holds no Marian model: {error}") from error
        return cls(tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval())

    def translate(self, texts: Sequence[str], *, seconds: float) -> list[str]:
        """The texts, sentence by sentence; spaces and lines between sentences stay as they are."""
        end = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise MarianError("the model is busy", passes=True)
        try:
            return [self._text(text, end) for text in texts]
        finally:
            self._lock.release()

    def _text(self, text: str, end: float) -> str:
        parts = BREAK.split(text.strip())
        said = self._sentences([part for part in parts[::2] if part], end)
        translated = iter(said)
        parts[::2] = [next(translated) if part else "" for part in parts[::2]]
        return "".join(parts)

    def _sentences(self, sentences: list[str], end: float) -> list[str]:
        batch = self._tokenizer(sentences, return_tensors="pt", padding=True).to(self._model.device)
        if batch["input_ids"].shape[1] > min(LONGEST, self._model.config.max_position_embeddings):
            raise MarianError("a sentence is too long for the model")
        with torch.inference_mode():
            written = self._model.generate(**batch, max_time=max(0.05, end - time.monotonic()))
        if time.monotonic() >= end:
            raise MarianError("the model took too long", passes=True)
        return [text.strip() for text in self._tokenizer.batch_decode(written, skip_special_tokens=True)]
