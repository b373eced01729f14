"""Custom attributes: what a page says of a customer or a conversation. Text, numbers, true or false, and dates.

Anybody can say anything in a browser's console, so they are limited, masked like messages, and shown as not verified.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime

from django.utils.formats import date_format

from supportbot.chat.masking import Rules, mask
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable

Value = str | float | bool
NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,39}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?")
COUNT = 30
LONGEST = 500  # characters of a text
LARGEST = 2**53  # beyond it a browser does not count exactly


def checked(given: object, rules: Rules) -> dict[str, Value | None]:
    """The attributes as they may be kept; None takes one away. Refused if a name or a value is none."""
    if not isinstance(given, Mapping) or len(given) > COUNT:
        raise Refused("bad_attributes", f"Attributes are an object of at most {COUNT} names and values.")
    return {_name(name): None if value is None else _value(name, value, rules) for name, value in given.items()}


def merged(kept: Mapping[str, Value], given: Mapping[str, Value | None]) -> dict[str, Value]:
    """What is kept, with what is new."""
    together = {name: value for name, value in {**kept, **given}.items() if value is not None}
    if len(together) > COUNT:
        raise Refused("bad_attributes", f"There may be {COUNT} attributes at most.")
    return together


def shown(attributes: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Each with its value, as people read them."""
    return [(name.replace("_", " ").capitalize(), _words(value)) for name, value in sorted(attributes.items())]


def _name(name: object) -> str:
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    raise Refused(
        "bad_attributes", "An attribute's name is a letter, then letters, digits, spaces, _ or -; at most 40."
    )


def _value(name: str, value: object, rules: Rules) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST:
        return value if mask(str(value), rules) == str(value) else mask(str(value), rules)
    if isinstance(value, str) and len(value) <= LONGEST:
        text = storable(value).strip()
        return text if _date(text) else mask(text, rules)
    raise Refused(
        "bad_attributes", f"{name} must be text of at most {LONGEST} characters, a number, true, false or a date."
    )


def _date(value: Value) -> date | None:
    """The moment or the day that a text is, as ISO 8601 writes it."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return None


def _words(value: Value) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    moment = _date(value)
    if moment is None:
        return str(value)
    return date_format(moment, "j F Y, H:i" if isinstance(moment, datetime) else "j F Y")
