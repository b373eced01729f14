"""Our engine against llama.cpp on the same weights: `python -m benchmarks.llama` prints what was measured last.

`--again` measures anew and keeps it in `results/llama.json`: whether llama.cpp writes the same, what 8 bits cost, and
how fast both are, by turns in one process.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xllamacpp

from benchmarks import interchange, machine
from benchmarks.interchange import Llama, Reference
from benchmarks.llama_server import LlamaServer
from benchmarks.questions import MAX_TOKENS, MODEL, SLOTS, Question, questions
from benchmarks.table import ratio, table
from inference import checkpoint
from inference.engine import Completion, Engine, Params
from inference.gguf import TYPES, convert
from inference.prompt import build
from inference.tokenizer import FILE, Tokenizer
from inference.weights import replace

RESULTS = Path(__file__).parent / "results" / "llama.json"
KIND = "q8_0"
THREADS = (1, 2)  # of llama.cpp; its better figure counts
SAMPLES = 16  # replies of a round, one at a time
TOGETHER = 8
ROUNDS = 5


@dataclass(frozen=True)
class Speed:
    """One engine: seconds to the first token and for each further one, alone; tokens per second of 8 at once."""

    name: str
    first_s: list[float]
    per_token_s: list[float]
    together: list[float]


@dataclass(frozen=True)
class Reply:
    """What an engine says of one reply, in seconds, without the way to its caller."""

    tokens: int
    first_s: float
    per_token_s: float


Write = Callable[[Question], Reply]


def speeds(rounds: int = ROUNDS, samples: int = SAMPLES) -> list[Speed]:
    """Our engine, then llama.cpp on 1 and on 2 threads; all are measured in each round, one after the other."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        path = Path(folder) / f"{KIND}.gguf"
        convert(MODEL, path, KIND)
        engine = running.enter_context(Engine.load(MODEL, slots=TOGETHER))
        writers: dict[str, Write] = {"our engine": partial(_ours, engine)}
        for threads in THREADS:
            server = LlamaServer(path, context=interchange.context(), threads=threads, slots=TOGETHER)
            writers[_label(threads)] = partial(_theirs, running.enter_context(server), Tokenizer(MODEL / FILE))
        found = {name: Speed(name, [], [], []) for name in writers}
        for write in writers.values():
            write(questions(1)[0])
        for _ in range(rounds):
            for name, write in writers.items():
                _measure(write, questions(samples), found[name])
    return list(found.values())


def _label(threads: int) -> str:
    return f"llama.cpp, Q8_0, {threads} thread{'s' * (threads > 1)}"


def _measure(write: Write, asked: Sequence[Question], into: Speed) -> None:
    alone = [write(question) for question in asked]
    into.first_s.extend(reply.first_s for reply in alone)
    into.per_token_s.extend(reply.per_token_s for reply in alone)
    begun = time.perf_counter()
    with ThreadPoolExecutor(TOGETHER) as pool:
        tokens = sum(reply.tokens for reply in pool.map(write, questions(TOGETHER)))
    into.together.append(tokens / (time.perf_counter() - begun))


def _ours(engine: Engine, question: Question) -> Reply:
    *_, done = engine.stream(question.turns, Params(brief=question.brief, slots=SLOTS, max_tokens=MAX_TOKENS))
    assert isinstance(done, Completion)
    further = (done.total_s - done.first_token_s) / max(1, done.completion_tokens - 1)
    return Reply(done.completion_tokens, done.first_token_s, further)


def _theirs(server: LlamaServer, tokenizer: Tokenizer, question: Question) -> Reply:
    prompt = build(tokenizer, question.turns, question.brief, room=interchange.ROOM).ids
    done = server.greedy(prompt, MAX_TOKENS)
    return Reply(len(done.tokens), done.prompt_s, done.per_token_s)


def measure() -> dict[str, Any]:
    """Everything, as it is stored."""
    head = {
        "date": date.today().isoformat(),
        "machine": machine.describe(),
        "checkpoint": checkpoint.version(MODEL),
        "llama.cpp": f"xllamacpp {xllamacpp.__version__}",
    }
    found = speeds()  # first: the rest keeps the machine busy
    reference = Reference()
    return {
        **head,
        "speeds": [asdict(speed) for speed in found],
        "prompts": len(reference.asked),
        "texts": len(reference.texts),
        "ours": asdict(reference.own),
        "llama": [asdict(reference.compare(kind)) for kind in TYPES],
    }


def report(stored: dict[str, Any]) -> str:
    """The tables of what is stored."""
    head = (
        f"Measured on {stored['date']}: checkpoint {stored['checkpoint']}, {stored['llama.cpp']}; {stored['machine']}."
    )
    own, *others = [Speed(**speed) for speed in stored["speeds"]]
    measured = [Llama(**one) for one in stored["llama"]]
    agreement = interchange.llama_table(stored["prompts"], stored["texts"], Llama(**stored["ours"]), measured)
    return "\n".join([head, "", _speed_table(own, others), agreement])


def _speed_table(own: Speed, others: Sequence[Speed]) -> str:
    heads = ["", "first token, ms", "further token, ms", "p95", "tokens/s of one", f"tokens/s of {TOGETHER} at once"]
    rows = [_row(speed) for speed in (own, *others)]
    one, many = max(map(_alone, others)), max(map(_together, others))
    best = ["ours / llama.cpp at its best", "", "", "", ratio(_alone(own), one), ratio(_together(own), many)]
    return table("Speed on the same weights", heads, [*rows, best])


def _row(speed: Speed) -> list[str]:
    first, further = 1000 * np.median(speed.first_s), 1000 * np.quantile(speed.per_token_s, [0.5, 0.95])
    times = [f"{first:.1f}", f"{further[0]:.2f}", f"{further[1]:.2f}"]
    return [speed.name, *times, f"{_alone(speed):.0f}", f"{_together(speed):.0f}"]


def _alone(speed: Speed) -> float:
    return float(1 / np.median(speed.per_token_s))


def _together(speed: Speed) -> float:
    return float(np.median(speed.together))


def main() -> None:
    """Print what is stored; measure it first where nothing is, or when asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llama", description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure, and keep what was measured")
    if parser.parse_args().again or not RESULTS.exists():
        found = measure()
        replace(RESULTS, (json.dumps(found, indent=1) + "\n").encode())
    print(report(json.loads(RESULTS.read_text("utf-8"))))


if __name__ == "__main__":
    main()
