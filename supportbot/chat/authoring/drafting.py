"""An article out of what agents have told customers: their own sentences, each once, in order. Pure.

Is given what embeds texts and what finds answers; writes no word itself but headings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from supportbot.chat.authoring.general import HIDDEN
from supportbot.chat.grounding import QUESTION, content, facts, sentences
from supportbot.chat.quoting import Find
from supportbot.knowledge.retrieval import Embed

ALIKE = 0.8  # cosine from which two sentences say the same
NEAR = 0.2  # cosine to a question from which a sentence is about it
LIKELY = 0.05  # probability that it answers, from which it is taken as well
MOST = 14  # sentences of an article
QUESTIONS = 6  # that answers are looked for to, the most typical
FEWEST = 4  # words of a sentence that says something
TITLE_LIMIT = 120
OF_ONE_CASE = re.compile(
    r"\b(?:i|i['’](?:ve|m|ll|d)|(?-i:my)|my colleague|we['’]ve|we have (?:now|just)|"
    r"we (?:sent|posted|shipped|dispatched|refunded|paid|cancelled|changed|wrote|received|found)|"
    r"today|tomorrow|yesterday|tonight|right now|just now|"
    r"this (?:morning|afternoon|evening)|the customer|bear with|apolog\w+)\b"
    r"|\byour (?:order|parcel|refund|delivery|payment|return|invoice|account)"
    r" (?:is (?:on|out|with|now|at|due)|was|has|have|had|should|left|arrived)\b",
    re.IGNORECASE,
)
COURTESY = re.compile(
    r"\bhesitate\b|^(?:many )?(?:thanks|thank you)\b|^sorry\b|\b(?:any|further|other|more) questions\b|\bbest wishes\b|"
    r"\bkind regards\b|^take care\b|\bhappy to help\b|\bhope (?:this|that) helps\b|"
    r"\bhave a (?:nice|good|great|lovely)\b",
    re.IGNORECASE,
)
STEP = re.compile(
    r"(?:(?:first|then|next|now|after that|finally|afterwards|second|lastly)[, ]+|please )?(?:to [^,]{3,60}, )?"
    r"(?:please )?"
    r"(?:re|un|dis)?(?:add|allow|apply|assemble|attach|bring|call|change|check|choose|clean|clear|click|close|confirm|connect|contact|copy|"
    r"disconnect|download|drop|email|enter|fill|find|fit|fold|follow|give|go|hold|insert|install|keep|leave|log|look|"
    r"make|open|order|pack|pay|pick|place|plug|post|press|print|pull|push|put|quote|refresh|remove|repeat|reply|reset|"
    r"restart|return|reverse|ring|scan|scroll|select|send|set|show|sign|stick|switch|take|tap|tell|tick|tighten|try|"
    r"turn|type|uninstall|unplug|update|upload|use|visit|wait|wash|wipe|write)\b",
    re.IGNORECASE,
)
BULLET = re.compile(r"^(?:[-*•]|\d+[.)])\s+")
PRIVATE = re.compile(r"\byour (?:e-mail address|address|telephone number)\b", re.IGNORECASE)
LED = re.compile(
    r"^(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|dear(?: \w+)?|please|sorry|excuse me|ok|okay|so|"
    r"and|but|thanks|thank you)\b[\s,!.:–-]*)+",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"^(?:who|what|when|where|which|why|how|is|are|do|does|did|can|could|would|will|shall|may|have|has)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Source:
    """Where a sentence was said: a conversation or an article, by its id, and the article's title."""

    kind: str
    id: str
    title: str = ""


@dataclass(frozen=True)
class Said:
    """A sentence of an agent or of an article; `place` from 0 to 1 in what was said, `at` when, in seconds."""

    text: str
    source: Source
    place: float
    at: float
    is_of_one: bool = False  # something in it was of one customer


@dataclass(frozen=True)
class Line:
    """A sentence of the draft, what it rests on, and what was said with other figures."""

    text: str
    said: tuple[Said, ...]
    otherwise: tuple[str, ...] = field(default=())

    @property
    def is_step(self) -> bool:
        """Whether it tells the reader to do something."""
        return bool(STEP.match(self.text))

    @property
    def sources(self) -> list[Source]:
        """Each once."""
        return list(dict.fromkeys(one.source for one in self.said))


def title_of(questions: Sequence[str]) -> str:
    """The most typical question, without its greeting; a real question before a mere statement."""
    parts = [LED.sub("", part).strip() for text in questions for part in sentences(text)]
    parts = [part for part in parts if len(part.split()) >= FEWEST and not HIDDEN.search(part)]
    asked = [part for part in parts if ASKS.match(part)]
    best = next(iter(asked or parts), "")[:TITLE_LIMIT].rstrip(" .,;:")
    return best and best[0].upper() + best[1:] + ("?" if asked and not best.endswith("?") else "")


