"""The figures of a run for a person: TensorBoard's files, and a bar with speed and time left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch.utils.tensorboard import SummaryWriter

from training.log import ROUTER

TOLD = ("loss", "mi", "least", "most")


class Board:
    """TensorBoard's event files in a folder; what a stopped run told of steps behind `step` is taken back."""

    def __init__(self, folder: Path, step: int) -> None:
        self._writer = SummaryWriter(folder, purge_step=step + 1)

    def __call__(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            group = "router" if name in ROUTER else "training"
            self._writer.add_scalar(f"{group}/{name}", value, step)

    def flush(self) -> None:
        """Write what came so far."""
        self._writer.flush()


class Bar:
    """A progress bar, to be used as a context."""

    def __init__(self, step: int, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns)
        self._task = self._progress.add_task("training", total=total, completed=step)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, step: int, figures: Mapping[str, float]) -> None:
        told = " ".join(f"{name} {figures[name]:.3f}" for name in TOLD if name in figures)
        self._progress.update(self._task, completed=step, description=f"{told} {figures['tokens/s']:,.0f} tokens/s")

    def flush(self) -> None:
        """Nothing waits."""
