"""Whether a sentence may be sent: its facts stand in the evidence, and one piece of the evidence says what it says.

Strict and lexical on purpose: the check must not share the weaknesses of the model that it checks. Knows no database
and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import snowballstemmer

COVERED = 0.75  # share of a sentence's content words that one piece of evidence must have
ENDS = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[¿¡]?[A-Z0-9À-Þ])|\n+")
ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b\S*")
MARKUP = re.compile(r"<[|/!a-z]|\|>|\{[{%]|\]\(|javascript:", re.IGNORECASE)  # no words of a person
CODE = re.compile(r"\b[^\W\d_]+\d\w*")  # as a voucher's
IDENTIFIER = re.compile(r"\d{5,}")
NUMBER = re.compile(r"[£$€]?\d[\d.,:/-]*\d|[£$€]?\d|%")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
QUESTION = re.compile(
    r"^(?:and |or |but )?(?:who|what|when|where|which|why|how|is|are|do|does|did|can|could|would|shall|may|have|has)\b"
    r"[^.!]*[^\s?]\?$",
    re.IGNORECASE,
)
NUMBER_WORDS = {
    **{"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"},
    **{"ten": "10", "eleven": "11", "twelve": "12", "thirty": "30", "sixty": "60", "ninety": "90"},
}
FIGURE = rf"\d+(?:[.,]\d+)*|{'|'.join(NUMBER_WORDS)}"
UNIT = r"second|minute|hour|day|night|week|month|year|point|piece|%|per ?cent|£|\$|€|pound|dollar|euro|gbp|usd|eur"
MEASURE = re.compile(
    rf"(?<![\w.,])(?P<before>[£$€])?\s?(?P<low>{FIGURE})(?:\s?(?:-|–|to|and|or)\s?[£$€]?(?P<high>{FIGURE}))?"
    rf"(?:[\s-]*(?:(?:working|business|calendar|full|whole|more)\s)?(?P<after>{UNIT})s?(?!\w))?",
    re.IGNORECASE,
)
SAME_UNIT = {
    "percent": "%",
    "per cent": "%",
    "pound": "£",
    "gbp": "£",
    "dollar": "$",
    "usd": "$",
    "euro": "€",
    "eur": "€",
}
MONTHS = {"january", "february", "april", "june", "july", "august", "september", "october", "november", "december"}
# Words that claim nothing: courtesy, and what a sentence is held together by.
EMPTY = frozenset(
    """a about above after again all also am an and another any anything are as ask at be because been before being
    below best both but by can chat come comes could course day did do does done down each either else ever every few
    fine for from further gladly get gets give gives glad go goes good had happy has have having hear hello help here
    hi hope how however i if in into is it its itself just kind know let like ll look looks made make makes many may me
    mean might more most much must my need needs now of off ok on once one only or other our out over own per perhaps
    pleasure please possible question questions re really right same say see send shall she should since so some soon
    sorry still such sure take takes tell than thank thanks that the their them then there these they thing things this
    those through to together too understand until up us use used very want wants was we welcome well were what when
    where whether which while who why will wish with word words would write yes yet you your yours""".split()  # noqa: SIM905
)
_stemmer = snowballstemmer.stemmer("english")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without the space between them."""
    return [part for part in (piece.strip() for piece in ENDS.split(text)) if part]


@dataclass(frozen=True)
class Piece:
    """Something that is known to be true, and the article that says so, if one does."""

    text: str
    source: Any = None
    is_of_order: bool = False  # its amounts and periods may be said beside what another piece says


@dataclass(frozen=True)
class Verdict:
    """Why a sentence may not be sent, or None; and the piece that it rests on, if it claims anything."""

    objection: str | None
    piece: Piece | None = None


