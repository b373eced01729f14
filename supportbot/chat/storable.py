"""Text as every database takes it. Knows nothing of what it says."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses, and with a mark for each half of a character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
