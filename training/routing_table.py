"""Which experts serve which category: `python -m training.routing_table` prints it for the checkpoint and its twin.

On the held-out customer messages: their words, before any label stands in the prompt, and a reply to them. The twin was
trained on the same tokens without the category term; where there is none (`make train` leaves one in var/), its columns
are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from inference import checkpoint
from training import corpus, finish
from training.train import HERE, WORK

Shares = finish.Features


def shuffled(shares: Shares, categories: list[str]) -> float:
    """The same measure with the labels shuffled: what chance alone gives."""
    rng = np.random.default_rng(0)
    return float(np.mean([finish.information(shares, rng.permutation(categories).tolist()).mean() for _ in range(20)]))


def lines(directories: dict[str, Path]) -> list[str]:
    """The table of information per layer, then the share of each expert by category of the first checkpoint."""
    categories, turns = finish.support_turns(corpus.held_out())
    columns: dict[str, Shares] = {}
    for name, directory in directories.items():
        model, tokenizer, _ = checkpoint.load(directory)
        words, replies = finish.route(model, tokenizer, turns)
        columns |= {f"words, {name}": words, f"replies, {name}": replies}
    found = {name: finish.information(values, categories) for name, values in columns.items()}
    out = ["| layer | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for layer in range(len(next(iter(found.values())))):
        out.append(f"| {layer + 1} | " + " | ".join(f"{values[layer]:.3f}" for values in found.values()) + " |")
    out.append("| mean | " + " | ".join(f"**{values.mean():.3f}**" for values in found.values()) + " |")
    out.append("| labels shuffled | " + " | ".join(f"{shuffled(v, categories):.3f}" for v in columns.values()) + " |")
    return [
        *out,
        "",
        "Share of each expert in the replies, by category:",
        "",
        *_shares(list(columns.values())[1], categories),
    ]


def _shares(shares: Shares, categories: list[str]) -> list[str]:
    given = finish.by_category(shares, categories).mean(axis=1)
    lift = given / given.mean(axis=0)
    out = ["| category | " + " | ".join(f"e{i}" for i in range(given.shape[1])) + " | top lift |"]
    out.append("|---" * (given.shape[1] + 2) + "|")
    for row, name in enumerate(corpus.CATEGORIES):
        cells = " | ".join(f"{value:.0%}" for value in given[row])
        out.append(f"| {name} | {cells} | {lift[row].max():.1f}x |")
    return out


def main() -> int:
    """Print the tables in Markdown."""
    directories = {"with the term": HERE.parent / "models" / "fennmoor"}
    twin = WORK / "fennmoor-twin-model"
    if twin.exists():
        directories["twin without"] = twin
    print("Mutual information of expert and category, as a part of its highest value (0 none, 1 all):\n")
    print("\n".join(lines(directories)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
