"""What torchrun starts in a test: a run of the configuration, state folder and packed folder given."""

from __future__ import annotations

import sys
from pathlib import Path

from training import ranks
from training.config import Config
from training.log import Table
from training.run import Run


def train(config: Path, folder: Path, prepared: Path) -> None:
    """The whole run; it is gone before the processes part."""
    run = Run(Config.read(config), folder, prepared)
    run.train([] if ranks.number() else [Table(folder / "log.csv", 0)])


if __name__ == "__main__":
    with ranks.joined():
        train(*map(Path, sys.argv[1:]))
    threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    assert not any("gloo" in name for name in threads), f"left behind, to abort the exit now and then: {threads}"
