"""What one more expert brought, beside a training of all weights: figures, their file and their table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "added_expert.json"


@dataclass(frozen=True)
class Run:
    """One seed: mean losses of held-out replies in nats a token, of the new category and elsewhere.

    `words` and `replies` are the new expert's shares of the routing in the new category, `*_elsewhere` in the others.
    """

    seed: int
    added: float
    added_elsewhere: float
    retrained: float
    retrained_elsewhere: float
    words: float
    replies: float
    words_elsewhere: float
    replies_elsewhere: float


@dataclass(frozen=True)
class Added:
    """What one more expert brought; `read` is the part of held-out messages whose category triage tells."""

    category: str
    came_from: str
    version: str
    learned_from: int
    held_out: int
    held_out_elsewhere: int
    steps: int
    before: float
    before_elsewhere: float
    read: float
    read_elsewhere_before: float
    read_elsewhere: float
    runs: list[Run] = field(default_factory=list)

    def save(self, directory: Path) -> None:
        """Write `FILE`."""
        (directory / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    def part(self, run: Run) -> float:
        """Part of the gain of training all weights that the new expert alone reaches."""
        return (self.before - run.added) / (self.before - run.retrained)

    def cost(self, run: Run) -> float:
        """Rise of the loss elsewhere, in percent."""
        return 100 * (run.added_elsewhere / self.before_elsewhere - 1)


def table(added: Added) -> str:
    """The figures as Markdown; over several seeds the mean, in brackets the lowest and the highest."""
    runs = added.runs
    spread = [
        ("loss of the new category before, nats a token", [added.before], ".3f"),
        ("with the new expert", [run.added for run in runs], ".3f"),
        ("with all weights trained", [run.retrained for run in runs], ".3f"),
        ("part of that gain, percent", [100 * added.part(run) for run in runs], ".1f"),
        ("loss elsewhere before, nats a token", [added.before_elsewhere], ".4f"),
        ("with the new expert", [run.added_elsewhere for run in runs], ".4f"),
        ("rise, percent", [added.cost(run) for run in runs], ".2f"),
        ("with all weights trained", [run.retrained_elsewhere for run in runs], ".4f"),
        ("the new expert's share of the new category's replies, percent", [100 * r.replies for r in runs], ".1f"),
        ("of its customers' words", [100 * r.words for r in runs], ".1f"),
        ("of the others' replies", [100 * r.replies_elsewhere for r in runs], ".2f"),
        ("of the others' customers' words", [100 * r.words_elsewhere for r in runs], ".2f"),
        ("new messages whose category triage tells, percent", [100 * added.read], ".1f"),
        ("others before, percent", [100 * added.read_elsewhere_before], ".1f"),
        ("others with the new category, percent", [100 * added.read_elsewhere], ".1f"),
    ]
    lines = [f"| {name} | {_shown(values, digits)} |" for name, values, digits in spread]
    head = (
        f"{added.category}: {added.learned_from} tickets learned from, {added.held_out} held out, beside "
        f"{added.held_out_elsewhere} messages of other categories; {added.steps} steps, {len(runs)} seeds.\n"
    )
    return "\n".join([head, f"| | {added.came_from} -> {added.version} |", "| --- | ---: |", *lines])


def _shown(values: Sequence[float], digits: str) -> str:
    mean = f"{sum(values) / len(values):{digits}}"
    return mean if len(values) == 1 else f"{mean} ({min(values):{digits}} to {max(values):{digits}})"
