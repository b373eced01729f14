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
from inference.model import Decoder
from inference.prompt import Turn, build, training_example
from inference.tokenizer import Tokenizer
from training import corpus, specialise

TOKENS = 64  # of a continuation
QUESTIONS = 36
AT_ONCE = 8
ROOM = 256  # tokens of a prompt; no question needs more

Example = tuple[list[int], list[int]]  # ids that are given, and those that follow


@dataclass(frozen=True)
class Transformers:
    """The largest difference of a logit in float32, and the share of tokens with the same experts in all layers."""

    tokens: int
    difference: float
    experts: float


@dataclass(frozen=True)
class Llama:
    """Shares with the same greedy text and with the same ids; bits per byte of replies and of customers' words."""

    kind: str
    same: float
    ids: float
    replies: float
    words: float


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
    """What our engine writes, how it cuts texts into tokens and what it expects, for llama.cpp to repeat."""

    def __init__(self, per_category: int = 8) -> None:
        torch.set_num_threads(1)
        model, self.tokenizer, _ = checkpoint.load(MODEL)
        self.texts = [text for texts in corpus.held_out().values() for text in texts]
        self.asked = prompts(per_category)
        self.written = written(self.asked)
        self.replies = _examples(self.tokenizer, per_category)
        start = [self.tokenizer.bos, self.tokenizer.customer]
        self.words = [(start, self.tokenizer.encode(text)) for text, _, _ in specialise.sample(per_category)[1]]
        self.own = Llama("ours", 1.0, 1.0, self._bits(model, self.replies), self._bits(model, self.words))

    def compare(self, kind: str) -> Llama:
        """Measure llama.cpp with matrices of `kind`; beside those in float32 its keys and values are float32, too."""
        options: dict[str, Any] = {"context": context(), "slots": AT_ONCE, "half": kind != "f32"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{kind}.gguf"
            convert(MODEL, path, kind)
            with LlamaServer(path, **options) as server:
                return Llama(
                    kind=f"llama.cpp, {kind}",
                    same=same_text(server, self.tokenizer, self.asked, self.written),
                    ids=same_ids(server, self.tokenizer, self.texts),
                    replies=self._bits(server, self.replies),
                    words=self._bits(server, self.words),
                )

    def _bits(self, model: LlamaServer | Decoder, examples: Sequence[Example]) -> float:
        """Bits per byte of the second part of each example."""
        if isinstance(model, Decoder):
            logprobs = [_logprobs(model, *example) for example in examples]
        else:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                logprobs = list(pool.map(lambda example: model.logprobs(*example), examples))
        size = sum(len(self.tokenizer.decode(ids).encode()) for _, ids in examples)
        return -sum(map(sum, logprobs)) / math.log(2) / size


def prompts(per_category: int) -> list[Question]:
    """Held-out messages, and those of the other benchmarks."""
    return [Question(text, brief) for text, brief, _ in specialise.sample(per_category)[1]] + questions(QUESTIONS)


def written(asked: Sequence[Question]) -> list[str]:
    """What our engine writes, greedily, with every slot allowed and the weights as they are stored."""
    with Engine.load(MODEL, slots=AT_ONCE, storage="bfloat16") as engine, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda question: _write(engine, question), asked))


def _write(engine: Engine, question: Question) -> str:
    *_, done = engine.stream(question.turns, Params(brief=question.brief, slots=SLOTS, max_tokens=TOKENS))
    assert isinstance(done, Completion)
    return done.text


def same_text(server: LlamaServer, tokenizer: Tokenizer, asked: Sequence[Question], ours: Sequence[str]) -> float:
    """Share of the prompts after which llama.cpp writes our text."""

    def write(question: Question) -> str:
        prompt = build(tokenizer, question.turns, question.brief, room=ROOM).ids
        return tokenizer.decode(server.greedy(prompt, TOKENS).tokens)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return float(np.mean([a == b for a, b in zip(pool.map(write, asked), ours, strict=True)]))


def same_ids(server: LlamaServer, tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Share of the texts that llama.cpp cuts into our tokens."""
    return float(np.mean([server.tokenize(text) == tokenizer.encode(text) for text in texts]))


def _examples(tokenizer: Tokenizer, per_category: int) -> list[Example]:
    """Prompt and reply of held-out messages; the reply ends with its end token."""
    pairs = []
    for text, brief, reply in specialise.sample(per_category)[1]:
        ids, counts = training_example(tokenizer, [Turn("customer", text)], brief, reply)
        pairs.append((ids[: counts.index(True)], ids[counts.index(True) :]))
    return pairs


@torch.inference_mode()
def _logprobs(model: Decoder, before: list[int], ids: list[int]) -> list[float]:
    scores = model(torch.tensor([before + ids[:-1]])).logits[0, len(before) - 1 :].log_softmax(-1)
    told: list[float] = scores.gather(1, torch.tensor(ids).unsqueeze(1))[:, 0].tolist()
    return told


def context() -> int:
    """Tokens that the model reads at most."""
    return int(json.loads((MODEL / checkpoint.CONFIG).read_text("utf-8"))["max_position_embeddings"])


def llama_table(prompts: int, texts: int, own: Llama, measured: Sequence[Llama]) -> str:
    """Markdown; each figure of bits per byte beside its rise over ours."""
    title = f"The checkpoint in llama.cpp: {prompts} prompts, {texts} texts"
    heads = ["weights", "same text", "same ids", "bits per byte: replies", "", "customers' words", ""]
    rows = [["ours, float32", "", "", f"{own.replies:.5f}", "", f"{own.words:.4f}", ""]] + [
        [
            *(one.kind, f"{one.same:.1%}", f"{one.ids:.1%}"),
            *(f"{one.replies:.5f}", f"{one.replies / own.replies - 1:+.2%}"),
            *(f"{one.words:.4f}", f"{one.words / own.words - 1:+.2%}"),
        ]
        for one in measured
    ]
    return table(title, heads, rows)


def main() -> None:
    """Measure and print."""
    found = in_transformers()
    print(f"transformers: logits differ by {found.difference:.1e} at most, float32; {found.experts:.2%} of", end=" ")
    print(f"{found.tokens} tokens have the same experts in all layers.\n", flush=True)
    reference = Reference()
    measured = [reference.compare(kind) for kind in TYPES]
    print(llama_table(len(reference.asked), len(reference.texts), reference.own, measured))


if __name__ == "__main__":
    main()
