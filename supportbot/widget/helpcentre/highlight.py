"""Shows why a passage was found: its part with the words that were looked for, marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from supportbot.knowledge.index.words import search_words

WORD = re.compile(r"\w+")
BEFORE, LONGEST = 60, 240  # characters


def marked(text: str, query: str, language: str) -> SafeString:
    """The whole text with the words marked."""
    return _mark(text, _stems(query, language))


def excerpt(text: str, query: str, language: str) -> SafeString:
    """The part of the text that has most of the words, marked."""
    lines = (line.removeprefix("- ") for line in text.splitlines())
    text, stems = " · ".join(line for line in lines if line.strip()), _stems(query, language)
    start = _densest(text, stems)
    end = len(text) if len(text) - start <= LONGEST else text.rfind(" ", start, start + LONGEST)
    opening, ending = "… " if start else "", " …" if end < len(text) else ""
    return format_html("{}{}{}", opening, _mark(text[start : max(end, start + 1)], stems), ending)


def _mark(text: str, stems: Sequence[str]) -> SafeString:
    parts, at = [], 0
    for word in _found(text, stems):
        parts += [("", text[at : word.start()], ""), ("<mark>", word[0], "</mark>")]
        at = word.end()
    parts.append(("", text[at:], ""))
    return format_html_join("", "{}{}{}", [(SafeString(a), b, SafeString(c)) for a, b, c in parts])


def _densest(text: str, stems: Sequence[str]) -> int:
    """Where a part begins that has as many of the words as any."""
    at = [word.start() for word in _found(text, stems)]
    first = max(at, key=lambda start: sum(start <= other < start + LONGEST - BEFORE for other in at), default=0)
    return text.rfind(" ", 0, first - BEFORE) + 1 if first > BEFORE else 0


def _found(text: str, stems: Sequence[str]) -> list[re.Match[str]]:
    return [word for word in WORD.finditer(text) if _plain(word[0]).startswith(tuple(stems))]


def _stems(query: str, language: str) -> list[str]:
    """The words without what inflection may change: roughly as the databases' own stemmers do."""
    words = [_plain(word) for word in search_words(query, language)]
    return [word if len(word) < 5 else word[: max(4, len(word) - 2)] for word in words]


def _plain(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(letter))
