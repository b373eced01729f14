"""Trains the reader: `python -m training.reader DIRECTORY`; on a GPU where PyTorch finds one.

Each question stands beside its pages and the most similar others of their pool. A softmax over all their sentences and
"none of them" is to be even over those that answer (shared normalisation, arXiv 1710.10723).
"""

from __future__ import annotations

import argparse
import random
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from inference.encoder import Encoder
from inference.reader import Page, Reader, Scale, lay_out, new
from training import reading
from training.reading import Pool, Question
from training.tune import set_rates

SEED = 0
PASSES = 5
BATCH, PAGES = 16, 5  # questions of a step, pages beside each
NEAR = 8  # of so many most similar pages a question's others are drawn
DROPPED = 0.15  # share of the questions whose answer is withheld
TYPOS = 0.15  # share of the questions that get one
RATE, HEAD_RATE = 1.5e-4, 1e-3
WARM = 0.05  # share of the steps
PUBLIC = 0.5  # share of the steps, the first ones, that have public questions among theirs
READ = 4  # pages that a held-out question is read beside, as in the product
ENOUGH = 0.5  # probability at which precision and share are told


@dataclass(frozen=True)
class Case:
    """A question of a pool, with the pages that look like it, most similar first."""

    pool: Pool
    question: Question
    near: tuple[int, ...]

    @property
    def answering(self) -> list[int]:
        """The pages that hold an answer."""
        return sorted({page for page, _ in self.question.answers})


@dataclass(frozen=True)
class Look:
    """What the reader makes of one question: for each sentence its logit, its nearness and whether it answers."""

    pool: str
    logits: NDArray[np.float64]
    near: NDArray[np.float64]
    answers: NDArray[np.bool_]
    answerable: bool


@dataclass(frozen=True)
class Figures:
    """Of held-out questions, each read beside the `READ` pages that the tuned encoder finds in its company.

    `found`: an answer is among them, `right`: the best sentence is one, both of the questions that have one. `told`:
    AUROC of its probability for that. `taken`, `precision`: share of the questions where it is `ENOUGH` or more, and
    how often it is right there. `off`: expected calibration error in ten bins.
    """

    questions: int
    found: float
    right: float
    told: float
    taken: float
    precision: float
    off: float


