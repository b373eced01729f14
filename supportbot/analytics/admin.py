"""What a workspace's administrators choose for analytics: costs, what is shown, reports and alerts by e-mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.forms import ModelChoiceField
from django.http import HttpRequest

from supportbot.analytics.models import Alert, Chart, Preferences, Report
from supportbot.workspaces.administration import SettledAdmin, SettledForm
from supportbot.workspaces.models import AuditEntry, User


class AuditedAdmin(SettledAdmin):
    """What was chosen stands in the audit log, not its name alone."""

    tells_the_log = False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Once all of it is saved."""
        super().save_related(request, form, formsets, change)
        if form.changed_data:
            _audit(request, form.instance, "changed" if change else "added", _chosen(form))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """One row."""
        _audit(request, obj, "deleted", {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Several at once."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Preferences)
class PreferencesAdmin(AuditedAdmin):
    """A row for each workspace; the first sweep makes it, and it lives as long as the workspace."""

    list_display = ("workspace", "minute_cost", "currency", "teams_only")
    fields = ("workspace", "minute_cost", "currency", "teams_only")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is there."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It stays."""
        return False


class RecipientsForm(SettledForm):
    """Refuses recipients and charts of another workspace."""

    def clean(self) -> dict[str, Any]:
        """Compare each with the workspace."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        workspace_id = self.workspace_id()
        if workspace_id and any(member.workspace_id != workspace_id for member in found.get("recipients") or ()):
            raise forms.ValidationError({"recipients": "Recipients have to be members of the workspace."})
        if (chart := found.get("chart")) and chart.workspace_id != workspace_id:
            raise forms.ValidationError({"chart": "The chart has to be one of the workspace."})
        return found


@admin.register(Report)
class ReportsAdmin(AuditedAdmin):
    """The figures by e-mail, every day or every week."""

    form = RecipientsForm
    list_display = ("__str__", "workspace", "next_at")
    fields = ("workspace", "rhythm", "hour", "recipients")
    filter_horizontal: ClassVar[Any] = ("recipients",)

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        """The sweep reckons anew when it is due."""
        obj.next_at = None
        super().save_model(request, obj, form, change)


@admin.register(Alert)
class AlertsAdmin(AuditedAdmin):
    """Thresholds of figures."""

    form = RecipientsForm
    list_display = ("__str__", "days", "workspace", "raised_at")
    fields = ("workspace", "figure", "chart", "side", "threshold", "days", "recipients")
    filter_horizontal: ClassVar[Any] = ("recipients",)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer only charts that the visitor sees."""
        if db_field.name == "chart":
            assert isinstance(request.user, User)
            charts = Chart.objects.in_workspaces(request.user.administers())
            kwargs["queryset"] = charts.visible_to(request.user).select_related("workspace")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _chosen(form: Any) -> dict[str, str]:
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    return {name: ", ".join(map(str, v)) if hasattr(v, "all") else str(v) for name, v in values.items()}


def _audit(request: HttpRequest, row: Any, done: str, details: dict[str, str]) -> None:
    assert isinstance(request.user, User)
    action = f"analytics.{row._meta.model_name}_{done}"
    target = {"workspace": row.workspace, "target": str(row)[:100]}
    AuditEntry.objects.create(actor=request.user, action=action, details=details, **target)
