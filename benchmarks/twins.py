"""The twins that `python -m training.compare` has trained on the same tokens, side by side.

Losses and training times are stored ones; decoding and reading are timed here, all arms in turn. Knows no product.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from benchmarks.table import table
from inference.model import Decoder, KVCache
from training import corpus, twins
from training.compare import ABLATIONS, ARMS, CONFIG, TWINS, Result, stored
from training.train import Config

PEER = "dense, equal active"
STEPS, PROMPT = 16, 128
FLOAT32 = 4  # bytes
EXPERTS = {
    "words": "information, words",
    "replies": "information, replies",
    "lift": "lift",
    "ratio": "own expert masked: own rise by others'",
    "kept": "own 25 % kept: rise of the loss in percent",
    "wrong": "another category's 25 %: rise in percent",
}


ABLATED = ["", "held-out loss", "information, words", "information, replies", "lowest to highest load", "dead experts"]


def report() -> str:
    """The tables of this part."""
    return tables(stored())


def tables(results: Sequence[Result], rounds: int = 15) -> str:
    """Those of some runs, each arm of `ARMS` in its order."""
    runs = {arm: [one for one in results if one.arm == arm] for arm in ARMS}
    done = {arm: some for arm, some in runs.items() if some}
    twin = {arm: done[arm] for arm in TWINS if arm in done}
    size, tokens = Config.read(CONFIG).model, twin[PEER][0].tokens
    sized = f"Twins of hidden size {size.hidden_size} and {size.num_hidden_layers} layers on the same {tokens:,} tokens"
    heads = ["", "parameters", "active", "held-out loss", "time to the peer's loss", "tokens/s in training"]
    rates = ["", "decoding, tokens/s", "reading, tokens/s", "MB of weights read for a token", "MB of weights"]
    named = [f"{arm}, {len(some)} seeds" if len(some) > 1 else arm for arm, some in twin.items()]
    switched = {arm: done[arm] for arm in ("ours", *ABLATIONS) if arm in done}
    return "\n".join(
        [
            table(sized, heads, [_row(arm, some, twin[PEER]) for arm, some in twin.items()]),
            table("The twins, one sequence, in PyTorch's single operations", rates, _speeds(twin, rounds)),
            table("Held-out loss of the twins by category", ["category", *named], _categories(twin)),
            table("Specialisation of the twins", ["", *EXPERTS.values()], _experts(twin)),
            table("Each term of the router switched off", ABLATED, [_ablation(*each) for each in switched.items()]),
        ]
    )


def _row(arm: str, results: Sequence[Result], peer: Sequence[Result]) -> list[str]:
    parts = [share for share in (_share(one, peer[0]) for one in results) if share is not None]
    reached = (
        f"{_spread([100 * part for part in parts], 0)} %"
        if len(parts) == len(results)
        else f"{len(parts)} of {len(results)} runs reach it"
    )
    speed = [one.tokens / one.seconds for one in results]
    one = results[0]
    return [
        arm,
        f"{one.parameters / 1e6:.2f} M",
        f"{one.active / 1e6:.2f} M",
        _spread([one.loss for one in results], 3),
        reached,
        f"{np.mean(speed):,.0f}",
    ]


def _share(one: Result, peer: Result) -> float | None:
    """The time until a run has the last loss of the peer's first run, as a part of the peer's whole time."""
    goal, whole = peer.curve[-1][1], peer.curve[-1][0]
    return next((seconds / whole for seconds, loss in one.curve if loss <= goal), None)


def _spread(values: Sequence[float], digits: int) -> str:
    """The mean, and from the second seed on the lowest and the highest."""
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _categories(twin: Mapping[str, Sequence[Result]]) -> list[list[str]]:
    return [
        [name, *(f"{np.mean([one.categories[name] for one in some]):.3f}" for some in twin.values())]
        for name in corpus.CATEGORIES
    ]


def _experts(twin: Mapping[str, Sequence[Result]]) -> list[list[str]]:
    measured = {arm: [one.experts for one in some if one.experts] for arm, some in twin.items()}
    return [
        [f"{arm}, {len(some)} seeds", *(_spread([one[key] for one in some], 2) for key in EXPERTS)]
        for arm, some in measured.items()
        if some
    ]


def _ablation(arm: str, results: Sequence[Result]) -> list[str]:
    one = results[0]
    experts, load = one.experts or {}, one.load or (0.0, 0.0)
    return [
        arm,
        f"{one.loss:.3f}",
        f"{experts['words']:.3f}",
        f"{experts['replies']:.3f}",
        f"{load[0]:.2f} to {load[1]:.2f}",
        f"{one.dead}",
    ]


def _speeds(twin: Mapping[str, Sequence[Result]], rounds: int) -> list[list[str]]:
    torch.set_num_threads(1)
    models = {arm: _untrained(arm) for arm in twin}
    decode, read = _rates(models, _decode, rounds, STEPS), _rates(models, _read, rounds, PROMPT)
    return [
        [
            arm,
            f"{decode[arm]:.0f}",
            f"{read[arm]:,.0f}",
            f"{some[0].active * FLOAT32 / 1e6:.1f}",
            f"{some[0].parameters * FLOAT32 / 1e6:.1f}",
        ]
        for arm, some in twin.items()
    ]


def _untrained(arm: str) -> Decoder:
    config = ARMS[arm](Config.read(CONFIG))
    torch.manual_seed(config.seed)
    return twins.build(config.model, config.variant).eval()


@torch.inference_mode()
def _rates(
    models: Mapping[str, Decoder], work: Callable[[Decoder, KVCache], None], rounds: int, tokens: int
) -> dict[str, float]:
    """Tokens a second, the median of some rounds; the models take turns within each."""
    seconds: dict[str, list[float]] = {arm: [] for arm in models}
    for _ in range(1 + rounds):
        for arm, model in models.items():
            cache = KVCache.allocate(model.config, 1)
            twins.tell(model, torch.zeros(1, dtype=torch.long), torch.zeros(1, 1, dtype=torch.long), context=-1)
            began = time.perf_counter()
            work(model, cache)
            seconds[arm].append(time.perf_counter() - began)
    return {arm: tokens / float(np.median(some[1:])) for arm, some in seconds.items()}


def _decode(model: Decoder, cache: KVCache) -> None:
    """A token at a time behind a short prompt."""
    token = torch.tensor([[7]])
    for step in range(STEPS):
        hidden, _ = model.hidden(token, cache, torch.tensor([[PROMPT + step]]))
        token = model.logits(hidden).argmax(dim=-1)


def _read(model: Decoder, cache: KVCache) -> None:
    model.hidden(torch.arange(PROMPT).unsqueeze(0) + 20, cache, torch.arange(PROMPT).unsqueeze(0))
