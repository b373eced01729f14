"""What one workspace shows to everybody in one language. The one place that decides it: published, public articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.core.cache import cache
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import get_language_info

from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article, Collection, Passage
from supportbot.knowledge.pages import first_sentences
from supportbot.widget.helpcentre.words import Words
from supportbot.workspaces.models import Workspace

RESULTS = 20
RELATED = 4
RELATED_FOR = 600  # seconds that they are remembered


@dataclass(frozen=True)
class Shelf:
    """A collection with what there is to read in it; the last one holds the articles of no collection."""

    title: str
    description: str
    url: str
    size: str
    collection: Collection | None = None


@dataclass(frozen=True)
class Tongue:
    """A language to switch to."""

    code: str
    name: str
    url: str
    is_translation: bool = True


class HelpCentre:
    """A workspace's public knowledge in one language."""

    def __init__(self, workspace: Workspace, language: str | None = None) -> None:
        self.workspace = workspace
        self.home_language = workspace.language[:2]
        self.language = language or self.home_language
        self.words = Words(self.language)

    @cached_property
    def languages(self) -> list[str]:
        """Those that have articles, and the workspace's own."""
        return sorted({*self._public().order_by().values_list("language", flat=True).distinct(), self.home_language})

    def url(self, name: str = "help", language: str | None = None, **arguments: str) -> str:
        """The address of a page; the workspace's own language has the shorter one."""
        language = language or self.language
        spoken = {} if language == self.home_language else {"language": language}
        return reverse(name, kwargs={"workspace": self.workspace.slug, **spoken, **arguments})

    @property
    def home_url(self) -> str:
        """The page to start from."""
        return self.url()

    @property
    def search_url(self) -> str:
        """The page that searches."""
        return self.url("help-search")

    @property
    def title(self) -> str:
        """What the site is called."""
        return self.words["help_of"].format(name=self.workspace.name)

    def articles(self) -> QuerySet[Article]:
        """All that may be read in this language."""
        return self._public().filter(language=self.language).order_by("title", "id")

    def article(self, slug: str) -> Article | None:
        """One of them."""
        return self.articles().select_related("workspace").filter(slug=slug).first()

    def shelves(self) -> list[Shelf]:
        """The collections that have something to read, then what lies in none."""
        sizes = Counter(dict(self.articles().order_by().values_list("collection").annotate(Count("id"))))
        shelves = [self._shelf(one, size) for one in self._collections() if (size := sizes.pop(one.id, 0))]
        loose = sizes.total()
        return [*shelves, self._shelf(None, loose)] if loose else shelves

    def shelf(self, slug: str | None) -> Shelf | None:
        """One collection; without a slug what lies in none."""
        collection = self._collections().filter(slug=slug).first() if slug else None
        return None if slug and collection is None else self._shelf(collection)

    def shelf_of(self, article: Article) -> Shelf:
        """Where an article lies."""
        return self._shelf(self._collections().filter(articles=article).first())

    def articles_on(self, shelf: Shelf) -> QuerySet[Article]:
        """What lies there, for a list: with its first passage instead of its whole body."""
        loose = self.articles().exclude(collection__in=self._collections())
        rows = self.articles().filter(collection=shelf.collection) if shelf.collection else loose
        first = Passage.objects.filter(article=OuterRef("id"), position=0)
        return rows.defer("body").select_related("workspace").annotate(opening=Subquery(first.values("text")[:1]))

    def search(self, query: str) -> list[Passage]:
        """The best passage of each article that has the words."""
        return retrieval.find_words(self.workspace, query, limit=RESULTS, language=self.language)

    def helpful(self) -> QuerySet[Article]:
        """What has helped most, as readers said, first; where nobody has, in the order of the collections."""
        helped = Count("feedback", filter=Q(feedback__helpful=True))
        place = F("collection__position").asc(nulls_last=True)
        return self.articles().defer("body").annotate(helped=helped).order_by("-helped", place, "title", "id")

    def related(self, article: Article) -> list[Article]:
        """Articles that speak of the same, those of its collection first."""
        key = f"help-related:{article.id}:{article.updated_at.timestamp()}"
        ids = cache.get_or_set(key, lambda: self._related(article), RELATED_FOR) or []
        shown = self.articles().defer("body").in_bulk(ids)
        return [self._own(shown[id_]) for id_ in ids if id_ in shown]

    def tongues(self) -> list[Tongue]:
        """This page in every language."""
        return [Tongue(code, _name(code), self.url(language=code)) for code in self.languages]

    def tongues_of(self, article: Article) -> list[Tongue]:
        """An article's translations, and the start page of each language that has none."""
        translated = set(self._public().filter(slug=article.slug).order_by().values_list("language", flat=True))
        return [
            Tongue(code, _name(code), self.url("help-article", code, article=article.slug), is_translation=True)
            if code in translated
            else Tongue(code, _name(code), self.url(language=code), is_translation=False)
            for code in self.languages
        ]

    def _related(self, article: Article) -> list[int]:
        others = [found.article for found in self.search(article.title) if found.article_id != article.id]
        nearest = sorted(others, key=lambda other: other.collection_id != article.collection_id)
        return [other.id for other in nearest[:RELATED]]

    def _own(self, article: Article) -> Article:
        """The article with its workspace, which is known already."""
        article.workspace = self.workspace
        return article

    def _public(self) -> QuerySet[Article]:
        return Article.objects.in_workspace(self.workspace).public()

    def _collections(self) -> QuerySet[Collection]:
        return Collection.objects.in_workspace(self.workspace).order_by("position", "title")

    def _shelf(self, collection: Collection | None, size: int = 0) -> Shelf:
        count = self.words.counted("article", size)
        if collection is None:
            return Shelf(self.words["more_topics"], "", self.url("help-more"), count)
        url = self.url("help-collection", collection=collection.slug)
        return Shelf(collection.title, collection.description, url, count, collection)


def teasers(articles: Sequence[Article]) -> list[tuple[Article, str]]:
    """Each with its first sentences."""
    openings = [getattr(article, "opening", "") or "" for article in articles]
    return [(article, first_sentences(text)) for article, text in zip(articles, openings, strict=True)]


def _name(language: str) -> str:
    try:
        return str(get_language_info(language)["name_local"]).capitalize()
    except KeyError:
        return language
