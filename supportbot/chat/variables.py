"""Variables of a text that an agent sends, as {{contact.name}}: which there are, and how they are filled.

One that has no value says what stands behind its bar, as {{contact.first_name|there}}. Without a bar it stays as it is,
and no text that still holds one is ever sent. Knows no rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = {
    "contact.name": "the customer's name",
    "contact.first_name": "the customer's first name",
    "contact.email": "the customer's e-mail address",
    "agent.name": "your first name, as customers see it",
    "workspace.name": "the shop's name",
    "order.number": "the number of the order that the customer named",
    "order.items": "what was ordered",
    "order.state": "how far the order is",
    "order.total": "what the order costs",
    "order.date": "when it was placed",
}
VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*(?:\|([^{}|]*))?\}\}")


def names_in(text: str) -> list[str]:
    """The variables that a text names, each once, in order."""
    return list(dict.fromkeys(match[1] for match in VARIABLE.finditer(text)))


def complaint(text: str) -> str:
    """Which variable of a text there is not, in words; nothing if there are all."""
    unknown = next((name for name in names_in(text) if name not in NAMES), "")
    known = ", ".join(f"{{{{{name}}}}}" for name in NAMES)
    return f"There is no variable {{{{{unknown}}}}}. Use one of {known}." if unknown else ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every variable that has a value replaced by it, and by nothing that stands in the value."""

    def said(match: re.Match[str]) -> str:
        open_still = f"{{{{{match[1]}}}}}" if match[2] is None else match[2].strip()
        return values.get(match[1]) or open_still

    return VARIABLE.sub(said, text)
