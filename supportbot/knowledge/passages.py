"""Cuts an article into passages of 100 to 200 words that say what they are about. Knows Markdown, no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from os.path import commonprefix

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

FEWEST, MOST = 100, 200  # words
HEADING = 500  # characters
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[^\sa-z])")
BLOCKS = ("paragraph", "tr", "fence", "code_block", "html_block")
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Piece:
    """A passage without its article: the headings above it, joined, and its plain text."""

    heading: str
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, table row or block of code, under its headings."""

    path: tuple[str, ...]
    text: str

    @property
    def words(self) -> int:
        """How long it is."""
        return len(self.text.split())


def cut(title: str, markdown: str) -> list[Piece]:
    """The passages of an article in order; a short one gives one, an empty one its title."""
    passages: list[list[Block]] = []
    for block in _blocks(title, markdown):
        parts = [block] if block.words <= MOST else [Block(block.path, text) for text in sentences(block.text)]
        for part in parts:
            if not passages or _is_full(passages[-1], part):
                passages.append([])
            passages[-1].append(part)
    _join_short_end(passages)
    return [_piece(blocks) for blocks in passages] or [Piece(title[:HEADING], title)]


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph."""
    return [sentence for line in text.splitlines() for sentence in SENTENCE_END.split(line) if sentence.strip()]


def _blocks(title: str, markdown: str) -> Iterator[Block]:
    path: list[tuple[int, str]] = [(0, title)]
    for node in SyntaxTreeNode(MARKDOWN.parse(markdown)).walk():
        if node.type == "heading":
            level = int(node.tag[1])
            path = [part for part in path if part[0] < level] + [(level, _said(node))]
        elif node.type in BLOCKS and (text := _said(node)):
            yield Block(tuple(name for _, name in path if name), _bullet(node) + text)


def _said(node: SyntaxTreeNode) -> str:
    """A block's words without their markup."""
    if node.type == "tr":
        return " | ".join(_said(cell) for cell in node.children)
    if node.type == "html_block":
        return " ".join(unescape(nh3.clean(node.content, tags=set())).split())
    if node.type == "html_inline":
        return ""
    if not node.children:
        return " " if node.type in ("softbreak", "hardbreak") else node.content.strip("\n")
    return "".join(_said(child) for child in node.children).strip()


def _bullet(node: SyntaxTreeNode) -> str:
    item = node.parent
    if item is None or item.type != "list_item" or item.children[0] is not node:
        return ""
    assert item.parent is not None
    return f"{item.siblings.index(item) + 1}. " if item.parent.type == "ordered_list" else "- "


def _is_full(passage: Sequence[Block], block: Block) -> bool:
    """Whether the block begins a new passage."""
    words = _words(passage)
    return words + block.words > MOST or (words >= FEWEST and passage[-1].path != block.path)


def _join_short_end(passages: list[list[Block]]) -> None:
    if len(passages) > 1 and _words(passages[-1]) < FEWEST and _words(passages[-2]) + _words(passages[-1]) <= MOST:
        passages[-2:] = [passages[-2] + passages[-1]]


def _words(passage: Iterable[Block]) -> int:
    return sum(block.words for block in passage)


def _above(heading: str) -> str:
    """A heading within a passage, so that it is told from a sentence."""
    return heading if heading.endswith((".", "!", "?", ":")) else f"{heading}:"


def _piece(blocks: Sequence[Block]) -> Piece:
    """The headings that all its blocks share stand above the passage, the others in it."""
    shared = commonprefix([block.path for block in blocks])
    lines, path = [], shared
    for block in blocks:
        if block.path != path:
            lines.append(_above(block.path[-1]))
            path = block.path
        lines.append(block.text)
    return Piece(" › ".join(shared)[:HEADING], "\n".join(lines))
