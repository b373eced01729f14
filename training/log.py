"""The figures of a run in a CSV file. What stands behind the last saved state is written with it and no sooner."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

TRAINING = ("loss", "validation", "learning_rate", "tokens/s")
ROUTER = ("balance", "z", "mi", "prior", "hardening", "least", "most", "dead", "entropy")


class Table:
    """Rows of a file, one for each step; those of steps that a stopped run did not keep are taken out."""

    def __init__(self, path: Path, step: int) -> None:
        self._path, self._rows = path, list[dict[str, str]]()
        before = []
        if path.exists():
            with path.open(newline="") as file:
                before = [row for row in csv.DictReader(file) if (row["step"] or "").isdigit()]
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, ("step", *TRAINING, *ROUTER), restval="", extrasaction="ignore")
            table.writeheader()
            table.writerows(row for row in before if int(row["step"]) <= step)

    def __call__(self, step: int, figures: Mapping[str, float]) -> None:
        self._rows.append({"step": str(step)} | {name: f"{value:.5g}" for name, value in figures.items()})

    def flush(self) -> None:
        """Write what came so far."""
        with self._path.open("a", newline="") as file:
            table = csv.DictWriter(file, ("step", *TRAINING, *ROUTER), restval="", extrasaction="ignore")
            table.writerows(self._rows)
        self._rows.clear()
