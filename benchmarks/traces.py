"""What keeping each reply's routing takes: bytes a reply, and the part of the answer's time that writing it down adds.

Replies come from the running product. Writing is packing the traces and the prompt, and the longer row in SQLite, as
the embedded run has it.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.questions import questions
from benchmarks.table import table
from benchmarks.visitor import Visitor
from inference.trace import RoutingTrace
from tests.stack import EmbeddedStack, Row

SAMPLES = 120
ROUNDS = 5
RECORDS = "SELECT reading, routing, prompt, retrieved, total_s FROM chat_generation WHERE length(routing) > 0"
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE kept (routing BLOB, prompt TEXT)"


def report() -> str:
    """The table."""
    stack = EmbeddedStack({})
    try:
        stack.start()
        for question in questions(SAMPLES):
            with Visitor(stack.url) as visitor:
                visitor.ask(question.text)
        rows = stack.rows(RECORDS)[1:]  # the first waited for the model to load
    finally:
        stack.stop()
    sizes = [len(row["reading"]) + len(row["routing"]) + len(str(row["prompt"])) for row in rows]
    answer, packing, saving = (float(np.median(times)) for times in (_answers(rows), _packing(rows), _saving(rows)))
    figures = [
        ["replies", str(len(rows))],
        ["bytes a reply, mean", f"{np.mean(sizes):.0f}"],
        ["bytes a reply, largest", str(max(sizes))],
        ["one answer, ms", f"{answer * 1000:.1f}"],
        ["packing its routing, ms", f"{packing * 1000:.2f}"],
        ["the longer row, ms", f"{saving * 1000:.2f}"],
        ["both, of the answer", f"{(packing + saving) / answer:.2%}"],
    ]
    return table("What keeping the routing takes", ["", "median, unless said"], figures)


def _answers(rows: list[Row]) -> list[float]:
    return [float(row["total_s"]) for row in rows]


def _packing(rows: list[Row]) -> list[float]:
    """Seconds to pack each reply's traces and prompt."""
    traces = [[RoutingTrace.from_bytes(bytes(row[name])) for name in ("reading", "routing")] for row in rows]
    prompts = [json.loads(row["prompt"]) for row in rows]

    def pack(index: int) -> None:
        for trace in traces[index]:
            trace.to_bytes()
        json.dumps(prompts[index])

    return [_best(pack, index) for index in range(len(rows))]


def _saving(rows: list[Row]) -> list[float]:
    """Seconds by which saving a row takes longer with its routing than without."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "kept.sqlite3")
        database.executescript(PRAGMAS)

        def save(routing: bytes, prompt: str) -> None:
            database.execute("INSERT INTO kept VALUES (?, ?)", (routing, prompt))
            database.commit()

        def full(index: int) -> None:
            save(bytes(rows[index]["reading"]) + bytes(rows[index]["routing"]), rows[index]["prompt"])

        def empty(_: int) -> None:
            save(b"", "{}")

        found = [max(0.0, _best(full, index) - _best(empty, index)) for index in range(len(rows))]
        database.close()
    return found


def _best(work: Callable[[int], None], index: int) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work(index)
        times.append(time.perf_counter() - begun)
    return min(times)
