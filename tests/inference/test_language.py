"""Languages of messages as customers write them."""

from __future__ import annotations

import pytest

from inference.language import UNKNOWN, Languages


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("Ich warte seit zwei Wochen auf mein Paket.", "de"),
        ("Je voudrais annuler ma commande, s'il vous plaît", "fr"),
        ("¿Dónde está mi pedido? Todavía no ha llegado.", "es"),
        ("Vorrei restituire la lampada, come posso fare?", "it"),
        ("Não recebi a minha encomenda, podem ajudar-me?", "pt"),
        ("Ik heb mijn bestelling nog niet ontvangen", "nl"),
        ("chcę zwrócić zamówienie i dostać pieniądze", "pl"),
    ],
)
def test_it_knows_the_languages_of_its_customers(languages: Languages, text: str, language: str) -> None:
    assert languages.read(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "wher is my ordr",
        "wher is my oder 10023??",
        "ok thx",
        "WHERE IS MY PARCEL",
        "cancl my membrship pls",
        "it wont turn on",
    ],
)
def test_short_english_with_slips_stays_english(languages: Languages, text: str) -> None:
    assert languages.read(text) == "en"


@pytest.mark.parametrize("text", ["", " ", "10023", "???", "👍", "hola", "\ud800"])
def test_what_is_too_short_to_tell_has_no_language(languages: Languages, text: str) -> None:
    assert languages.read(text) == UNKNOWN


def test_the_home_language_wins_where_two_are_alike(languages: Languages) -> None:
    assert languages.read("cancel", home="en") == "en"
    assert languages.read("mi pedido", home="es") == "es"
    assert languages.read("Ich warte seit zwei Wochen auf mein Paket.", home="fr") == "de"


def test_lines_and_long_texts_are_read(languages: Languages) -> None:
    assert languages.read("Guten Tag,\n\nich möchte etwas umtauschen.\n" * 50) == "de"
