"""Variables of a text that an agent sends, as {{contact.name}}: which there are, and how they are filled.

One that has no value stays as it is, and no text that still holds one is ever sent. Knows no rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = {
    "contact.name": "the customer's name",
    "contact.email": "the customer's e-mail address",
    "agent.name": "your first name, as customers see it",
    "workspace.name": "the shop's name",
    "order.number": "the number of the order that the customer named",
    "order.items": "what was ordered",
    "order.state": "how far the order is",
    "order.total": "what the order costs",
    "order.date": "when it was placed",
}
VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def names_in(text: str) -> list[str]:
    """The variables that a text names, each once, in order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every variable that has a value replaced by it, and by nothing that stands in the value."""
    return VARIABLE.sub(lambda match: values.get(match[1]) or f"{{{{{match[1]}}}}}", text)
