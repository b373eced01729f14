"""Whether a regular expression that a workspace writes can be used on every message. Pure."""

from __future__ import annotations

import regex

PATIENCE = 0.05  # seconds for one pattern on one message
PROBES = ["", *(unit * (4000 // len(unit)) + "!" for unit in ("a", "1", "a1 ", " ", "1-", "a@a."))]


def complaint(pattern: str) -> str:
    """Why a workspace's pattern can't be used, in words for who wrote it; nothing if it can."""
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        return f"This is not a regular expression: {error}."
    try:
        if any(match.end() == match.start() for match in compiled.finditer("A plain word, 1.", timeout=PATIENCE)):
            return "It also finds nothing at all; make it ask for at least one character."
        for probe in PROBES:
            compiled.search(probe, timeout=PATIENCE)
    except TimeoutError:
        return "It takes too long on long messages; avoid repeated groups that contain repetitions."
    return ""
