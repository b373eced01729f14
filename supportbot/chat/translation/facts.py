"""Whether a translation still holds the facts of its original: figures, days, amounts, addresses and names.

Strict and lexical on purpose, as `grounding`: a good translation may be refused, a wrong figure must not pass. Knows no
database and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from django.conf.locale import LANG_INFO
from django.utils.dates import MONTHS, MONTHS_ALT, WEEKDAYS
from django.utils.translation import override

from supportbot.chat import grounding
from supportbot.chat.grounding import ADDRESS, CODE, WORD

GROUPED = re.compile(r"(?<=\d)(?<!\b0)[.,'’\u00a0\u202f](?=\d{3}(?!\d))")  # 1,000 and 1.000
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
TIME = re.compile(r"(?<=\d)\.(?=[0-5]\d\s*(?:Uhr|[ap]\.?m)\b)")  # 8.30 Uhr
UNITS = {"£": "GBP", "$": "USD", "€": "EUR"}
UNIT = re.compile(r"[£$€%]|\b(?:GBP|USD|EUR)\b")
PERCENT = re.compile(r"\b(?:per ?cento?|prozent|por ci?ento|pour cent)\b", re.IGNORECASE)
ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+", re.MULTILINE)
CAPITAL_NOUNS = frozenset({"de", "lb"})  # where a capital letter makes no name
MANY_CAPITALS = CAPITAL_NOUNS | {"en"}  # English also writes languages and headings so
ALSO_A_VERB = frozenset({"may", "march"})
ASKED_WHETHER = re.compile(r"(?:^|(?<=[.!?]\s))May (?=(?:I|we|you|he|she|it|they)\b)", re.MULTILINE)
AMBIGUOUS = {"it": frozenset({"sei"}), "fr": frozenset({"neuf"})}  # "you are", "new": no number for certain
COUNTED = ("2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "30", "60", "90")
NUMBER_WORDS = {
    "en": "two three four five six seven eight nine ten eleven twelve thirty sixty ninety",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce treinta sesenta noventa",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze trente soixante quatre-vingt-dix",
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreißig sechzig neunzig",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze trinta sessenta noventa",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici trenta sessanta novanta",
}


def objection(original: str, translated: str, *, source: str, target: str, names: Iterable[str] = ()) -> str | None:
    """The first fact that was lost or added on the way; None where nothing speaks against the translation."""
    given, said = _figures(original), _figures(translated)
    counted, told = _words(original, source), _words(translated, target)
    if lost := sorted((given | counted) - said - told):
        return f"lost: {lost[0]}"
    sure = _words(translated, target, without=AMBIGUOUS.get(target, frozenset()))
    if added := sorted((said | sure) - given - counted):
        return f"added: {added[0]}"
    return _other_name(original, translated, source, target, names)


def _other_name(original: str, translated: str, source: str, target: str, known: Iterable[str]) -> str | None:
    """A name that was lost, or one that the original has not, where a new capital letter tells a name."""
    before, after = ({word.lower() for word in WORD.findall(text)} for text in (original, translated))
    if lost := next((name for name in _names(original, source, known) if name.lower() not in after), None):
        return f"lost: {lost}"
    if source in CAPITAL_NOUNS or target in MANY_CAPITALS:
        return None
    added = (name for name in _names(translated, target, ()) if name.lower() not in before)
    return next((f"added: {name}" for name in added), None)


def _figures(text: str) -> set[str]:
    """Numbers in one spelling, currencies, percent, codes and addresses."""
    found = {address.rstrip(".,;:!?)").lower() for address in ADDRESS.findall(text)}
    rest = PERCENT.sub("%", GROUPED.sub("", TIME.sub(":", ADDRESS.sub(" ", text))))
    found |= set(CODE.findall(rest.lower()))
    found |= {UNITS.get(sign, sign) for sign in UNIT.findall(rest)}
    plain = ITEM.sub("", rest)  # a list may be numbered otherwise
    return found | {number for token in NUMBER.findall(plain) for number in _numbers_of(token)} - {""}


def _numbers_of(token: str) -> list[str]:
    """One number with a decimal point, or the parts of a date."""
    parts = re.split(r"[.,]", token)
    return [".".join(parts)] if len(parts) == 2 else [part.lstrip("0") for part in parts]


def _words(text: str, language: str, *, without: frozenset[str] = frozenset()) -> set[str]:
    """Numbers that are written as words, as digits; months and weekdays by their place in the calendar."""
    known = {word: fact for word, fact in (_numbers(language) | _calendar(language)).items() if word not in without}
    plain = ADDRESS.sub(" ", ASKED_WHETHER.sub("", text) if language == "en" else text)
    return {known[word.lower()] for word in WORD.findall(plain) if _counts(word, language, known)}


def _counts(word: str, language: str, known: dict[str, str]) -> bool:
    is_verb = language == "en" and word in ALSO_A_VERB
    return word.lower() in known and not is_verb


def _names(text: str, language: str, known: Iterable[str]) -> Iterator[str]:
    """Capitalised words within a sentence that are no days, and the words of names that are known."""
    calendar = _calendar(language)
    if language not in CAPITAL_NOUNS:
        for line in ITEM.sub("", text).splitlines():
            yield from (name for name in grounding.names(line) if name.lower() not in calendar)
    said = {word.lower() for word in WORD.findall(text)}
    yield from (word for name in known for word in WORD.findall(name) if word.lower() in said and word[0].isupper())


@cache
def _numbers(language: str) -> dict[str, str]:
    return dict(zip(NUMBER_WORDS.get(language, "").split(), COUNTED, strict=False))


@cache
def _calendar(language: str) -> dict[str, str]:
    """Names of months and weekdays in a language that Django knows."""
    if language not in LANG_INFO:
        return {}
    with override(language):
        named = {str(name).lower(): f"month {n}" for months in (MONTHS, MONTHS_ALT) for n, name in months.items()}
        return named | {str(name).lower(): f"weekday {n}" for n, name in WEEKDAYS.items()}
