"""How good the answers to held-out messages are, and article drafts, and how far the experts specialise.

Each is a command of its own with its own process: the one sets Django up, the other loads a twin.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.held_out import LABELS
from benchmarks.questions import MODEL
from benchmarks.table import table


def report() -> str:
    """The table of the assistant's answers."""
    title = "Held-out customer messages through the whole assistant"
    return table(title, ["", "share"], rows(_printed("benchmarks.held_out", "--json")))


def routing() -> str:
    """The tables of the experts."""
    title = "How far the experts specialise by category"
    return f"### {title}\n\n{_printed('training.specialise', '--checkpoint', str(MODEL))}"


def drafts() -> str:
    """The tables of article drafts and rewrites."""
    return _printed("benchmarks.drafts")


def rows(score: str) -> list[list[str]]:
    """Label and share of each figure of a score, which is JSON on the last line."""
    told = json.loads(score.splitlines()[-1])
    return [[label, f"{told[name]:.1%}"] for name, label in LABELS.items()]


def _printed(module: str, *options: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-4000:]}")
    return done.stdout
