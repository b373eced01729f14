"""How good the answers to held-out messages are, and which experts serve which category.

Each is a command of its own with its own process: the one sets Django up, the other loads a twin.
"""

from __future__ import annotations

import re
import subprocess
import sys

from benchmarks.table import table


def report() -> str:
    """The table of the assistant's answers."""
    return table(
        "Held-out customer messages through the whole assistant", ["", ""], rows(_printed("benchmarks.held_out"))
    )


def routing() -> str:
    """The tables of the experts."""
    title = "Mutual information of expert and category (1 is the highest), and each category's share per expert"
    return f"### {title}\n\n{_printed('training.routing_table')}"


def rows(printed: str) -> list[list[str]]:
    """Label and figure of each line, which two spaces or more keep apart."""
    return [re.split(r" {2,}", line, maxsplit=1) for line in printed.splitlines() if "  " in line.strip()]


def _printed(module: str) -> str:
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-4000:]}")
    return done.stdout