@dataclass(frozen=True)
class Evidence:
    """What a reply may rest on. `said` are the customer's words: their names and the numbers of things may be repeated,
    no amount, time or address, and nothing may rest on them."""

    pieces: tuple[Piece, ...]
    said: str = ""

    def judge(self, sentence: str) -> Verdict:
        """Whether the sentence may be sent."""
        if MARKUP.search(sentence):
            return Verdict("markup")
        known = self._facts | (_identifiers(sentence) & _identifiers(self.said))
        if strange := [fact for fact in facts(sentence) if fact not in known]:
            return Verdict(f"fact: {strange[0]}")
        if strange := [name for name in names(sentence) if name.lower() not in self._words]:
            return Verdict(f"name: {strange[0]}")
        words = content(sentence)
        if not words or QUESTION.match(sentence):
            return Verdict(None)
        resting = [(covered, piece) for piece, covered in self._covered(words) if covered >= COVERED * len(words)]
        own = [(covered, piece) for covered, piece in resting if self._measures_in(piece) >= measures(sentence)]
        if not own:
            return Verdict("borrowed" if resting else "claim")
        return Verdict(None, max(own, key=lambda found: found[0])[1])

    def _covered(self, words: frozenset[str]) -> Iterator[tuple[Piece, int]]:
        for piece, claim in zip(self.pieces, self._claims, strict=True):
            yield piece, len(words & claim)

    def _measures_in(self, piece: Piece) -> frozenset[str]:
        """Those that a sentence may have which rests on this piece."""
        of_order = (measures(other.text) for other in self.pieces if other.is_of_order)
        return measures(piece.text).union(*of_order)

    @cached_property
    def _facts(self) -> frozenset[str]:
        return frozenset(fact for piece in self.pieces for fact in facts(piece.text))

    @cached_property
    def _words(self) -> frozenset[str]:
        texts = (*(piece.text for piece in self.pieces), self.said)
        return frozenset(word.lower() for text in texts for word in WORD.findall(text))

    @cached_property
    def _claims(self) -> tuple[frozenset[str], ...]:
        return tuple(content(piece.text) for piece in self.pieces)


def content(text: str) -> frozenset[str]:
    """The stems of the words that say something."""
    words = (word.replace("’", "'").split("'")[0] for word in WORD.findall(text.lower()))
    return frozenset(_stem(word) for word in words if len(word) > 1 and word not in EMPTY)


def facts(text: str) -> Iterator[str]:
    """Numbers, amounts, days, codes and addresses, in one spelling."""
    for address in ADDRESS.findall(text):
        yield address.rstrip(".,;:!?)").lower()
    rest = ADDRESS.sub(" ", text)
    yield from CODE.findall(rest.lower())
    for number in NUMBER.findall(rest):
        yield number.strip("£$€.,:-").replace(",", "") or number
    for word in WORD.findall(rest.lower()):
        if word in NUMBER_WORDS:
            yield NUMBER_WORDS[word]
        elif word in MONTHS:
            yield word


@lru_cache(maxsize=2_000)
def measures(text: str) -> frozenset[str]:
    """Periods, amounts and shares: each number with its unit, in one spelling."""
    return frozenset(_measured(text.lower()))


def _measured(text: str) -> Iterator[str]:
    for match in MEASURE.finditer(text):
        unit = match["before"] or match["after"]
        for number in (match["low"], match["high"]):
            if unit and number:
                yield f"{NUMBER_WORDS.get(number, number.replace(',', ''))} {SAME_UNIT.get(unit, unit)}"


def _identifiers(text: str) -> frozenset[str]:
    """Numbers that name a thing, as that of an order; nothing that is measured or paid."""
    return frozenset(number for number in NUMBER.findall(ADDRESS.sub(" ", text)) if IDENTIFIER.fullmatch(number))


def names(sentence: str) -> Iterator[str]:
    """Capitalised words within a sentence."""
    plain = ADDRESS.sub(" ", sentence)
    for match in list(WORD.finditer(plain))[1:]:
        word, begins = match[0], plain[: match.start()].rstrip().endswith((".", "!", "?", ":", "\n"))
        if word[0].isupper() and len(word) > 1 and not begins and not word.startswith(("I'", "I’")):
            yield word


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem
