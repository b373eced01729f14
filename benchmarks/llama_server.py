"""llama.cpp's own server on a GGUF file, in this process: the peer. Token ids in, token ids out, greedy.

Knows no product and nothing of our engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import torch  # noqa: F401  (brings the OpenMP library that llama.cpp needs, where the system has none)
import xllamacpp

CERTAIN = 1e4  # a bias on a token's logit that no other outweighs; the log-probabilities told are those without it
PLAIN = {"temperature": 0, "samplers": ["temperature"], "return_tokens": True, "cache_prompt": False}


@dataclass(frozen=True)
class Continuation:
    """Tokens that followed a prompt; the server's own times in seconds, without the way over HTTP."""

    tokens: list[int]
    prompt_s: float
    further_s: float

    @property
    def per_token_s(self) -> float:
        """Time of a token after the first."""
        return self.further_s / max(1, len(self.tokens) - 1)


class LlamaServer:
    """A running server. Without `half` it keeps keys and values in float32, not in its usual float16."""

    def __init__(self, path: Path, *, context: int, threads: int = 1, slots: int = 1, half: bool = True) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = context * slots, slots
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = 0  # else it copies the cache of each finished reply
        params.fit_params = False
        params.verbosity = -1
        if not half:
            params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
            params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._server: Any = xllamacpp.Server(params)
        self._http = httpx.Client(base_url=self._server.listening_address, timeout=60)

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()
        self._server = None

    def tokenize(self, text: str) -> list[int]:
        """Ids of a plain text."""
        ids: list[int] = self._post("/tokenize", content=text, add_special=False, parse_special=False)["tokens"]
        return ids

    def greedy(self, prompt: Sequence[int], max_tokens: int) -> Continuation:
        """The likeliest tokens after `prompt`, up to the end of the reply."""
        told = self._post("/completion", prompt=list(prompt), n_predict=max_tokens, **PLAIN)
        times = told["timings"]
        return Continuation(told["tokens"], times["prompt_ms"] / 1000, times["predicted_ms"] / 1000)

    def logprobs(self, prompt: Sequence[int], reply: Sequence[int]) -> list[float]:
        """Natural log-probability of each token of `reply` after `prompt` and the tokens before it."""
        return [self._logprob([*prompt, *reply[:index]], token) for index, token in enumerate(reply)]

    def _logprob(self, before: list[int], token: int) -> float:
        forced = PLAIN | {"n_predict": 1, "n_probs": 1, "logit_bias": [[token, CERTAIN]], "cache_prompt": True}
        told = self._post("/completion", prompt=before, **forced)["completion_probabilities"][0]
        assert told["id"] == token
        return float(told["logprob"])

    def _post(self, path: str, **content: Any) -> dict[str, Any]:
        answer = self._http.post(path, json=content)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told
