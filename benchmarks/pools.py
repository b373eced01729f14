"""Letting waiting tickets of one pool in together, against first come, first served: the same tickets, by turns.

On the shipped model, and on a larger one with random weights whose router sends a pool's tokens to its own experts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.questions import MAX_TOKENS, MODEL, SLOTS, questions
from benchmarks.table import ratio, table
from inference import checkpoint
from inference.config import ModelConfig
from inference.fused import FusedDecoder
from inference.job import Completion, Job, Params
from inference.model import Decoder
from inference.prompt import Brief, build
from inference.scheduler import PATIENCE, Scheduler
from inference.tokenizer import Tokenizer

ROUNDS = 5
TICKETS = 96
PLACES = (8, 16)  # tickets that run at once
LARGE = ModelConfig(
    hidden_size=512, num_hidden_layers=8, num_attention_heads=8, moe_num_experts=64, moe_intermediate_size=256
)
POOLS = 12
Made = Callable[[], list[Job]]


def report() -> str:
    """The table of this part."""
    config, state, tokenizer, _ = checkpoint.read(MODEL)
    rows = _rows("shipped", FusedDecoder(config, state), lambda: _asked(tokenizer, config))
    rows += _rows("larger, random", _large(), lambda: _made_up(tokenizer))
    heads = ["model", "megabytes", "at once", "as they came", "pools together", "ratio", "longest wait, s", "pools, s"]
    return table(f"Tokens per second of {TICKETS} mixed tickets that come at once", heads, rows)


def _rows(name: str, decoder: FusedDecoder, made: Made) -> list[list[str]]:
    rows = []
    for places in PLACES:
        found = np.array(
            [[_run(decoder, made(), places, patience) for patience in (0, PATIENCE)] for _ in range(ROUNDS)]
        )
        (came, longest), (pooled, longest_pooled) = np.median(found, axis=0)
        size = f"{decoder.weights.nbytes / 1e6:.0f}"
        cells = [f"{came:.0f}", f"{pooled:.0f}", ratio(pooled, came), f"{longest:.2f}", f"{longest_pooled:.2f}"]
        rows.append([name, size, str(places), *cells])
    return rows


def _run(decoder: FusedDecoder, jobs: list[Job], places: int, patience: int) -> tuple[float, float]:
    """Tokens per second, and seconds until the last reply."""
    scheduler = Scheduler(decoder, slots=places, waiting=len(jobs), patience=patience)
    begun = time.perf_counter()
    for job in jobs:
        scheduler.submit(job)
    done = [_completion(job) for job in jobs]
    tokens = sum(completion.completion_tokens for completion in done)
    rate = tokens / (time.perf_counter() - begun)
    scheduler.close()
    return rate, max(completion.total_s for completion in done)


def _completion(job: Job) -> Completion:
    while True:
        item = job.output.get()
        if isinstance(item, Exception):
            raise item
        if isinstance(item, Completion):
            return item


def _asked(tokenizer: Tokenizer, config: ModelConfig) -> list[Job]:
    asked = questions(TICKETS)
    mixed = [asked[index] for index in np.random.default_rng(0).permutation(TICKETS)]
    prompts = [build(tokenizer, question.turns, question.brief, room=256).ids for question in mixed]
    params = [Params(question.brief, SLOTS, max_tokens=MAX_TOKENS) for question in mixed]
    return [Job(ids, tokenizer, config.moe_num_experts, own) for ids, own in zip(prompts, params, strict=True)]


def _large() -> FusedDecoder:
    """Token p lies along axis p of the states, and the router's expert p looks along it."""
    torch.manual_seed(0)
    model = Decoder(LARGE)
    with torch.no_grad():
        experts = torch.arange(LARGE.moe_num_experts)
        model.embed.weight[experts] = 8 * torch.eye(LARGE.hidden_size)[experts]
        layers: list[Any] = list(model.blocks)[1:]
        for layer in layers:
            weight = layer.mlp.router.weight.zero_()
            weight[experts, experts] = 1.0
            weight[(experts + 1) % len(experts), experts] = 0.5
    return FusedDecoder(LARGE, model.state_dict())


def _made_up(tokenizer: Tokenizer) -> list[Job]:
    """Tickets of 24 tokens with replies of 24, of pools that use experts of their own."""
    pools = np.random.default_rng(0).permutation(np.arange(TICKETS) % POOLS).tolist()
    briefs = [Brief(f"pool {pool}", "any", "answer") for pool in pools]
    return [
        Job([4 + 5 * pool] * 24, tokenizer, LARGE.moe_num_experts, Params(brief, SLOTS, max_tokens=24))
        for pool, brief in zip(pools, briefs, strict=True)
    ]
