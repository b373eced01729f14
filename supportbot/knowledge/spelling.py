"""Puts mistyped words right before anything is looked for. A workspace's own words are never taken for mistakes.

A word that neither English nor the workspace knows is taken for the one that it is a single slip away from: a letter
missing, added, wrong, or swapped with its neighbour. The workspace's words come first, then likely slips, then the
commonest. In other languages nothing is put right: their lists lack too many words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from functools import cache, lru_cache

from spellchecker import SpellChecker

from supportbot.knowledge.models import Article, Passage
from supportbot.workspaces.models import Workspace

LANGUAGE = "en"
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
VOWELS = re.compile(r"[aeiou]")
SHORTEST = 3  # letters of a word that may be mistyped
COMMON = 5  # letters from which a word that the workspace never uses may be meant
KEPT = 600  # seconds that a workspace's words are held
WORKSPACES = 64


def corrected(workspace: Workspace, text: str, language: str) -> str:
    """The text with each mistyped word as the one that was meant, in small letters."""
    if language != LANGUAGE:
        return text
    checker = _checker()
    unknown = checker.unknown(word for word in WORD.findall(text.lower()) if len(word) >= SHORTEST)
    if not unknown:
        return text
    own = _words(workspace.id, int(time.time() / KEPT))
    meant = {word: _meant(word, checker, own) for word in unknown - own}
    return WORD.sub(lambda found: meant.get(found[0].lower(), found[0]), text)


def _meant(word: str, checker: SpellChecker, own: Collection[str]) -> str:
    near = [other for other in checker.edit_distance_1(word) if other in own or other in checker]
    if len(word) < COMMON:
        near = [other for other in near if other in own or _is_likely(word, other)]
    ranked = ((other in own, other[0] == word[0], _is_likely(word, other), checker[other], other) for other in near)
    return max(ranked, default=(word,))[-1]


def _is_likely(word: str, other: str) -> bool:
    """Whether letters were swapped or left out, or a vowel was taken for another."""
    letters, meant = sorted(word), sorted(other)
    return letters == meant or len(letters) < len(meant) or VOWELS.sub("", word) == VOWELS.sub("", other)


@cache
def _checker() -> SpellChecker:
    return SpellChecker(language=LANGUAGE, distance=1)


@lru_cache(WORKSPACES)
def _words(workspace_id: int, _: int) -> frozenset[str]:
    """Every word of the workspace's public articles in that language, for a while."""
    pages = Article.objects.public().filter(language=LANGUAGE)
    shown = Passage.objects.filter(workspace=workspace_id, article__in=pages)
    rows = shown.values_list("heading", "text").iterator()
    return frozenset(word for row in rows for part in row for word in WORD.findall(part.lower()))
