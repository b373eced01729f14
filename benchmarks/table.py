"""Markdown tables and the figures in them. Knows nothing of what is measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A titled table; the first column is text, the others are figures."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    lines = (f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
    return "\n".join([f"### {title}", "", *lines, ""])


def milliseconds(seconds: Sequence[float], share: float) -> str:
    """The time that `share` of the samples stay under, as `12.3`."""
    return f"{np.quantile(seconds, share) * 1000:.1f}"


def spread(label: str, seconds: Sequence[float]) -> list[str]:
    """A row: label, p50 and p95 in milliseconds."""
    return [label, milliseconds(seconds, 0.5), milliseconds(seconds, 0.95)]


def ratio(ours: float, other: float) -> str:
    """How many times the other, as `3.1 x`."""
    return f"{ours / other:.2f} x"
