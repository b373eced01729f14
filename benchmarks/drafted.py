"""Article drafts and rewrites, on two companies' help pages and questions that no training reads.

A draft is written from made-up conversations: to each question of a page an agent answers with the page's own sentences
that hold the facts, among sentences of one case, each said to another customer. A rewrite is one of those replies.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.companies import SLUGS, Company, Page
from benchmarks.questions import MODEL
from benchmarks.table import table
from inference.engine import Engine
from supportbot.chat.authoring import drafting, wording
from supportbot.chat.authoring.drafting import Line, Said, Source
from supportbot.chat.authoring.general import general
from supportbot.chat.grounding import Evidence, Piece
from supportbot.chat.masking import Rules
from supportbot.chat.quoting import units_of
from supportbot.evaluation.material import Question, plain
from supportbot.evaluation.score import Figure, figure
from supportbot.knowledge.passages import cut

KINDS = ("plain", "typo", "angry")
NAMES = ("Iris Keller", "Tom Abbott", "Noor Haddad", "Pavel Novak", "June Okafor", "Lea Brandt")
# Not one of these was known when the rules were written.
OPENINGS = (
    "Good morning {name}, thanks for getting in touch.",
    "Hey {name}, I hope you are well.",
    "{name}, thank you for waiting.",
)
OF_ONE_CASE = (
    "Let me check that for you, one moment.",
    "It looks like order {order} left our warehouse on Tuesday.",
    "Our courier tried your door at 12 Elm Road, Leeds LS1 4AB.",
    "I will send a copy to {mail}.",
    "The refund for {order} should be with you by Friday, {name}.",
    "Can I call you on +44 20 7946 0958?",
    "There is a note on your account from last week.",
)
CLOSINGS = ("Let me know how you get on!", "All the best from the whole team", "Is there anything else I can do?")
SYLLABLE = re.compile(r"[aeiouy]+", re.IGNORECASE)
CONTRACTION = re.compile(r"\w['’](?:t|s|re|ve|ll|d|m)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A page with its questions, what agents told each asker, and the facts that they told."""

    page: Page
    questions: Sequence[Question]
    replies: Sequence[Sequence[str]]
    secrets: Sequence[str]


def report() -> str:
    """Both tables."""
    cases = [case for slug in SLUGS for case in _cases(Company(slug))]
    with Engine.load(MODEL) as engine:
        rows = _drafts(cases, engine)
    texts = [(" ".join(reply), case, at) for case in cases for at, reply in enumerate(case.replies)][::2]
    return "\n".join(
        [
            table(f"Article drafts, {len(cases)} pages", ["figure, with its 95 % interval", "value"], rows),
            table(
                f"Rewrites of {len(texts)} replies by rules",
                ["", "changed", "facts kept", "words less", "easier to read", "contractions a reply"],
                [_rewrites(way, texts) for way in wording.WAYS],
            ),
        ]
    )


def _cases(company: Company) -> Iterator[Case]:
    asked: dict[str, list[Question]] = defaultdict(list)
    for question in company.questions:
        if question.kind in KINDS and question.language == "en" and question.articles and question.wish.must:
            asked[question.articles[0]].append(question)
    for slug, questions in sorted(asked.items()):
        dice = random.Random(slug)  # the same for each run
        page = company.pages[slug]
        name, order, mail = dice.choice(NAMES), str(dice.randint(10_000, 99_999)), "iris.k@web.example"
        told = [(question, _answer(page, question)) for question in questions]
        told = [(question, answer) for question, answer in told if answer]
        if not told:
            continue
        fill = {"name": name.split()[0], "order": order, "mail": mail}
        replies = [_reply(answer, dice, fill) for _, answer in told]
        yield Case(
            page, [question for question, _ in told], replies, [*name.split(), order, mail, "Elm Road", "7946 0958"]
        )


def _answer(page: Page, question: Question) -> list[str]:
    """The page's sentences that hold the facts, in their order; nothing where a fact stands in none."""
    units = _units(page)
    chosen: list[str] = []
    for group in question.wish.must:
        holding = [unit for unit in units if any(plain(fact) in plain(unit) for fact in group)]
        if not holding:
            return []
        chosen.append(next((unit for unit in holding if unit in chosen), holding[0]))
    at = [units.index(unit) for unit in dict.fromkeys(chosen)]
    beside = {place + 1 for place in at[:1] if place + 1 < len(units)}
    return [units[place] for place in sorted({*at, *beside})]


