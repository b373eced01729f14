"""What an import reads, whatever it was: one text that may become an article."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TITLE = 200  # characters, as the article's


class Unreadable(Exception):
    """A file or page that gives no text; the message says why, in the user's words."""


@dataclass(frozen=True)
class Document:
    """A title and a Markdown text; `fields` is what the source says besides, by the article's names."""

    source: str
    title: str
    body: str
    fields: dict[str, Any] = field(default_factory=dict)
    collection: str = ""


@dataclass(frozen=True)
class Skipped:
    """What was met and not taken."""

    source: str
    reason: str
