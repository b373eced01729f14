"""The machine that the figures hold for, in words; and how busy it was with other things."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

SETS = ("avx2", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def describe() -> str:
    """One line for the head of a report."""
    cores = len(os.sched_getaffinity(0))
    sets = [name for name in SETS if name in _flags()]
    load = os.getloadavg()[0]
    return (
        f"{cores} cores, {platform.machine()} with {', '.join(sets) or 'no vector instructions'}; "
        f"Python {platform.python_version()}, PyTorch {version('torch')}, transformers {version('transformers')}; "
        f"load before the run {load:.1f}"
    )


def _flags() -> set[str]:
    """Instruction sets of the first processor, as Linux names them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return set(named.partition(":")[2].split())
