"""The categories of a workspace's own, with their examples; what is taken out counts from the next message on."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from supportbot.chat.categories.models import Category, Example
from supportbot.workspaces.administration import PartInline, SettledAdmin
from supportbot.workspaces.models import AuditEntry, User


class ExamplesInline(PartInline):
    """Messages from which the category is recognised."""

    model = Example
    fields = ("text",)


class CategoriesAdmin(SettledAdmin):
    """They are made here, or from messages that fit no label."""

    list_display = ("name", "workspace", "example_count", "created_at")
    fields = ("workspace", "name")
    inlines: ClassVar[Any] = [ExamplesInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of their examples."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(count=Count("examples"))
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> tuple[str, ...]:  # type: ignore[override]
        """Messages carry the name, so it stays."""
        return (*super().get_readonly_fields(request, obj), "name") if obj else ()

    @admin.display(description="examples", ordering="count")
    def example_count(self, category: Any) -> int:
        """From which it is recognised."""
        return int(category.count)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Once its examples are saved, too."""
        super().save_related(request, form, formsets, change)
        _audit(request, form.instance, "changed" if change else "made")

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        """Messages keep its name; no further one gets it."""
        _audit(request, obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Several at once."""
        for category in queryset:
            _audit(request, category, "deleted")
        super().delete_queryset(request, queryset)


def _audit(request: HttpRequest, category: Category, done: str) -> None:
    assert isinstance(request.user, User)
    AuditEntry.objects.create(
        workspace=category.workspace,
        actor=request.user,
        action=f"category.{done}",
        target=category.name,
        details={"examples": category.examples.count()},
    )
