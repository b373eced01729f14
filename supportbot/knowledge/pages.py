"""An article as a page: slots filled, Markdown rendered, HTML made safe, its headings named for links."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it.token import Token

from supportbot.knowledge.models import Article
from supportbot.knowledge.passages import MARKDOWN, cut, sentences

SLOT = re.compile(r"\{\{(\w+)\}\}")
OPEN = "…"  # stands where a value is missing
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, **{tag: {"id"} for tag in HEADINGS}}
DESCRIPTION = 160  # characters


@dataclass(frozen=True)
class Heading:
    """A part of a page and the name that a link reaches it by."""

    id: str
    text: str
    level: int


@dataclass(frozen=True)
class Page:
    """What a reader sees of an article."""

    html: SafeString
    headings: Sequence[Heading]
    description: str


def fill(text: str, slots: Mapping[str, str]) -> str:
    """The text with each known slot's value; a sentence never shows a slot's name."""
    return SLOT.sub(lambda match: slots.get(match[1], OPEN), text)


def page(article: Article) -> Page:
    """The article's body as safe HTML; its headings begin at the second level, for the title is the first."""
    markdown = fill(article.body, article.workspace.settings)
    tokens = MARKDOWN.parse(markdown)
    headings = _name_headings(tokens)
    names = {heading.id for heading in headings}
    html = nh3.clean(
        MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}),
        attributes=ATTRIBUTES,
        attribute_filter=lambda tag, name, value: value if name != "id" or value in names else None,
    )
    return Page(mark_safe(html), headings, first_sentences(cut(article.title, markdown)[0].text))  # noqa: S308


def first_sentences(text: str, most: int = DESCRIPTION) -> str:
    """As many whole sentences of the first paragraph as fit, else the first one's beginning."""
    text, taken = text.strip().split("\n")[0].removeprefix("- "), ""
    for sentence in sentences(text):
        if len(longer := f"{taken} {sentence}".strip()) > most:
            break
        taken = longer
    return taken or (text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…")


def _name_headings(tokens: Sequence[Token]) -> list[Heading]:
    opened = [(token, tokens[at + 1]) for at, token in enumerate(tokens) if token.type == "heading_open"]
    closed = [token for token in tokens if token.type == "heading_close"]
    down = 2 - min((int(token.tag[1]) for token, _ in opened), default=2)
    headings: dict[str, Heading] = {}
    for (start, inline), end in zip(opened, closed, strict=True):
        level = min(int(start.tag[1]) + down, 6)
        text = "".join(part.content for part in inline.children or [])
        name = _unused(slugify(text, allow_unicode=True) or "part", headings)
        headings[name] = Heading(name, text, level)
        start.tag = end.tag = f"h{level}"
        start.attrSet("id", name)
    return [*headings.values()]


def _unused(name: str, taken: Mapping[str, Heading]) -> str:
    number, free = 1, name
    while free in taken or free == "main":
        number, free = number + 1, f"{name}-{number + 1}"
    return free
