"""Articles and orders in the admin."""

from __future__ import annotations

from django.contrib import admin

from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.administration import WorkspaceAdmin

OF_WORKSPACE = ("workspace", admin.RelatedOnlyFieldListFilter)


@admin.register(Article)
class ArticlesAdmin(WorkspaceAdmin):
    """The help centre's pages."""

    list_display = ("title", "category", "workspace", "updated_at")
    list_filter = (OF_WORKSPACE, "category")
    search_fields = ("title", "body", "slug", "category")
    readonly_fields = ("updated_at",)
    fields = ("workspace", "title", "slug", "category", "intents", "body", "updated_at")


@admin.register(Order)
class OrdersAdmin(WorkspaceAdmin):
    """What a reply may say of each order."""

    list_display = ("number", "state", "items", "total", "placed_on", "due_on", "workspace")
    list_filter = (OF_WORKSPACE, "state")
    search_fields = ("number", "items", "invoice_number", "email")
    date_hierarchy = "placed_on"
    ordering = ("-placed_on", "-number")