def _units(page: Page) -> list[str]:
    """The sentences of a page, without what only heads others."""
    units = [unit for piece in cut(page.title, page.body) for unit in units_of(piece.text)]
    return [drafting.BULLET.sub("", unit) for unit in units if "|" not in unit and not unit.endswith((":", ","))]


def _reply(answer: Sequence[str], dice: random.Random, fill: dict[str, str]) -> list[str]:
    """An agent's reply: the answer between what is said to this customer alone."""
    own = dice.sample(OF_ONE_CASE, 2)
    parts = [dice.choice(OPENINGS), own[0], *answer, own[1], dice.choice(CLOSINGS)]
    return [part.format(**fill) if "{" in part else part for part in parts]


def _drafts(cases: Sequence[Case], engine: Engine) -> list[list[str]]:
    kept, strange, private, twice, titled, steps = [], [], [], [], [], []
    for case in cases:
        lines = _written(case, engine)
        text = plain(" ".join(line.text for line in lines))
        said = plain(" ".join(sentence for reply in case.replies for sentence in reply))
        groups = [group for question in case.questions for group in question.wish.must]
        told = [group for group in groups if any(plain(fact) in said for fact in group)]
        kept += [any(plain(fact) in text for fact in group) for group in told]
        units = _units(case.page)
        strange += [not any(plain(line.text) == plain(unit) for unit in units) for line in lines]
        whole = " ".join(line.text for line in lines)
        private.append(any(re.search(rf"\b{re.escape(secret)}\b", whole) for secret in case.secrets))
        twice += [count > 1 for count in _counts(lines)]
        titled.append(bool(drafting.title_of([question.text for question in case.questions])))
        steps.append(len(lines))
    rows = [
        ("facts that agents told and the draft has", figure(kept)),
        ("sentences that are of one case or of courtesy", figure(strange)),
        ("drafts with a customer's name, number or address", figure(private)),
        ("sentences that are there twice", figure(twice)),
        ("drafts with a title", figure(titled)),
    ]
    shown = [[name, _shown(one)] for name, one in rows]
    return [*shown, ["sentences of a draft, mean", f"{sum(steps) / len(steps):.1f}"]]


def _written(case: Case, engine: Engine) -> list[Line]:
    """As `authoring.writing` does, without rows."""
    said = []
    for number, reply in enumerate(case.replies):
        for at, sentence in enumerate(reply, 1):
            made = general(sentence, Rules(), " ".join(case.secrets[:2]), lambda words: words in case.page.body)
            source = Source("conversation", str(number))
            said.append(Said(made.text, source, at / len(reply), float(number), made.is_of_one))
    questions = [question.text for question in case.questions]
    lines = drafting.choose(questions, said, engine.embed, engine.find_answers)
    evidence = Evidence(tuple(Piece(one.text) for one in said))
    return [line for line in lines if evidence.judge(line.text).objection is None]


def _counts(lines: Sequence[Line]) -> Iterator[int]:
    texts = [plain(line.text) for line in lines]
    for text in texts:
        yield texts.count(text)


def _rewrites(way: str, texts: Sequence[tuple[str, Case, int]]) -> list[str]:
    changed, kept, less, easier, short = [], [], [], [], 0
    for text, case, at in texts:
        asked, name = case.questions[at], " ".join(case.secrets[:2])
        made = wording.reworded(text, way, name=name, asked=asked.text)
        changed.append(made != text)
        groups = asked.wish.must
        kept += [any(plain(fact) in plain(made) for fact in group) for group in groups]
        less.append(1 - len(made.split()) / len(text.split()))
        easier.append(_ease(made) - _ease(text))
        short += len(CONTRACTION.findall(made))
    return [
        way,
        _shown(figure(changed)),
        _shown(figure(kept)),
        f"{sum(less) / len(less):.0%}",
        f"{sum(easier) / len(easier):+.1f}",
        f"{short / len(texts):.2f}",
    ]


def _ease(text: str) -> float:
    """Flesch's reading ease, with syllables counted by their vowels: the higher, the easier."""
    words = re.findall(r"[A-Za-z]+", text) or ["a"]
    parts = max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))
    syllables = sum(max(1, len(SYLLABLE.findall(word)) - word.lower().endswith("e")) for word in words)
    ease: float = 206.835 - 1.015 * len(words) / parts - 84.6 * syllables / len(words)
    return ease


def _shown(one: Figure) -> str:
    return one.text
