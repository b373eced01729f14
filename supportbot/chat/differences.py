"""How far one text is from another, and how that is shown: word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

WORD = re.compile(r"\S+\s*|\s+")
AROUND = 12  # words that stay beside a change
Pieces = Iterator[tuple[str, str]]


def difference(before: str, after: str) -> Pieces:
    """Two texts as one, word by word: pieces that stay (`same`), go (`out`) or come (`in`)."""
    old, new = WORD.findall(before), WORD.findall(after)
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(old[i:j])
        else:
            yield from ((name, "".join(part)) for name, part in (("out", old[i:j]), ("in", new[k:m])) if part)


def excerpt(before: str, after: str) -> Pieces:
    """The same without what is far from any change; `left` says how many words are left out there."""
    pieces = list(difference(before, after))
    for at, (kind, text) in enumerate(pieces):
        words = WORD.findall(text)
        head, tail = (AROUND if at else 0), (AROUND if at + 1 < len(pieces) else 0)
        if kind != "same" or len(words) <= head + tail + AROUND:
            yield kind, text
            continue
        if head:
            yield "same", "".join(words[:head])
        yield "left", str(len(words) - head - tail)
        if tail:
            yield "same", "".join(words[-tail:])


def distance(before: str, after: str) -> int:
    """How many words have to be put in, taken out or replaced to make one text of the other (Levenshtein)."""
    old, new = before.split(), after.split()
    row = list(range(len(new) + 1))
    for i, word in enumerate(old, 1):
        last, row = row, [i]
        for j, other in enumerate(new, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (word != other)))
    return row[-1]


def share_changed(before: str, after: str) -> float:
    """That distance as a share of the longer text's words, from 0 to 1; lines that stay are not looked into."""
    old, new = before.splitlines(), after.splitlines()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = [(" ".join(old[i:j]), " ".join(new[k:m])) for kind, i, j, k, m in blocks if kind != "equal"]
    longer = max(len(before.split()), len(after.split()), 1)
    return min(1.0, sum(distance(gone, come) for gone, come in parts) / longer)
