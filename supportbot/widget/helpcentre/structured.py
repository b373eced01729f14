"""What search engines read of a page: schema.org's words as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from supportbot.knowledge.models import Article
from supportbot.knowledge.pages import Page

SCHEMA = "https://schema.org"
UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
Trail = Sequence[tuple[str, str]]


def article(article: Article, page: Page, url: str, publisher: str) -> dict[str, Any]:
    """An article; one whose title is a question is that question with its answer."""
    if article.title.rstrip().endswith("?"):
        answer = {"@type": "Answer", "text": str(page.html), "url": url}
        question = {"@type": "Question", "name": article.title, "acceptedAnswer": answer}
        return {"@type": "FAQPage", "url": url, "inLanguage": article.language, "mainEntity": [question]}
    return {
        "@type": "Article",
        "headline": article.title,
        "description": page.description,
        "inLanguage": article.language,
        "datePublished": (article.published_at or article.updated_at).isoformat(),
        "dateModified": article.updated_at.isoformat(),
        "mainEntityOfPage": url,
        "author": {"@type": "Organization", "name": publisher},
        "publisher": {"@type": "Organization", "name": publisher},
    }


def breadcrumb(trail: Trail) -> dict[str, Any]:
    """The way to a page, as names and addresses."""
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": url}
        for position, (name, url) in enumerate(trail, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def script(*things: dict[str, Any]) -> SafeString:
    """A data block that no text of an article can end."""
    graph = json.dumps({"@context": SCHEMA, "@graph": things}, ensure_ascii=False).translate(UNSAFE)
    return mark_safe(f'<script type="application/ld+json">{graph}</script>')  # noqa: S308
