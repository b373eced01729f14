"""Choosing the next token: banned tokens, greedy, temperature, top-p, a seed for each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Choice:
    """How one request chooses: `banned` [vocabulary] is true for tokens it must never give."""

    temperature: float
    top_p: float
    banned: Tensor
    generator: torch.Generator


def choose(logits: Tensor, choices: Sequence[Choice]) -> tuple[list[int], list[float]]:
    """The next token of each row of logits [B, vocabulary], and its log-probability at temperature 1."""
    logits = logits.float().masked_fill(torch.stack([choice.banned for choice in choices]), -torch.inf)
    logprobs = logits.log_softmax(dim=-1)
    ids = logprobs.argmax(dim=-1)
    for row, choice in enumerate(choices):
        if choice.temperature > 0:
            ids[row] = _draw(logprobs[row], choice)
    return ids.tolist(), logprobs.gather(1, ids.unsqueeze(1)).squeeze(1).tolist()


def _draw(logprobs: Tensor, choice: Choice) -> int:
    """Sample from the fewest tokens whose probabilities reach `top_p`."""
    probs, ids = (logprobs / choice.temperature).softmax(dim=-1).sort(descending=True)
    probs[probs.cumsum(dim=0) - probs >= choice.top_p] = 0
    return int(ids[torch.multinomial(probs, 1, generator=choice.generator)])
