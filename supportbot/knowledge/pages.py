"""An article as a page: slots filled, Markdown rendered, HTML made safe."""

from __future__ import annotations

import re
from collections.abc import Mapping

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from supportbot.knowledge.models import Article

SLOT = re.compile(r"\{\{(\w+)\}\}")


def fill(text: str, slots: Mapping[str, str]) -> str:
    """The text with each known slot's value; a sentence never shows a slot's name."""
    return SLOT.sub(lambda match: slots.get(match[1], "…"), text)


def html(article: Article) -> SafeString:
    """The article's body as safe HTML."""
    markdown = fill(article.body, article.workspace.settings)
    return mark_safe(nh3.clean(MarkdownIt("commonmark").enable("table").render(markdown)))  # noqa: S308
