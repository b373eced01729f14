"""Articles as a zip of Markdown with front matter, which an import takes in again."""

from __future__ import annotations

import zipfile
from typing import IO

import yaml
from django.db.models import QuerySet

from supportbot.knowledge.models import Article

SAID = ("title", "slug", "language", "category", "intents", "kind", "audience", "status", "source")


def write_zip(articles: QuerySet[Article], file: IO[bytes]) -> int:
    """Write articles of one workspace, one file each, in their collections' folders; how many those are."""
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for article in articles.select_related("collection").order_by("language", "slug").iterator(200):
            folder = f"{article.collection.slug}/" if article.collection else ""
            archive.writestr(f"{folder}{article.slug}.{article.language}.md", as_markdown(article))
            count += 1
    return count


def as_markdown(article: Article) -> str:
    """The article with what it is, as front matter."""
    front = {name: getattr(article, name) for name in SAID if getattr(article, name)}
    if article.collection:
        front["collection"] = article.collection.title
    return f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False)}---\n\n{article.body}\n"
