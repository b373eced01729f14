"""What packing the weights costs: bits per byte of replies to messages that training never read, memory and speed.

The reference is the model in float32, by PyTorch. `python -m benchmarks.weights DIRECTORY...` compares checkpoints.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np

from benchmarks.questions import MODEL
from benchmarks.step import by_turns, one_more
from benchmarks.table import table
from inference import checkpoint
from inference.eager import EagerDecoder
from inference.fused import FusedDecoder
from inference.kernels import Storage
from inference.prompt import Brief, Turn, training_example
from inference.scheduler import Pass
from inference.slots import Slots
from inference.tokenizer import Tokenizer
from training import corpus

EVERY = 3  # of the held-out messages


def report() -> str:
    """The table of this part."""
    model, tokenizer, _ = checkpoint.load(MODEL)
    examples = _examples(tokenizer)
    packed = {name: FusedDecoder(model.config, model.state_dict(), name) for name in get_args(Storage)}
    exact = _bits(EagerDecoder(model), examples)
    times = by_turns([one_more(decoder) for decoder in packed.values()])
    size = sum(weight.nbytes for weight in model.parameters())
    rows = [["float32, PyTorch", f"{exact:.5f}", "", f"{size / 1e6:.1f}", ""]]
    for (name, decoder), own in zip(packed.items(), times, strict=True):
        bits = _bits(decoder, examples)
        cells = [f"{bits:.5f}", f"{bits / exact - 1:+.2%}", f"{decoder.weights.nbytes / 1e6:.1f}"]
        rows.append([name, *cells, f"{np.median(own) * 1000:.3f}"])
    heads = ["weights", "bits per byte", "against float32", "megabytes", "the pass of one token, ms"]
    return table(f"{len(examples)} held-out messages with a reply to each", heads, rows)


def _examples(tokenizer: Tokenizer) -> list[tuple[list[int], int, int]]:
    """Ids of a held-out message with a reply of its intent, where the reply begins, and its bytes."""
    intents = {intent.name: intent for intent in corpus.intents()}
    said = [(intents[name], text) for name, texts in corpus.held_out().items() for text in texts][::EVERY]
    out = []
    for index, (intent, text) in enumerate(said):
        reply = intent.replies[index % len(intent.replies)]
        brief = Brief(intent.category, intent.name, "answer")
        ids, counted = training_example(tokenizer, [Turn("customer", text)], brief, reply)
        out.append((ids, counted.index(True), len(reply.encode())))
    return out


def _bits(decoder: Pass, examples: list[tuple[list[int], int, int]]) -> float:
    """Bits per byte of the replies; the bits of their ends count, too."""
    slots, bits = Slots.allocate(decoder.config, 1), 0.0
    for ids, begin, _ in examples:
        read = len(ids) - 1
        rows = np.stack([np.array(ids[:-1]), np.zeros(read, np.int64), np.arange(read)])
        scores = decoder.forward(rows, np.arange(begin - 1, read), slots)
        likely = scores.logits[np.arange(read - begin + 1), ids[begin:]] - scores.total
        bits -= float(likely.sum()) / math.log(2)
    return bits / sum(size for *_, size in examples)


def main(directories: list[str]) -> int:
    """One row for each checkpoint."""
    rows = []
    for directory in directories:
        model, tokenizer, _ = checkpoint.load(Path(directory))
        examples, decoder = _examples(tokenizer), FusedDecoder(model.config, model.state_dict(), "int8")
        began = time.monotonic()
        bits = _bits(decoder, examples)
        size = sum(weight.numel() for weight in model.parameters()) / 1e6
        rows.append([directory, f"{size:.1f}", f"{bits:.4f}", f"{time.monotonic() - began:.2f}"])
    print(table("Replies to held-out messages", ["checkpoint", "million parameters", "bits per byte", "seconds"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
