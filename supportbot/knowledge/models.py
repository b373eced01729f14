"""What a workspace knows: its help articles and its customers' orders. Knows nothing of conversations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from supportbot.knowledge import order_words
from supportbot.knowledge.embedding import EmbeddingField
from supportbot.knowledge.feedback import ArticleFeedback
from supportbot.knowledge.imports.models import Import, ImportedFile, ImportItem
from supportbot.knowledge.queue import queue_index
from supportbot.workspaces import limits
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

__all__ = [
    "Article",
    "ArticleFeedback",
    "ArticleVersion",
    "Collection",
    "Import",
    "ImportItem",
    "ImportedFile",
    "IndexedSettings",
    "Order",
    "Passage",
]


class Collection(models.Model):
    """A shelf of the help centre."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="collections")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet["Collection"].as_manager()

    class Meta:
        ordering = ["position", "title"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="one_collection_per_slug")]

    def __str__(self) -> str:
        return self.title


class ArticleQuerySet(ScopedQuerySet["Article"]):
    """Articles by who may read them."""

    def public(self) -> ArticleQuerySet:
        """What anybody may see: published pages, no snippets."""
        return self.filter(status=Article.Status.PUBLISHED, audience=Article.Audience.PUBLIC, kind=Article.Kind.ARTICLE)


