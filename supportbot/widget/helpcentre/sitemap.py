"""Tells search engines which pages there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib.sitemaps import Sitemap

from supportbot.knowledge.models import Article
from supportbot.widget.helpcentre.centre import HelpCentre
from supportbot.workspaces.models import Workspace

Entry = tuple[str, datetime | None]


class HelpSitemap(Sitemap):  # type: ignore[type-arg]
    """The start page of each language, its collections, and every article that may be read."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def items(self) -> list[Entry]:
        """Addresses, with the day of the last change where it is known."""
        return [*self._lists(), *self._articles()]

    def location(self, item: Entry) -> str:
        """The address."""
        return item[0]

    def lastmod(self, item: Entry) -> datetime | None:
        """The change."""
        return item[1]

    def _lists(self) -> Iterator[Entry]:
        for language in HelpCentre(self.workspace).languages:
            centre = HelpCentre(self.workspace, language)
            yield centre.home_url, None
            yield from ((shelf.url, None) for shelf in centre.shelves())

    def _articles(self) -> Iterator[Entry]:
        for article in Article.objects.in_workspace(self.workspace).public().defer("body").order_by("id"):
            article.workspace = self.workspace
            yield article.get_absolute_url(), article.updated_at
