"""What an agent told one customer, in words that hold for everybody: nobody's name, number or address. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from supportbot.chat.masking import EMAIL, PHONE, Rules, mask

Known = Callable[[str], bool]  # whether a text is public already, as the shop's own address
HIDDEN = re.compile(r"\[[^\[\]]+ hidden\]")
NUMBERED = re.compile(
    r"\b(?:(?:the|your|my) )?(order|invoice|parcel|return|ticket|reference|tracking|booking|case)"
    r"( (?:number|no\.?|id|code))?(?: is)?\s*[:#]?\s*#?(?=[\w-]*\d{3})[A-Z]*[\w-]*\d[\w-]*",
    re.IGNORECASE,
)
IDENTIFIER = re.compile(r"(?<![\w£$€.,+-])#?(?:[A-Z]{2,}-?\d{4,}\w*|\d{5,})\b")
POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
STREETS = (
    "Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Way|Place|Court|Square|Terrace|Gardens|Crescent|Hill|Row|Mews"
)
PLACE = r"(?:,? [A-ZÀ-Þ][a-zà-ÿ'’-]+)*"
ADDRESS = re.compile(
    rf"\b(?:flat \d+\w?,? )?\d+[a-z]?,? (?:[A-Z][\w'’-]+ ){{1,3}}(?:{STREETS})\b{PLACE}(?:,? {POSTCODE})?"
    rf"|\b[A-ZÄÖÜ][\w-]*(?:straße|strasse|str\.|weg|gasse|platz|allee) \d+\w?(?:,? \d{{5}}{PLACE})?"
    rf"|\b\d+,? (?:rue|avenue|boulevard|calle|via|rua|plaza) (?:[\w'’-]+ ?){{1,4}}(?:,? \d{{5}}{PLACE})?"
    rf"|\b{POSTCODE}\b"
)
GREETING = r"(?:hi|hello|hey|dear|thanks|thank you|sorry|hallo|hola|bonjour|olá|ciao)"


@dataclass(frozen=True)
class General:
    """The text, and whether something in it was of one customer."""

    text: str
    is_of_one: bool


def general(text: str, rules: Rules, name: str, is_public: Known, colleagues: Iterable[str] = ()) -> General:
    """Say it without anything that belongs to the customer of this name; what `is_public` stays.

    A colleague is one where the whole name is said; a first name alone may be any word, as Mark.
    What has no general words, as a card's number, stays hidden in brackets.
    """
    plain, is_of_one = mask(text, replace(rules, phones=False, emails=False)), False
    for pattern, words in (
        (EMAIL, "your e-mail address"),
        (ADDRESS, "your address"),
        (PHONE, "your telephone number"),
    ):
        plain, found = _replaced(plain, pattern, words, is_public)
        is_of_one |= found
    numbered = NUMBERED.sub(lambda match: _like(match, f"your {match[1].lower()}{match[2] or ''}"), plain)
    plain, found = _replaced(numbered, IDENTIFIER, "your number", is_public)
    is_of_one |= found or numbered != plain or bool(NUMBERED.search(text)) or bool(HIDDEN.search(plain))
    for colleague in (one for one in colleagues if " " in one.strip()):
        plain = re.sub(rf"\b{re.escape(colleague.strip())}\b", "a colleague", plain)
    plain, found = _without_name(plain, name)
    return General(" ".join(plain.split()), is_of_one or found)


def _replaced(text: str, pattern: re.Pattern[str], words: str, is_public: Known) -> tuple[str, bool]:
    changed = pattern.sub(lambda match: match[0] if is_public(match[0]) else _like(match, words), text)
    return changed, changed != text


def _without_name(text: str, name: str) -> tuple[str, bool]:
    """A name that only addresses somebody goes; another one becomes the customer."""
    parts = sorted({part for part in name.split() if len(part) > 1}, key=len, reverse=True)
    if not parts:
        return text, False
    called = "|".join(re.escape(form) for part in parts for form in (part, part.capitalize()))
    whole = rf"(?:{called})(?: (?:{called}))*"
    text = re.sub(rf"\b({GREETING}),? {whole}\b", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(rf",? \b{whole}\b(?=[,.!?]|$)", "", text)
    if opening := re.match(rf"{whole}, ", text):
        rest = text[opening.end() :]
        text = rest[:1].upper() + rest[1:]
    plain = re.sub(rf"\b{whole}\b", "the customer", text)
    return plain, plain != text


def _like(match: re.Match[str], words: str) -> str:
    """The words with a capital where a sentence begins with them."""
    begins = match.string[: match.start()].rstrip()[-1:] in ("", ".", "!", "?")
    return words[:1].upper() + words[1:] if begins else words