def is_worth(sentence: str) -> bool:
    """Whether an article could say it: no question, courtesy or word about one customer's case."""
    said = LED.sub("", sentence)
    fewest = FEWEST - 1 if STEP.match(said) else FEWEST
    too_little = len(said.split()) < fewest or not content(said) or COURTESY.search(said)
    return not (
        too_little
        or sentence.rstrip().endswith("?")
        or QUESTION.match(sentence)
        or HIDDEN.search(sentence)
        or OF_ONE_CASE.search(sentence)
    )


def choose(questions: Sequence[str], said: Sequence[Said], embed: Embed, find: Find) -> list[Line]:
    """The sentences that answer the questions, those alike as one, the best of them in the order of an article."""
    worth = [one for one in said if is_worth(one.text)]
    if not worth or not questions:
        return []
    vectors = embed([*questions, *(one.text for one in worth)])
    asked, own = vectors[: len(questions)], vectors[len(questions) :]
    near = (own @ asked.T).max(axis=1)
    likely = _likely(questions[:QUESTIONS], worth, find)
    scored = []
    for group in _groups(own):
        line = _line([worth[at] for at in group])
        spread = len({one.source for one in line.said})
        best, answers = float(near[group].max()), float(likely[group].max())
        if _is_general(line, spread) and (best >= NEAR or answers >= LIKELY):
            scored.append((best + answers + 0.1 * (spread - 1), line))
    best_lines = [line for _, line in sorted(scored, key=lambda pair: -pair[0])[:MOST]]
    return in_order(best_lines)


def _is_general(line: Line, spread: int) -> bool:
    """What named something of one customer stays if others were told the same, or if it says what to do."""
    is_of_one = all(one.is_of_one for one in line.said)
    return not is_of_one or (not PRIVATE.search(line.text) and (spread > 1 or line.is_step))


def in_order(lines: Iterable[Line]) -> list[Line]:
    """As they were said; steps stand together, behind what was said before the first of them."""
    ordered = sorted(lines, key=lambda line: float(np.mean([one.place for one in line.said])))
    first = next((at for at, line in enumerate(ordered) if line.is_step), len(ordered))
    rest = ordered[first:]
    steps = [line for line in rest if line.is_step]
    return [*ordered[:first], *steps, *(line for line in rest if not line.is_step)]


def markdown(lines: Sequence[Line]) -> str:
    """The body: sentences as a paragraph, steps as a numbered list."""
    steps = [line.text for line in lines if line.is_step]
    numbered = "\n".join(f"{number}. {text}" for number, text in enumerate(steps, 1)) if len(steps) > 1 else ""
    first = next((at for at, line in enumerate(lines) if line.is_step), len(lines))
    if not numbered:
        return _escaped(" ".join(line.text for line in lines))
    before, after = lines[:first], [line for line in lines[first:] if not line.is_step]
    parts = [" ".join(line.text for line in before), numbered, " ".join(line.text for line in after)]
    return _escaped("\n\n".join(part for part in parts if part))


def _escaped(text: str) -> str:
    return text.replace("{{", "{ {")


def _likely(questions: Sequence[str], worth: Sequence[Said], find: Find) -> NDArray[np.float64]:
    """The highest probability with which each sentence answers one of the questions."""
    pages: dict[Source, list[int]] = defaultdict(list)
    for at, one in enumerate(worth):
        pages[one.source].append(at)
    best = np.zeros(len(worth))
    for question in questions:
        found = find(question, [(source.title, [worth[at].text for at in ats]) for source, ats in pages.items()])
        for ats, probabilities in zip(pages.values(), found, strict=True):
            best[ats] = np.maximum(best[ats], probabilities)
    return best


def _groups(vectors: NDArray[np.float32]) -> list[list[int]]:
    """Sentences that say the same, each group by the first of it."""
    groups: list[list[int]] = []
    for at, vector in enumerate(vectors):
        near = [float(vectors[own[0]] @ vector) for own in groups]
        if near and max(near) >= ALIKE:
            groups[int(np.argmax(near))].append(at)
        else:
            groups.append([at])
    return groups


def _line(group: Sequence[Said]) -> Line:
    """The newest wording that was of no single customer; wordings with other figures are what was said otherwise."""
    newest = max(group, key=lambda one: (not one.is_of_one, one.at))
    figures = set(facts(newest.text))
    other = [one for one in group if set(facts(one.text)) != figures]
    same = tuple(one for one in group if one not in other)
    return Line(newest.text, same, tuple(dict.fromkeys(one.text for one in other)))
