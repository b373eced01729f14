"""What a workspace's administrators choose for analytics."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from supportbot.analytics.models import Preferences
from supportbot.workspaces.administration import SettledAdmin
from supportbot.workspaces.models import AuditEntry, User


@admin.register(Preferences)
class PreferencesAdmin(SettledAdmin):
    """A row for each workspace; the first sweep makes it, and it lives as long as the workspace."""

    list_display = ("workspace", "minute_cost", "currency", "teams_only")
    fields = ("workspace", "minute_cost", "currency", "teams_only")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is there."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Preferences, form: Any, change: bool) -> None:
        """With a line in the audit log of what was changed."""
        assert isinstance(request.user, User)
        super().save_model(request, obj, form, change)
        details = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        AuditEntry.objects.create(
            workspace=obj.workspace,
            actor=request.user,
            action="analytics.settings",
            target=obj.workspace.slug,
            details=details,
        )
