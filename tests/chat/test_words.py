"""The fixed sentences: complete in each language, with the same values, in English where a language is not ours."""

from __future__ import annotations

import re

import pytest

from supportbot.chat.words import FALLBACK, LANGUAGES, SENTENCES, say


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_has_every_language_with_the_same_values(key: str) -> None:
    translations = SENTENCES[key]
    assert set(translations) == set(LANGUAGES)
    values = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in translations.items()}
    assert all(found == values[FALLBACK] for found in values.values()), values


def test_a_region_speaks_its_language_and_a_foreign_language_english() -> None:
    assert say("usually_minutes", "de-AT", count=5) == "Eine Antwort kommt meist innerhalb von 5 Minuten."
    assert say("usually_minutes", "nl", count=5) == "A reply usually comes within 5 minutes."
