"""Articles with their versions, collections and orders in the admin. Imports: `imports/admin.py`."""

from __future__ import annotations

import io
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from supportbot.knowledge.imports.admin import ImportsAdmin
from supportbot.knowledge.imports.export import write_zip
from supportbot.knowledge.models import Article, ArticleFeedback, ArticleVersion, Collection, Import, Order
from supportbot.workspaces import limits
from supportbot.workspaces.administration import OF_WORKSPACE, HistoryAdmin, WorkspaceAdmin
from supportbot.workspaces.models import User

COMMENTS = 10
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

    list_display = (
        "title",
        "shown_status",
        "kind",
        "audience",
        "language",
        "collection",
        "helped",
        "workspace",
        "updated_at",
    )
    list_filter = (
        OF_WORKSPACE,
        "status",
        "kind",
        "audience",
        "language",
        ("collection", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("title", "body", "slug", "category", "source")
    readonly_fields = ("author", "source", "published_at", "updated_at", "history", "helped", "comments")
    prepopulated_fields: ClassVar[Any] = {"slug": ("title",)}
    fieldsets = (
        (None, {"fields": ("workspace", "title", "slug", "body")}),
        ("Who sees it", {"fields": (("status", "kind", "audience"), ("language", "collection"))}),
        ("Tickets", {"fields": (("category", "intents"),)}),
        ("Readers", {"fields": ("helped", "comments")}),
        ("History", {"fields": (("author", "source"), ("published_at", "updated_at"), "history")}),
    )
    actions = ("publish", "export")

    @display(description="status", ordering="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, article: Article) -> tuple[str, str]:
        """The status as a chip."""
        return article.status, article.get_status_display()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Each with how many readers it helped and how many not."""
        verdicts = {
            name: Count("feedback", filter=Q(feedback__helpful=helpful))
            for name, helpful in (("helped_count", True), ("not_helped_count", False))
        }
        articles: QuerySet[Article] = super().get_queryset(request).annotate(**verdicts)
        return articles

    @admin.display(description="helpful", ordering="helped_count")
    def helped(self, article: Article) -> str:
        """What readers said."""
        yes, no = getattr(article, "helped_count", 0), getattr(article, "not_helped_count", 0)
        return f"{yes} yes, {no} no" if yes or no else "-"

    @admin.display(description="latest comments")
    def comments(self, article: Article) -> SafeString | str:
        """What was missing, and the way to all that readers said."""
        if article.pk is None or not article.feedback.exists():
            return "-"
        said = article.feedback.exclude(comment="")[:COMMENTS]
        lines = format_html_join("", "<p>{}</p>", ((feedback.comment,) for feedback in said))
        address = f"{reverse('admin:knowledge_articlefeedback_changelist')}?article__id__exact={article.pk}"
        return format_html('{}<a class="underline" href="{}">All feedback</a>', lines, address)

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
        """Make drafts public at once, as many as there is room for."""
        for article in articles.filter(status=Article.Status.DRAFT):
            if words := limits.objection(article.workspace, limits.Kind.KNOWLEDGE):
                self.message_user(request, f"{article} stays a draft. {words}", messages.ERROR)
                return
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


@admin.register(ArticleFeedback)
class ArticleFeedbackAdmin(HistoryAdmin):
    """What readers of the help centre said; anybody could write it, so that it can be deleted."""

    list_display = ("article", "helpful", "comment", "created_at")
    list_filter = ("helpful", ("article", admin.RelatedOnlyFieldListFilter))
    search_fields = ("comment", "article__title")
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("delete_selected",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """As in any list of a workspace."""
        return WorkspaceAdmin.has_delete_permission(self, request, obj)


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
