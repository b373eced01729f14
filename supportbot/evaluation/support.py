"""Whether what was sent stands in what the company knows: a strict judge by words, on purpose not the product's own.

A sentence is supported when both hold:

1. Facts: each amount, date, number, code, e-mail or web address and proper name in it stands in an article, the
   settings, the order, or the customer's own words.
2. Words: one section of an article, the order's sentences or a known canned sentence, together with the customer's
   words and plain courtesy, holds at least `COVER` of its content words.

It knows no meaning: a true sentence in other words is refused, and a false one made of one section's words passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from supportbot.evaluation.material import plain

COVER = 0.75
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
FACTS = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"\b(?:https?://)?(?:[\w-]+\.)+(?:example|com|org|net|ie|co)\b[\w/-]*"),
    re.compile(rf"\b\d{{1,2}} (?:{MONTHS})\b"),
    re.compile(r"\b(?:[A-Z]+-?\d[\dA-Z]*|\d+[A-Z][\dA-Z]*)\b"),
    re.compile(r"[€£$]\s?\d[\d.,]*\d|[€£$]\s?\d|\d[\d.,]*\s?[€£$]"),
    re.compile(r"\+?\d[\d.,:]*\d|\d"),
)
NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'-]+")
SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-ZÀ-Ý0-9¿¡])|\n+")
WORD = re.compile(r"[^\W\d_]{3,}")
MARKUP = re.compile(r"[*_#`>|]+|^\s*(?:-|\d+\.)\s+|\[\d+\]", re.MULTILINE)
STOP = frozenset(
    re.findall(
        r"\S+",
        """the and for are but not you your yours all any can will would could should may might must has have had was
    were been being its it's our ours out who whom whose how why when where what which while that this these those they
    them their there here then than from into onto with without about above after before again also just only very
    more most some such own same too off over under until once each both few other one two does did doing don't
    isn't can't won't let get got yes use see say ask via per she her him his""",
    )
)
COURTESY = frozenset(
    re.findall(
        r"\S+",
        """sorry thank thanks please glad happy help hello welcome hear understand apologise apologies afraid colleague
    team question questions answer chat message order orders number assistant company shop tell know look check find
    write know need want like right sure here there cannot unfortunately moment course""",
    )
)


@dataclass(frozen=True)
class Knowledge:
    """What a company knows, made ready once: `sections` of articles with their titles, and its settings' values."""

    sections: tuple[str, ...]
    settings: tuple[str, ...]
    canned: tuple[str, ...] = ()
    stems: tuple[frozenset[str], ...] = field(init=False, repr=False)
    facts: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Stem the sections and gather the facts once."""
        object.__setattr__(self, "stems", tuple(map(_stems, (*self.sections, *self.canned))))
        object.__setattr__(self, "facts", _searchable((*self.sections, *self.settings, *self.canned)))

    @classmethod
    def of(cls, articles: Iterable[tuple[str, str]], settings: Iterable[str], canned: Iterable[str] = ()) -> Knowledge:
        """From titles and Markdown bodies, slots filled."""
        sections = [f"{title}\n{part}" for title, body in articles for part in re.split(r"(?m)^(?=#+ )", body)]
        return cls(tuple(sections), tuple(settings), tuple(canned))


def unsupported(reply: str, knowledge: Knowledge, *, said: str, order: Sequence[str] = ()) -> list[str]:
    """The sentences of a reply that nothing supports, given the customer's words and the order's sentences."""
    return [s for s in sentences(reply) if not _is_supported(s, knowledge, said, order)]


def sentences(text: str) -> list[str]:
    """The sentences and list items of a text, without marks of Markdown and of citations."""
    return [part.strip() for part in SENTENCE.split(MARKUP.sub(" ", text)) if re.search(r"\w", part)]


def facts(sentence: str) -> list[str]:
    """Amounts, dates, numbers, codes, addresses and proper names, each as written."""
    found, rest = [], sentence
    for pattern in FACTS:
        found += pattern.findall(rest)
        rest = pattern.sub(" ", rest)
    return found + NAME.findall(rest)


def _is_supported(sentence: str, knowledge: Knowledge, said: str, order: Sequence[str]) -> bool:
    near = _searchable((said, *order))
    if not all(_stands(fact, knowledge.facts) or _stands(fact, near) for fact in facts(sentence)):
        return False
    words = _stems(sentence) - COURTESY_STEMS - _stems(said)
    least = COVER * len(words)
    return not words or any(len(words & source) >= least for source in (_stems(" ".join(order)), *knowledge.stems))


def _stands(fact: str, text: str) -> bool:
    wanted = _fact(fact)
    edges = r"(?<![\w.,]){}(?![\w]|[.,]\d)" if wanted[0].isdigit() else r"(?<!\w){}(?!\w)"
    return re.search(edges.format(re.escape(wanted)), text) is not None


def _searchable(texts: Iterable[str]) -> str:
    return _fact("\n".join(texts))


def _fact(text: str) -> str:
    """One spelling of amounts: the sign behind the figure, a point before the cents."""
    text = re.sub(r"([€£$])\s?(\d+(?:[.,]\d+)*)", r"\2\1", plain(text))
    text = re.sub(r"(\d)\s+([€£$])", r"\1\2", text)
    return re.sub(r"(\d),(\d{2})(?=[€£$])", r"\1.\2", text)


def _stems(text: str) -> frozenset[str]:
    words = (word for word in WORD.findall(plain(text)) if word not in STOP)
    return frozenset(_stem(word) for word in words)


def _stem(word: str) -> str:
    """A word without the commonest English endings."""
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


COURTESY_STEMS = frozenset(map(_stem, COURTESY))
