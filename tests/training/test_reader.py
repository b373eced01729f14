"""A short training of the reader and of the retriever, on two pages."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.encoder import Encoder, shared_encoder
from inference.reader import Page, Reader, Scale, new
from training import reader, retriever
from training.reading import Pool, Question

PAGES = (
    Page("Deposits", ("We hold £80 when you collect the bike.", "It comes back within 5 days.")),
    Page("Hours", ("We open at nine on weekdays.", "The shop is closed on Sundays.")),
)
ASKED = (
    ("how much do you hold", {(0, 0)}),
    ("what is the deposit", {(0, 0)}),
    ("when do i get it back", {(0, 1)}),
    ("how long until the money returns", {(0, 1)}),
    ("when do you open", {(1, 0)}),
    ("are you there at ten on tuesday", {(1, 0)}),
    ("open on sunday?", {(1, 1)}),
    ("can i come at the weekend", {(1, 1)}),
    ("do you sell helmets", set()),
    ("who won the cup", set()),
)
POOL = Pool("otters", PAGES, tuple(Question(text, frozenset(answers)) for text, answers in ASKED))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return shared_encoder()


def surprise(trained: Reader, encoder: Encoder) -> float:
    """Mean negative log-likelihood of the right sentences, or of none."""
    looks = reader.look(trained, encoder, reader.cases([POOL], encoder.embed))
    plain = [Scale().probabilities(one.logits, one.near) for one in looks]
    right = [own[one.answers].sum() if one.answerable else 1 - own.sum() for own, one in zip(plain, looks, strict=True)]
    return -float(np.log(right).mean())


def test_training_makes_the_answers_likelier(encoder: Encoder) -> None:
    torch.manual_seed(0)
    before = surprise(new(encoder).eval(), encoder)
    trained = reader.train(encoder, reader.cases([POOL], encoder.embed), [], "cpu", passes=20)
    assert surprise(trained, encoder) < 0.8 * before


def test_the_scale_is_fitted_to_what_is_right() -> None:
    rng = np.random.default_rng(0)
    looks = []
    for number in range(200):  # four sentences; the nearest one answers, unless all are far
        near = rng.uniform(0, 1, 4) * (number % 4 != 0)
        answers = (near == near.max()) & (near > 0)
        looks.append(reader.Look(f"company {number % 5}", rng.normal(size=4), near, answers, bool(answers.any())))
    figures = reader.judge(looks)
    assert figures.right > 0.9 and figures.off < 0.1
    assert reader.fit(looks).near > 3


def test_tuning_brings_questions_to_their_pages(encoder: Encoder) -> None:
    def margin(upper: torch.nn.Module) -> float:
        asked = [question for question in POOL.questions if question.answers]
        pages = encoder.embed([page.text for page in PAGES], upper)
        scores = encoder.embed([question.text for question in asked], upper) @ pages.T
        own = [next(iter(question.answers))[0] for question in asked]
        return float(np.mean([row[page] - row[1 - page] for row, page in zip(scores, own, strict=True)]))

    before = margin(encoder.published)
    tuned = retriever.tune(encoder, encoder.upper(), [POOL], [], "cpu", steps=60, rate=3e-4)
    assert margin(tuned) > before + 0.05
