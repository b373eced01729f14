"""Intents of a new category for a triage head and an out-of-scope score that stay as they are for the old ones.

The rows of the new intents learn beside the frozen ones, on the new messages and on old ones that the head was not
fitted on; the score gets the centres of the new intents.
Letters: n messages, C old intents, M new intents, F features, L expert layers, E experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference import triage
from inference.encoder import WIDTH
from inference.lexical import lexical as lexical_rows
from inference.scope import Scope
from inference.triage import Triage

Label = tuple[str, str]
Features = NDArray[np.float32]


def widen(head: Triage, layers: int) -> Triage:
    """The head for a model with one expert more, the last: its share of the routing says nothing yet."""
    shares = head.dense[:, WIDTH:].view(len(head.dense), layers, -1)  # [C, L, E]
    return replace(head, dense=torch.cat([head.dense[:, :WIDTH], F.pad(shares, (0, 1)).flatten(1)], dim=1))


def extend(head: Triage, vectors: Features, texts: Sequence[str], labels: Sequence[Label]) -> Triage:
    """The head with the intents of `labels` that it lacks; `vectors` [n, F] are the messages' features."""
    added = sorted(set(labels) - set(head.intents))
    intents = [*head.intents, *added]
    target = torch.tensor([intents.index(label) for label in labels])
    words = lexical_rows(texts, head.idf.numpy())
    # Only the words of the new messages can speak for the new intents.
    used = np.unique(words[np.flatnonzero(target.numpy() >= len(head.intents))].indices)
    dense, lexical = torch.from_numpy(vectors), torch.from_numpy(words[:, used].toarray())
    frozen = F.linear(dense, head.dense, head.bias) + torch.from_numpy(words @ head.lexical.float().numpy().T)
    rows = _fit(dense, lexical, frozen, target)
    full = torch.zeros(len(added), head.lexical.shape[1])
    full[:, used] = rows[1]
    return replace(
        head,
        dense=torch.cat([head.dense, rows[0]]),
        lexical=torch.cat([head.lexical, full.half()]),
        bias=torch.cat([head.bias, rows[2]]),
        intents=intents,
    )


def extend_scope(scope: Scope, vectors: Features, labels: Sequence[Label]) -> Scope:
    """The score for a head with the intents of `labels` beside its own: their messages' vectors [n, F] lie within."""
    added = sorted(set(labels))
    own = np.array([added.index(label) for label in labels])
    means = np.stack([vectors[own == intent, :WIDTH].mean(axis=0) for intent in range(len(added))])
    centres = torch.from_numpy(means) @ scope.whiten.float()
    return replace(
        scope,
        outside=F.pad(scope.outside, (0, len(added))),
        centres=torch.cat([scope.centres, centres.to(scope.centres.dtype)]),
    )


def scope_without(scope: Scope, head: Triage, category: str) -> Scope:
    """The score for a head that has lost a category within the scope; `head` is the one before."""
    kept = torch.tensor([own != category for own, _ in head.intents])
    within = scope.outside == 0
    return replace(scope, outside=scope.outside[kept], centres=scope.centres[kept[within]])


def without(head: Triage, category: str) -> Triage:
    """The head without a category's intents: its messages are read as the nearest other ones, mostly unsurely."""
    kept = [i for i, (own, _) in enumerate(head.intents) if own != category]
    intents = [head.intents[i] for i in kept]
    return replace(head, dense=head.dense[kept], lexical=head.lexical[kept], bias=head.bias[kept], intents=intents)


def _fit(dense: Tensor, lexical: Tensor, frozen: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows [M, F], [M, words] and [M] beside given logits [n, C], with the weight decays of `triage.fit`."""
    added = int(target.max()) + 1 - frozen.shape[1]
    weights = [torch.zeros(added, part.shape[1], requires_grad=True) for part in (dense, lexical)]
    bias = torch.zeros(added, requires_grad=True)
    optimiser = torch.optim.LBFGS([*weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimiser.zero_grad()
        found = F.linear(dense, weights[0], bias) + F.linear(lexical, weights[1])
        value = F.cross_entropy(torch.cat([frozen, found], dim=1), target, reduction="sum")
        decays = zip(weights, (triage.DENSE, triage.LEXICAL), strict=True)
        value = value + sum((weight.square().sum() / (2 * c) for weight, c in decays), torch.zeros(()))
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return weights[0].detach(), weights[1].detach(), bias.detach()
