"""The loss of replies with some of the experts masked. Knows nothing of shares or intervals.

Letters: n messages, C categories, E experts, L expert layers, M experts of a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from inference.model import Decoder
from inference.moe import without
from inference.prompt import Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from training import corpus

BATCH = 20

Losses = NDArray[np.float32]
Experts = NDArray[np.int64]
Support = tuple[str, Brief, str]


@dataclass(frozen=True)
class Batch:
    """Messages of one category, by its number: tokens [B, T], and which targets count [B, T - 1].

    A category that the corpus lacks has the number -1.
    """

    category: int
    tokens: Tensor
    counts: Tensor


def batches(tokenizer: Tokenizer, turns: Sequence[Support]) -> list[Batch]:
    """All messages in their order; a batch ends where the category does."""
    found = []
    for category, group in groupby(turns, key=lambda turn: turn[1].category):
        rows = [training_example(tokenizer, [Turn("customer", text)], brief, reply) for text, brief, reply in group]
        for some in (rows[i : i + BATCH] for i in range(0, len(rows), BATCH)):
            tokens = pad_sequence([torch.tensor(ids) for ids, _ in some], batch_first=True)
            counts = pad_sequence([torch.tensor(mask) for _, mask in some], batch_first=True)
            number = corpus.CATEGORIES.index(category) if category in corpus.CATEGORIES else -1
            found.append(Batch(number, tokens, counts[:, 1:]))
    return found


@torch.inference_mode()
def reply_losses(model: Decoder, data: Sequence[Batch]) -> Losses:
    """Each message's mean loss over its reply [n], in nats a token."""
    losses = []
    for batch in data:
        hidden, _ = model.hidden(batch.tokens[:, :-1])
        logits, targets = model.logits(hidden[batch.counts]), batch.tokens[:, 1:][batch.counts]
        each = torch.zeros(batch.counts.shape)
        each[batch.counts] = F.cross_entropy(logits, targets, reduction="none")
        losses.append(each.sum(dim=1) / batch.counts.sum(dim=1))
    return np.asarray(torch.cat(losses).numpy(), np.float32)


def knock_out(model: Decoder, data: Sequence[Batch]) -> Losses:
    """Losses [n, E] in nats a token with each expert in turn masked in all layers."""
    columns = []
    for expert in range(model.config.moe_num_experts):
        with without(model, [expert]):
            columns.append(reply_losses(model, data))
    return np.stack(columns, axis=1)


def kept(model: Decoder, data: Sequence[Batch], pool: Experts) -> Losses:
    """Losses [n] in nats a token when the messages of category c find only the experts pool[c] [L, M]."""
    losses = []
    for batch in data:
        rest = [np.setdiff1d(np.arange(model.config.moe_num_experts), layer) for layer in pool[batch.category]]
        with without(model, np.stack(rest)):
            losses.append(reply_losses(model, [batch]))
    return np.concatenate(losses)


def elsewhere(model: Decoder, data: Sequence[Batch], pool: Experts) -> Losses:
    """Losses [n] in nats a token when a message finds only another category's experts; mean over these [C, L, M]."""
    losses = [kept(model, data, np.roll(pool, shift, axis=0)) for shift in range(1, len(pool))]
    return np.asarray(np.mean(losses, axis=0), np.float32)
