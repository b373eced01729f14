"""Articles with their versions, collections and orders in the admin. Imports: `imports/admin.py`."""

from __future__ import annotations

import io
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from supportbot.knowledge.imports.admin import ImportsAdmin
from supportbot.knowledge.imports.export import write_zip
from supportbot.knowledge.models import Article, ArticleVersion, Collection, Import, Order
from supportbot.workspaces.administration import HistoryAdmin, WorkspaceAdmin
from supportbot.workspaces.models import User

OF_WORKSPACE = ("workspace", admin.RelatedOnlyFieldListFilter)
STATUS_LABELS = {Article.Status.DRAFT: "warning", Article.Status.PUBLISHED: "success"}

admin.site.register(Import, ImportsAdmin)


@admin.register(Collection)
class CollectionsAdmin(WorkspaceAdmin):
    """The help centre's shelves."""

    list_display = ("title", "slug", "position", "workspace")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("title", "description")
    prepopulated_fields: ClassVar[Any] = {"slug": ("title",)}


@admin.register(Article)
class ArticlesAdmin(WorkspaceAdmin):
    """The help centre's pages and the bot's snippets."""

    list_display = ("title", "shown_status", "kind", "audience", "language", "collection", "workspace", "updated_at")
    list_filter = (
        OF_WORKSPACE,
        "status",
        "kind",
        "audience",
        "language",
        ("collection", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("title", "body", "slug", "category", "source")
    readonly_fields = ("author", "source", "published_at", "updated_at", "history")
    prepopulated_fields: ClassVar[Any] = {"slug": ("title",)}
    fieldsets = (
        (None, {"fields": ("workspace", "title", "slug", "body")}),
        ("Who sees it", {"fields": (("status", "kind", "audience"), ("language", "collection"))}),
        ("Tickets", {"fields": (("category", "intents"),)}),
        ("History", {"fields": (("author", "source"), ("published_at", "updated_at"), "history")}),
    )
    actions = ("publish", "export")

    @display(description="status", ordering="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, article: Article) -> tuple[str, str]:
        """The status as a chip."""
        return article.status, article.get_status_display()

    @admin.display(description="versions")
    def history(self, article: Article) -> SafeString | str:
        """The way to its earlier texts."""
        if article.pk is None:
            return "-"
        address = f"{reverse('admin:knowledge_articleversion_changelist')}?article__id__exact={article.pk}"
        return format_html('<a class="underline" href="{}">Show ({})</a>', address, article.versions.count())

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        """The text's version bears the name of whoever saves."""
        obj.save(by=_user(request))

    @admin.action(description="Publish")
    def publish(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        """Make drafts public at once."""
        for article in articles.filter(status=Article.Status.DRAFT):
            article.status = Article.Status.PUBLISHED
            article.save(by=_user(request))

    @admin.action(description="Export as Markdown (zip)")
    def export(self, request: HttpRequest, articles: QuerySet[Article]) -> FileResponse | None:
        """A zip that an import takes in again; of one workspace, for two may have the same names."""
        if articles.values("workspace").distinct().order_by().count() != 1:
            self.message_user(request, "Choose articles of one workspace.", messages.ERROR)
            return None
        packed = io.BytesIO()
        write_zip(articles, packed)
        packed.seek(0)
        return FileResponse(packed, as_attachment=True, filename="articles.zip")


@admin.register(ArticleVersion)
class ArticleVersionsAdmin(HistoryAdmin):
    """The texts that articles had; an earlier one can be taken back."""

    list_display = ("title", "number", "author", "created_at", "article")
    list_filter = (("article", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("title", "body")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("restore",)

    @admin.action(description="Restore this text")
    def restore(self, request: HttpRequest, versions: QuerySet[ArticleVersion]) -> None:
        """Take one text back, as a new version."""
        if len(versions) != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        version = versions[0]
        version.article.restore(version, _user(request))
        self.message_user(request, f"{version.article} has the text of version {version.number} again.")


@admin.register(Order)
class OrdersAdmin(WorkspaceAdmin):
    """What a reply may say of each order."""

    list_display = ("number", "state", "items", "total", "placed_on", "due_on", "workspace")
    list_filter = (OF_WORKSPACE, "state")
    search_fields = ("number", "items", "invoice_number", "email")
    date_hierarchy = "placed_on"
    ordering = ("-placed_on", "-number")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
