"""A checkpoint in other programs: `python -m benchmarks.interchange` shows how far transformers and llama.cpp agree.

The messages are those that training never read and those of the other benchmarks. Measures no speed.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.llama_server import LlamaServer
from benchmarks.questions import MODEL, SLOTS, Question, questions
from benchmarks.table import table
from inference import checkpoint
from inference.engine import Completion, Engine, Params
from inference.gguf import TYPES, convert
from inference.prompt import Turn, build, training_example
from inference.tokenizer import Tokenizer
from training import corpus, specialise

TOKENS = 64  # of a continuation
SLOTS_AT_ONCE = 8
ROOM = 256  # tokens of a prompt; no question needs more


@dataclass(frozen=True)
class Transformers:
    """The largest difference of a logit in float32, and the share of tokens with the same experts in all layers."""

    tokens: int
    difference: float
    experts: float


@dataclass(frozen=True)
class Llama:
    """Shares of `prompts` with the same greedy text and of `texts` with the same ids; bits per byte of replies."""

    kind: str
    prompts: int
    same: float
    texts: int
    ids: float
    bits: float


def in_transformers(per_category: int = 8) -> Transformers:
    """Compare logits and experts on whole held-out examples."""
    from transformers import Ernie4_5_MoeForCausalLM  # noqa: PLC0415  (seconds that llama.cpp's part need not wait)

    torch.set_num_threads(1)
    model, tokenizer, _ = checkpoint.load(MODEL)
    peer = Ernie4_5_MoeForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    differences, same = [], []
    for prompt, reply in _examples(tokenizer, per_category):
        ids = torch.tensor([prompt + reply])
        with torch.inference_mode(), _choices(peer) as chosen:
            theirs, ours = peer(ids).logits, model(ids)
        differences.append((theirs - ours.logits).abs().max().item())
        pairs = zip(chosen, ours.routing, strict=True)
        same += torch.stack([(a.sort().values == b.ids.sort().values).all(-1) for a, b in pairs]).all(0).tolist()
    return Transformers(len(same), max(differences), float(np.mean(same)))


@contextmanager
def _choices(peer: nn.Module) -> Iterator[list[Tensor]]:
    """The ids of the experts that transformers' routers choose, layer by layer, while it runs."""
    chosen: list[Tensor] = []
    routers = [part for part in peer.modules() if type(part).__name__ == "Ernie4_5_MoeTopKRouter"]
    hooks = [part.register_forward_hook(lambda _part, _given, out: chosen.append(out[2])) for part in routers]
    try:
        yield chosen
    finally:
        for hook in hooks:
            hook.remove()


class Reference:
    """What our engine writes and how it cuts texts into tokens, for llama.cpp to repeat."""

    def __init__(self, per_category: int = 8) -> None:
        model, self.tokenizer, _ = checkpoint.load(MODEL)
        self.examples = _examples(self.tokenizer, per_category)
        self.texts = [text for texts in corpus.held_out().values() for text in texts]
        self.asked = questions(36) + _held_out(per_category)
        with Engine.load(MODEL, slots=SLOTS_AT_ONCE) as engine, ThreadPoolExecutor(SLOTS_AT_ONCE) as pool:
            self.replies = list(pool.map(lambda question: _write(engine, question), self.asked))
        self.bits = bits_per_byte(self.tokenizer, self.examples, [_logprobs(model, *pair) for pair in self.examples])

    def compare(self, kind: str, *, half: bool = True) -> Llama:
        """Measure llama.cpp with matrices of `kind`; without `half` its keys and values are float32, too."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{kind}.gguf"
            convert(MODEL, path, kind)
            options: dict[str, Any] = {"context": context(), "slots": SLOTS_AT_ONCE, "half": half}
            with LlamaServer(path, **options) as server, ThreadPoolExecutor(SLOTS_AT_ONCE) as pool:
                written = list(pool.map(lambda question: self._written(server, question), self.asked))
                ids = list(pool.map(server.tokenize, self.texts))
                logprobs = [server.logprobs(*pair) for pair in self.examples]
        return Llama(
            kind=kind,
            prompts=len(self.asked),
            same=float(np.mean([a == b for a, b in zip(written, self.replies, strict=True)])),
            texts=len(self.texts),
            ids=float(np.mean([a == self.tokenizer.encode(text) for a, text in zip(ids, self.texts, strict=True)])),
            bits=bits_per_byte(self.tokenizer, self.examples, logprobs),
        )

    def _written(self, server: LlamaServer, question: Question) -> str:
        prompt = build(self.tokenizer, question.turns, question.brief, room=ROOM).ids
        return self.tokenizer.decode(server.greedy(prompt, TOKENS).tokens)


def _write(engine: Engine, question: Question) -> str:
    *_, done = engine.stream(question.turns, Params(brief=question.brief, slots=SLOTS, max_tokens=TOKENS))
    assert isinstance(done, Completion)
    return done.text


def _held_out(per_category: int) -> list[Question]:
    return [Question(text, brief) for text, brief, _ in specialise.sample(per_category)[1]]


def _examples(tokenizer: Tokenizer, per_category: int) -> list[tuple[list[int], list[int]]]:
    """Prompt and reply of held-out messages, as ids; the reply ends with its end token."""
    pairs = []
    for text, brief, reply in specialise.sample(per_category)[1]:
        ids, counts = training_example(tokenizer, [Turn("customer", text)], brief, reply)
        pairs.append((ids[: counts.index(True)], ids[counts.index(True) :]))
    return pairs


@torch.inference_mode()
def _logprobs(model: nn.Module, prompt: list[int], reply: list[int]) -> list[float]:
    scores = model(torch.tensor([prompt + reply[:-1]])).logits[0, len(prompt) - 1 :].log_softmax(-1)
    told: list[float] = scores.gather(1, torch.tensor(reply).unsqueeze(1))[:, 0].tolist()
    return told


def bits_per_byte(
    tokenizer: Tokenizer, examples: Sequence[tuple[list[int], list[int]]], logprobs: Sequence[Sequence[float]]
) -> float:
    """Of replies, from the natural log-probability of each of their tokens; a slot has the bytes of its `{{name}}`."""
    size = sum(len(tokenizer.decode(reply).encode()) for _, reply in examples)
    return -sum(map(sum, logprobs)) / math.log(2) / size


def context() -> int:
    """Tokens that the model reads at most."""
    return int(json.loads((MODEL / checkpoint.CONFIG).read_text("utf-8"))["max_position_embeddings"])


def llama_table(ours: float, measured: Sequence[Llama]) -> str:
    """Markdown; `ours` is the bits per byte of our model in float32."""
    title = f"The checkpoint in llama.cpp: {measured[0].prompts} prompts, {measured[0].texts} texts"
    heads = ["weights", "same text", "same ids", "bits per byte", "against ours"]
    rows = [["ours, f32", "", "", f"{ours:.4f}", ""]] + [
        [f"llama.cpp, {m.kind}", f"{m.same:.1%}", f"{m.ids:.1%}", f"{m.bits:.4f}", f"{m.bits / ours - 1:+.2%}"]
        for m in measured
    ]
    return table(title, heads, rows)


def main() -> None:
    """Measure and print."""
    found = in_transformers()
    print(f"transformers: logits differ by {found.difference:.1e} at most, float32; {found.experts:.2%} of", end=" ")
    print(f"{found.tokens} tokens have the same experts in all layers.\n", flush=True)
    reference = Reference()
    print(llama_table(reference.bits, [reference.compare(kind, half=kind != "f32") for kind in TYPES]))


if __name__ == "__main__":
    main()
