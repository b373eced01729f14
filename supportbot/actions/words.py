"""Everything that actions say to a customer, in six languages; the sentences lie in texts/, a file for each language.

Also understands the two answers that matter most: yes and no. Knows no action and no database.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from django.utils import timezone, translation
from django.utils.formats import date_format

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+")


@cache
def sentences(language: str) -> Mapping[str, str]:
    """All sentences of a language, by name."""
    return tomllib.loads((TEXTS / f"{language}.toml").read_text())


def supported(language: str) -> str:
    """The language if there are sentences in it, else English."""
    short = language.lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else "en"


def say(language: str, name: str, **slots: object) -> str:
    """One sentence with its slots filled; days and times as that language writes them."""
    language = supported(language)
    return sentences(language)[name].format_map({key: shown(language, value) for key, value in slots.items()})


def shown(language: str, value: object) -> str:
    """A value as people of that language write it."""
    with translation.override(language):
        if isinstance(value, datetime):
            return date_format(timezone.localtime(value), "D j M, H:i")
        if isinstance(value, date):
            return date_format(value, "MONTH_DAY_FORMAT")
    return str(value)


@cache
def answers() -> Mapping[str, frozenset[str]]:
    """Words and phrases of all languages that agree, that refuse, and that change nothing beside one that does."""
    lists = tomllib.loads((TEXTS / "answers.toml").read_text())
    return {name: frozenset(lists[name]) for name in lists}


def yes_or_no(text: str, also: Collection[str] = ()) -> Literal["yes", "no"] | None:
    """A clear yes, a clear no, or None: a yes beside another word is not clear, unless the word is in `also`."""
    said = WORD.findall(text.lower().replace("’", "'"))
    known, phrase = answers(), " ".join(word for word in said if word not in answers()["thanks"])
    if "?" in text:
        return None
    if phrase in known["never_mind"]:
        return "no"
    if phrase in known["agreed"]:
        return "yes"
    words = [word for word in said if word not in known["polite"] and word not in known["thanks"]]
    if words and words[0] in known["yes"] and all(word in known["yes"] or word in also for word in words):
        return "yes"
    if said and said[0] in known["no"] and all(word in known["no"] for word in words):
        return "no"
    return None
