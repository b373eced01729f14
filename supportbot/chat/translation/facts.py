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

GROUPED = re.compile(r"(?<=\d)[.,'’\u00a0\u202f](?=\d{3}(?!\d))")  # 1,000 and 1.000
DIGITS = re.compile(r"\d+")
CURRENCIES = {"£": "GBP", "$": "USD", "€": "EUR"}
CURRENCY = re.compile(r"[£$€]|\b(?:GBP|USD|EUR)\b")
ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+", re.MULTILINE)
CAPITAL_NOUNS = frozenset({"de", "lb"})  # where a capital letter makes no name
ALSO_A_VERB = frozenset({"may", "march"})
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
    figures, counted, said = _figures(original), _words(original, source), _figures(translated)
    if lost := sorted((figures | counted) - said - _words(translated, target)):
        return f"lost: {lost[0]}"
    if added := sorted(said - figures - counted):
        return f"added: {added[0]}"
    words = {word.lower() for word in WORD.findall(translated)}
    lacking = (name for name in _names(original, source, names) if name.lower() not in words)
    return next((f"lost: {name}" for name in lacking), None)


def _figures(text: str) -> set[str]:
    """Digits in one spelling, currencies, codes and addresses."""
    found = {address.rstrip(".,;:!?)").lower() for address in ADDRESS.findall(text)}
    rest = GROUPED.sub("", ADDRESS.sub(" ", text))
    found |= set(CODE.findall(rest.lower()))
    found |= {CURRENCIES.get(sign, sign) for sign in CURRENCY.findall(rest)}
    plain = ITEM.sub("", rest)  # a list may be numbered otherwise
    return found | {group.lstrip("0") for group in DIGITS.findall(plain)} - {""}


def _words(text: str, language: str) -> set[str]:
    """Numbers that are written as words, as digits; months and weekdays by their place in the calendar."""
    known = _numbers(language) | _calendar(language)
    return {known[word.lower()] for word in WORD.findall(ADDRESS.sub(" ", text)) if _counts(word, language, known)}


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