class Article(models.Model):
    """A page of the help centre, a snippet for the bot alone, or a reply that the model may give; with slots."""

    class Audience(models.TextChoices):
        PUBLIC = "public"
        AGENTS = "agents", "agents only"

    class Kind(models.TextChoices):
        ARTICLE = "article"
        SNIPPET = "snippet", "snippet (for the bot alone)"
        REPLY = "reply", "approved reply (what the model writes may rest on it)"

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="articles")
    collection = models.ForeignKey(Collection, models.SET_NULL, null=True, blank=True, related_name="articles")
    slug = models.SlugField(max_length=80)
    language = models.CharField(max_length=2, default="en", help_text="Two letters, as en or fr")
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=40, blank=True, help_text="What kind of ticket it answers")
    intents = models.JSONField(default=list, blank=True)
    body = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ARTICLE)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.PUBLIC)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=500, blank=True, help_text="The file or address that it was imported from")
    imported_by = models.ForeignKey("Import", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    index_due = models.DateTimeField(
        null=True, default=timezone.now, db_index=True, editable=False, help_text="When to index it; empty is indexed"
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["category", "title"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug", "language"], name="one_article_per_slug_and_language")
        ]
        indexes: ClassVar[Any] = [models.Index(fields=["workspace", "source"], name="article_by_source")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        """Keep each text as a version, written `by` somebody; what may not be found any more is not, from now on."""
        self.index_due = timezone.now()
        if self.status == self.Status.PUBLISHED and not self.published_at:
            self.published_at = timezone.now()
        if self._state.adding and self.author is None:
            self.author = by
        with transaction.atomic():
            super().save(*args, **kwargs)
            self._keep_version(by)
            self._narrow_passages()
            transaction.on_commit(queue_index)

    def get_absolute_url(self) -> str:
        """Its public page."""
        language = "" if self.language == self.workspace.language[:2] else f"{self.language}/"
        return f"/help/{self.workspace.slug}/{language}articles/{self.slug}/"

    def clean(self) -> None:
        """What is not published yet needs room in the workspace's plan to be."""
        if self.status == self.Status.PUBLISHED and self.workspace_id and not self._is_published():
            limits.demand_room(self.workspace, limits.Kind.KNOWLEDGE, "status")

    @property
    def is_public(self) -> bool:
        """Whether anybody may open its page."""
        shown = (self.Status.PUBLISHED, self.Audience.PUBLIC, self.Kind.ARTICLE)
        return (self.status, self.audience, self.kind) == shown

    def restore(self, version: ArticleVersion, by: User | None) -> None:
        """Take back an earlier text, which becomes the newest version."""
        self.title, self.body = version.title, version.body
        self.save(by=by)

    def _is_published(self) -> bool:
        """In the database, whatever is to be saved."""
        return Article.objects.filter(pk=self.pk, status=self.Status.PUBLISHED).exists()

    def _keep_version(self, by: User | None) -> None:
        last = self.versions.first()
        if last is None or (last.title, last.body) != (self.title, self.body):
            number = last.number + 1 if last else 1
            self.versions.create(number=number, title=self.title, body=self.body, author=by)

    def _narrow_passages(self) -> None:
        if self.status != self.Status.PUBLISHED:
            self.passages.all().delete()
        else:
            own = {"audience": self.audience, "language": self.language}
            self.passages.exclude(**own).update(**own)


class ArticleVersion(models.Model):
    """One text that an article had."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    workspace_path = "article__workspace"
    objects = ScopedQuerySet["ArticleVersion"].as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"


class Passage(models.Model):
    """A part of a published article as it is searched: slots filled, with the headings above it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="passages")
    article = models.ForeignKey(Article, models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    language = models.CharField(max_length=2, help_text="The article's")
    audience = models.CharField(max_length=10, help_text="The article's")
    heading = models.CharField(max_length=500, help_text="The article's title and the headings above the text")
    text = models.TextField()
    embedding = EmbeddingField()

    objects = ScopedQuerySet["Passage"].as_manager()

    class Meta:
        ordering = ["article", "position"]
        constraints = [models.UniqueConstraint(fields=["article", "position"], name="one_passage_per_position")]
        indexes: ClassVar[Any] = [models.Index(fields=["workspace", "language", "audience"], name="passage_by_scope")]

    def __str__(self) -> str:
        return self.heading


class IndexedSettings(models.Model):
    """The workspace's settings that its passages were last filled with."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="indexed_settings")
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"settings of {self.workspace}"


class Order(models.Model):
    """One order of the workspace's shop, as far as a reply may speak of it."""

    class State(models.TextChoices):
        PLACED = "placed"
        PACKING = "packing"
        SHIPPED = "shipped"
        LATE = "late"
        DELIVERED = "delivered"
        CANCELLED = "cancelled"
        REFUND_PENDING = "refund_pending"
        REFUND_PAID = "refund_paid"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="orders")
    number = models.CharField(max_length=20)
    state = models.CharField(max_length=20, choices=State)
    placed_on = models.DateField()
    due_on = models.DateField(help_text="Expected delivery; of a finished order the day it ended")
    items = models.CharField(max_length=300, help_text="A phrase, as 'a Brisk kettle and two linen pillowcases'")
    total = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="£")
    invoice_number = models.CharField(max_length=30)
    email = models.EmailField(blank=True, help_text="Of the customer; with the number it proves who asks")
    delivery_address = models.CharField(max_length=300, blank=True)

    PRIVATE: ClassVar = ("order_items", "order_total", "refund_state")  # for who has proven that the order is his

    objects = ScopedQuerySet["Order"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="one_order_per_number")]

    def __str__(self) -> str:
        return self.number

    def slots(self) -> dict[str, str]:
        """What a reply may say of this order, true to its state and to the workspace's settings."""
        settings = self.workspace.settings
        return {
            "order_number": self.number,
            "order_date": order_words.day(self.placed_on),
            "order_items": order_words.goods(self.items),
            "order_total": f"{self.currency}{Decimal(self.total):.2f}",
            "order_state": order_words.STATE[self.state],
            "order_next": order_words.next_step(self.state, self.due_on, settings),
            "order_change": order_words.change(self.state, settings),
            "refund_state": order_words.refund(self.state, self.due_on, settings),
            "invoice_number": self.invoice_number,
        }

    def public_slots(self) -> dict[str, str]:
        """What whoever knows its number may hear: how far it is, not what was bought, what it cost or its refund."""
        return {name: value for name, value in self.slots().items() if name not in self.PRIVATE}
