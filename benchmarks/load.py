"""What loading the engine costs a process that has imported torch: seconds with all imports, and resident memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.questions import MODEL
from benchmarks.table import table

ROUNDS = 5
MEASURED = """
import json, sys, time
import psutil, torch
from pathlib import Path
resident = lambda: psutil.Process().memory_info().rss
idle, begun = resident(), time.perf_counter()
from inference.engine import Brief, Engine, Params, Turn
with Engine.load(Path(sys.argv[1])) as engine:
    seconds, loaded = time.perf_counter() - begun, resident()
    turns = [Turn("customer", "where is my parcel?")]
    reading = engine.read(turns)
    for _ in engine.stream(turns, Params(Brief(reading.category, reading.intent, "answer"))):
        pass
    print(json.dumps([seconds, idle / 2**20, (loaded - idle) / 2**20, (resident() - idle) / 2**20]))
"""


def report() -> str:
    """The table of this part."""
    found = np.array([_measure() for _ in range(ROUNDS)])
    names = [
        "imports and Engine.load, s",
        "a process with torch alone, MiB",
        "more with the engine loaded, MiB",
        "more after a first triage and reply, MiB",
    ]
    rows = [[name, f"{np.median(own):.2f}", f"{own.max():.2f}"] for name, own in zip(names, found.T, strict=True)]
    return table("Loading the engine", ["", "p50", f"worst of {ROUNDS}"], rows)


def _measure() -> list[float]:
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", MEASURED, str(MODEL)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures
