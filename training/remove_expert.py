"""Switches an expert off: `python -m training.remove_expert --category repairs`, or `--expert 12`.

Its selection bias becomes -1e4 in every layer, so that no token chooses it, in any engine that reads the checkpoint.
Writes a new checkpoint and prints what that costs each category. With `--category` and a category that the corpus
lacks, triage forgets its intents, too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import torch

from inference import checkpoint
from inference.checkpoint import CheckpointError, CheckpointInfo
from inference.model import Decoder
from inference.moe import MASKED, MoE
from inference.scope import Scope
from inference.triage import Triage
from training import corpus, finish, specialise
from training.add_expert import keep
from training.extend import scope_without, without
from training.masking import batches, reply_losses
from training.specialise import MODEL

OFF = " (switched off)"
MESSAGES = 40  # held-out ones of each category


class RemovalError(Exception):
    """The expert cannot be switched off; the message says why."""


def expert_of(info: CheckpointInfo, category: str) -> int:
    """The expert that has most of a category's replies by the cards; RemovalError when no card names the category."""
    shares = [
        (row["share"], expert)
        for expert, card in enumerate(info.experts)
        for row in card["categories"]
        if row["category"] == category and not card["name"].endswith(OFF)
    ]
    if not shares or max(shares)[0] <= 0:
        raise RemovalError(f"no expert of this checkpoint works on the category {category!r}")
    return max(shares)[1]


def switch_off(model: Decoder, expert: int) -> None:
    """Take an expert out of every layer's choice; RemovalError where too few would remain, or there is no such one."""
    if not 0 <= expert < model.config.moe_num_experts:
        raise RemovalError(f"there is no expert {expert}: they are numbered 0 to {model.config.moe_num_experts - 1}")
    routers = [block.mlp.router for block in model.blocks if isinstance(block.mlp, MoE)]
    for router in routers:
        on = router.bias.squeeze(0) > MASKED / 2
        if not on[expert]:
            raise RemovalError(f"expert {expert} is switched off already")
        if int(on.sum()) <= model.config.moe_k:
            raise RemovalError(f"a token needs {model.config.moe_k} experts, and no more are left")
    for router in routers:
        router.bias.data[:, expert] = MASKED


def remove(source: Path, out: Path, expert: int | None, category: str | None, messages: int = MESSAGES) -> str:
    """Write the checkpoint without the expert, as a whole or not at all; a table of what it costs."""
    model, tokenizer, info = checkpoint.load(source)
    number = expert_of(info, category or "") if expert is None else expert
    categories, turns = specialise.sample(messages)
    data = batches(tokenizer, turns)
    before = reply_losses(model, data)
    switch_off(model, number)
    after = reply_losses(model, data)
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        version = checkpoint.save(part, model, model.config, tokenizer, _card(info, number))
        keep(source, part)
        _keep_heads(source, part, None if category in corpus.CATEGORIES else category)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    losses = [finish.by_category(side, categories) for side in (before, after)]
    rows = [
        f"| {name} | {old:.4f} | {new:.4f} | {100 * (new / old - 1):+.1f} |"
        for name, old, new in zip(corpus.CATEGORIES, *losses, strict=True)
    ]
    head_line = (
        f"expert {number} ({info.experts[number]['name']}) off: {info.version} -> {version}, {len(turns)} messages\n"
    )
    return "\n".join(
        [head_line, "| category | loss before, nats a token | after | percent |", "| --- | ---: | ---: | ---: |", *rows]
    )


def _keep_heads(source: Path, target: Path, forgotten: str | None) -> None:
    """Triage and out-of-scope score as they are, but for a category that is forgotten."""
    head, scope = Triage.load(source), Scope.load(source)
    if head is None:
        return
    if scope is not None:
        (scope_without(scope, head, forgotten) if forgotten else scope).save(target)
    (without(head, forgotten) if forgotten else head).save(target)


def _card(info: CheckpointInfo, expert: int) -> dict[str, Any]:
    named = [
        card | {"name": card["name"] + OFF} if number == expert else card for number, card in enumerate(info.experts)
    ]
    return {
        "name": info.name,
        "experts": named,
        "needs_order": info.needs_order,
        "hand_off_below": info.hand_off_below,
    }


def main(arguments: list[str] | None = None) -> int:
    """Switch one expert off and print what it costs; 1 and the reason when it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--expert", type=int, metavar="N", help="its number, from 0")
    which.add_argument("--category", help="the category whose replies it writes")
    parser.add_argument("--checkpoint", type=Path, default=MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="CHECKPOINT-without-N (or -CATEGORY) unless given")
    given = parser.parse_args(arguments)
    name = given.expert if given.category is None else given.category
    out = given.out or given.checkpoint.with_name(f"{given.checkpoint.name}-without-{name}")
    torch.set_num_threads(1)
    try:
        if out.exists():
            raise RemovalError(f"{out} exists; choose another with --out")
        print(remove(given.checkpoint, out, given.expert, given.category))
    except (RemovalError, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\nwrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
