"""Tunes the encoder to search: `python -m training.retriever DIRECTORY`; on a GPU where PyTorch finds one.

A question is drawn to the pages, and to the sentences, that answer it, and away from the others of its pool and batch:
cross-entropy of the even distribution over those that answer (InfoNCE, arXiv 1807.03748).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from inference.encoder import Encoder, Upper
from training import reading
from training.reading import Pool, Question
from training.tune import set_rates

SEED = 0
STEPS = 800
POOLS, QUESTIONS = 4, 24  # of a step; questions of each pool
WHOLE = 16  # pages up to which a pool is looked through as a whole
RATE = 1e-4
WARM = 50  # steps
SHARP = 25.0  # scale of the cosines


def tune(
    encoder: Encoder, upper: Upper, learnt: Sequence[Pool], public: Sequence[Pool], device: str, steps: int, rate: float
) -> Upper:
    """The layers after so many steps; public pools take part in every other one."""
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    upper = upper.to(device).train()
    optimiser = torch.optim.AdamW([{"params": upper.parameters(), "peak": rate}], lr=0, weight_decay=0.02)
    for step in track(range(steps), "tuning the encoder to search"):
        set_rates(optimiser, step, steps, WARM)
        pools = rng.sample(learnt, min(POOLS, len(learnt)))
        pools += rng.sample(public, min(POOLS // 2, len(public))) if step % 2 else []
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = _loss(encoder, upper, [_drawn(pool, rng) for pool in pools], sentences=not step % 2)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
    return upper.eval()


def ranks(encoder: Encoder, upper: Upper, pools: Sequence[Pool]) -> list[int]:
    """For each question with an answer, how many pages of its pool come before the first one that holds it."""
    found: list[int] = []
    for pool in pools:
        asked = [question for question in pool.questions if question.answers]
        pages = encoder.embed([page.text for page in pool.pages], upper)
        order = np.argsort(-(encoder.embed([question.text for question in asked], upper) @ pages.T)).tolist()
        found += [min(row.index(page) for page, _ in one.answers) for one, row in zip(asked, order, strict=True)]
    return found


def _drawn(pool: Pool, rng: random.Random) -> tuple[Pool, list[Question], list[int]]:
    """Some questions of a pool and the pages to look through."""
    asked = [question for question in pool.questions if question.answers]
    asked = rng.sample(asked, min(QUESTIONS, len(asked)))
    whole = len(pool.pages) <= WHOLE
    return pool, asked, [*range(len(pool.pages))] if whole else sorted({p for q in asked for p, _ in q.answers})


def _loss(
    encoder: Encoder, upper: Upper, drawn: Sequence[tuple[Pool, list[Question], list[int]]], *, sentences: bool
) -> Tensor:
    texts: list[str] = []
    asked: list[str] = []
    wanted: list[list[int]] = []
    for pool, questions, pages in drawn:
        places: dict[tuple[int, int | None], int] = {}
        for page in pages:
            head, own = pool.pages[page].heading, pool.pages[page].sentences
            for at in range(len(own)) if sentences else [None]:
                places[page, at] = len(texts)
                texts.append(pool.pages[page].text if at is None else f"{head}: {own[at]}")
        asked += [question.text for question in questions]
        answers = [{(page, at if sentences else None) for page, at in question.answers} for question in questions]
        wanted += [sorted(places[place] for place in one) for one in answers]
    scores = upper(*encoder.states(asked)).float() @ upper(*encoder.states(texts)).float().T
    log = (SHARP * scores).log_softmax(1)
    return -torch.stack([log[row, places].mean() for row, places in enumerate(wanted)]).mean()


def main(arguments: list[str] | None = None) -> int:
    """Tune, print the recall on the companies held out before and after, and write the layers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--further", action="store_true", help="go on from the layers that are there")
    given = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder = Encoder(device)
    upper = encoder.upper(given.directory if given.further else None)
    held_out = reading.companies(held_out=True)

    def tell(when: str) -> None:
        found = np.array(ranks(encoder, upper, held_out))
        print(f"{when}: recall " + ", ".join(f"@{k} {(found < k).mean():.3f}" for k in (1, 3, 5)))

    tell("before")
    learnt = reading.companies(held_out=False)
    upper = tune(encoder, upper, learnt, reading.public(), device, given.steps, given.rate)
    tell("after")
    upper.save(given.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
