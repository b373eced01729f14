"""Tunes the upper layers of the sentence encoder to tell the intents of the corpus apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as F

from inference import triage
from inference.encoder import LOWER, WIDTH, Encoder, Upper
from inference.lexical import masked

SEED = 0
PASSES = 6
BATCH = 32
LEARNING_RATE, HEAD_RATE = 1e-4, 1e-2
WARM = 0.05  # share of the steps
SHARP = 10.0  # scale of the unit vectors: the softmax over the intents needs more than -1 to 1
SMOOTHING = 0.05
CHUNK = 64


def tune(
    texts: Sequence[str],
    labels: Sequence[tuple[str, str]],
    parts: triage.Split | None = None,
    *,
    passes: int = PASSES,
    lower: int = LOWER,
) -> Upper:
    """The encoder's upper layers after `passes` over the messages that `parts`, else `triage.split`, do not hold back.

    The `lower` layers stay as they are; a checkpoint keeps `LOWER` of them.

    Cross-entropy over the intents with a linear head, which is thrown away: `triage.fit` makes the one that counts.
    """
    torch.manual_seed(SEED)
    rest, _ = parts or triage.split(len(texts))
    names = sorted(set(labels))
    target = torch.tensor([names.index(labels[i]) for i in rest])
    encoder = Encoder()
    states = _states(encoder, [masked(texts[i]) for i in rest], lower)
    upper, head, drop = encoder.upper(lower=lower).train(), nn.Linear(WIDTH, len(names)), nn.Dropout(0.2)
    groups = [{"params": upper.parameters(), "peak": LEARNING_RATE}, {"params": head.parameters(), "peak": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, lr=0, weight_decay=0.05)
    batches = _batches([len(row) for row in states], passes)
    for step, batch in enumerate(track(batches, "tuning the encoder")):
        set_rates(optimiser, step, len(batches), WARM * len(batches))
        logits = head(drop(SHARP * upper(*_padded([states[i] for i in batch]))))
        loss = F.cross_entropy(logits, target[batch], label_smoothing=SMOOTHING)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return upper.eval()


def set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int, warm: float) -> None:
    """Learning rates of a step: up to each group's `peak` over the first `warm` steps, all the time down to 0."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * min(1.0, step / warm) * (1 - step / steps)


def _states(encoder: Encoder, texts: list[str], lower: int) -> list[Tensor]:
    """What the lower layers make of each text [T, 384]; they do not learn, so once is enough."""
    rows: list[Tensor] = []
    for start in range(0, len(texts), CHUNK):
        states, mask = encoder.states(texts[start : start + CHUNK], lower)
        rows += [row[: int(length)].clone() for row, length in zip(states, mask.sum(dim=1), strict=True)]
    return rows


def _padded(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(row) for row in rows]).unsqueeze(1)
    states = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return states, (torch.arange(states.shape[1]) < lengths).float()


def _batches(lengths: list[int], passes: int) -> list[list[int]]:
    """Texts of like length together, in an order of its own for each pass."""
    rng = np.random.default_rng(SEED)
    batches: list[list[int]] = []
    for _ in range(passes):
        order = np.argsort(lengths + rng.uniform(0, 6, len(lengths))).tolist()
        one = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        rng.shuffle(one)
        batches += one
    return batches