def cases(pools: Sequence[Pool], embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> list[Case]:
    """Every question with the pages of its pool that lie near it."""
    found: list[Case] = []
    for pool in pools:
        scores = embed([question.text for question in pool.questions]) @ embed([page.text for page in pool.pages]).T
        for question, row in zip(pool.questions, scores, strict=True):
            found.append(Case(pool, question, tuple(np.argsort(-row)[: NEAR + 1].tolist())))
    return found


def train(encoder: Encoder, learnt: Sequence[Case], public: Sequence[Case], device: str, passes: int) -> Reader:
    """A reader after `passes` over the companies' questions, in the first half with as many public ones each time."""
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    reader = new(encoder).to(device).train()
    groups = [
        {"params": reader.layers.parameters(), "peak": RATE},
        {"params": reader.score.parameters(), "peak": HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, lr=0, weight_decay=0.02)
    batches = list(_batches(learnt, public, passes, rng))
    for step, batch in enumerate(track(batches, "training the reader")):
        set_rates(optimiser, step, len(batches), WARM * len(batches))
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = _loss(reader, encoder, batch, rng)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return reader.eval()


def look(reader: Reader, encoder: Encoder, held_out: Sequence[Case]) -> list[Look]:
    """Questions that the reader has not learnt from, with its scores."""
    looks = []
    for case in held_out:
        pages = [case.pool.pages[page] for page in case.near[:READ]]
        logits = reader.logits(encoder, case.question.text, pages)
        near = reader.nearness(encoder, case.question.text, pages)
        answers = np.array([place in case.question.answers for place in _places(case.pool, case.near[:READ])])
        looks.append(Look(case.pool.name, logits, near, answers, bool(case.question.answers)))
    return looks


def fit(looks: Sequence[Look]) -> Scale:
    """The scale under which the answers are likeliest, an answer being any of the sentences that give it."""

    def loss(values: NDArray[np.float64]) -> float:
        scale = Scale(*values)
        likely = [scale.probabilities(one.logits, one.near) for one in looks]
        answered = [
            own[one.answers].sum() if one.answers.any() else 1 - own.sum()
            for own, one in zip(likely, looks, strict=True)
        ]
        return -float(np.log(np.maximum(answered, 1e-12)).mean())

    found = minimize(loss, (8.0, 4.0, 1.0), method="Nelder-Mead")
    return Scale(*(float(value) for value in found.x))


def judge(looks: Sequence[Look]) -> Figures:
    """How good the reader is; the scale for a company's questions is fitted on the others."""
    best, right = np.zeros(len(looks)), np.zeros(len(looks), bool)
    for pool in sorted({one.pool for one in looks}):
        scale = fit([one for one in looks if one.pool != pool])
        for number, one in enumerate(looks):
            if one.pool == pool:
                likely = scale.probabilities(one.logits, one.near)
                best[number], right[number] = likely.max(), one.answers[likely.argmax()]
    answerable = np.array([one.answerable for one in looks])
    bins = np.minimum((best * 10).astype(int), 9)
    off = sum(abs(right[bins == n].sum() - best[bins == n].sum()) for n in range(10)) / len(looks)
    return Figures(
        questions=len(looks),
        found=float(np.mean([one.answers.any() for one in looks if one.answerable])),
        right=float(right[answerable].mean()),
        told=float(roc_auc_score(right, best)),
        taken=float((best >= ENOUGH).mean()),
        precision=float(right[best >= ENOUGH].mean()),
        off=float(off),
    )


def _batches(learnt: Sequence[Case], public: Sequence[Case], passes: int, rng: random.Random) -> Iterator[list[Case]]:
    """Batches of the companies' questions alone, or for the first part half and half with public ones."""
    total = passes * len(learnt)
    own = [case for _ in range(passes) for case in rng.sample(learnt, len(learnt))]
    others = rng.sample(public, min(len(public), int(total * PUBLIC / (2 - PUBLIC)))) if public else []
    own.reverse()
    while own:
        half = [others.pop() for _ in range(min(len(others), BATCH // 2))]
        yield half + [own.pop() for _ in range(min(len(own), BATCH - len(half)))]


def _loss(reader: Reader, encoder: Encoder, batch: Sequence[Case], rng: random.Random) -> Tensor:
    """Cross-entropy of the even distribution over the sentences that answer, or of "none does"."""
    questions: list[str] = []
    pages: list[Page] = []
    targets: list[list[bool]] = []
    for case in batch:
        chosen = _drawn(case, rng)
        questions += [_mistyped(case.question.text, rng)] * len(chosen)
        pages += [case.pool.pages[page] for page in chosen]
        targets.append([place in case.question.answers for place in _places(case.pool, chosen)])
    logits = reader(lay_out(encoder, questions, pages)).float()
    losses = []
    for own, target in zip(logits.split([len(target) for target in targets]), targets, strict=True):
        log = torch.cat([own.new_zeros(1), own]).log_softmax(0)
        wanted = torch.tensor([not any(target), *target], device=log.device)
        losses.append(-log[wanted].mean())
    return torch.stack(losses).mean()


def _places(pool: Pool, pages: Sequence[int]) -> list[tuple[int, int]]:
    """The sentences of some pages, in order."""
    return [(page, at) for page in pages for at in range(len(pool.pages[page].sentences))]


def _drawn(case: Case, rng: random.Random) -> list[int]:
    """The pages to read: those with an answer, unless it is withheld, and some of the similar others."""
    answering = [] if rng.random() < DROPPED else case.answering
    others = [page for page in case.near if page not in case.answering]
    room = max(1, PAGES - len(answering))
    chosen = answering + rng.sample(others, min(len(others), room))
    rng.shuffle(chosen)
    return chosen


def _mistyped(text: str, rng: random.Random) -> str:
    """The question, sometimes with two letters swapped, one left out or one wrong."""
    if rng.random() > TYPOS or len(text) < 8:
        return text
    at = rng.randrange(1, len(text) - 2)
    middle = rng.choice((text[at + 1] + text[at], text[at + 1], rng.choice(string.ascii_lowercase) + text[at + 1]))
    return text[:at] + middle + text[at + 2 :]


def main(arguments: list[str] | None = None) -> int:
    """Train, fit the scale on the companies held out, print the figures and write `reader.safetensors`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--passes", type=int, default=PASSES, help="over the companies' questions")
    parser.add_argument("--scale", action="store_true", help="only fit the scale of the reader that is there anew")
    given = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder = Encoder(device)
    as_published = partial(encoder.embed, upper=encoder.published)
    if given.scale:
        reader = Reader.load(given.directory).to(device)
    else:
        learnt = cases(reading.companies(held_out=False), as_published)
        public = cases(reading.public(), as_published)
        print(f"{len(learnt):,} questions of companies, {len(public):,} public ones, on {device}")
        reader = train(encoder, learnt, public, device, given.passes)
    looks = look(reader, encoder, cases(reading.companies(held_out=True), encoder.embed))
    reader.scale = fit(looks)
    print(judge(looks), reader.scale, sep="\n")
    reader.save(given.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
