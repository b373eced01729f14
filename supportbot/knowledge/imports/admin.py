"""Imports in the admin: start one, watch it, read its report, undo it, visit a site again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminURLInputWidget

from supportbot.knowledge.imports import service
from supportbot.knowledge.imports.models import Import
from supportbot.workspaces.administration import OF_WORKSPACE, WorkspaceAdmin
from supportbot.workspaces.models import User

STATE_LABELS = {
    Import.State.WAITING: "info",
    Import.State.RUNNING: "info",
    Import.State.DONE: "success",
    Import.State.FAILED: "danger",
    Import.State.UNDONE: "warning",
}
SHOWN = 500  # items of a report


class UploadsInput(UnfoldAdminFileFieldWidget):  # type: ignore[misc]
    """Chooses several files."""

    allow_multiple_selected = True


class UploadsField(forms.FileField):
    """Several uploads at once."""

    widget = UploadsInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each of them."""
        return [super(UploadsField, self).clean(one, initial) for one in data or []]


class ImportForm(forms.ModelForm):  # type: ignore[type-arg]
    """Either files or an address."""

    uploads = UploadsField(
        required=False, help_text="A zip, or Markdown, HTML, DOCX, PDF and CSV (question,answer) files; 50 MB at most"
    )

    address = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        label="Web address",
        help_text="A sitemap, or the page to start at: what lies below it is read",
        widget=UnfoldAdminURLInputWidget,
    )

    class Meta:
        model = Import
        fields = ("workspace", "address", "language", "audience", "publish", "refresh")

    def clean(self) -> dict[str, Any]:
        """One source, not too large."""
        given = super().clean() or {}
        files = given.get("uploads") or []
        if bool(files) == bool(given.get("address")) and "address" in given:
            raise forms.ValidationError("Give either files or a web address.")
        if sum(file.size for file in files) > service.UPLOAD:
            raise forms.ValidationError(f"Together the files are larger than {service.UPLOAD // 1024**2} MB.")
        return given


class ImportsAdmin(WorkspaceAdmin):
    """What was brought in, with its report."""

    form = ImportForm
    change_form_template = "admin/knowledge/import/change_form.html"
    list_display = ("__str__", "shown_state", "kind", "done", "refresh", "workspace", "started_by", "created_at")
    list_filter = (OF_WORKSPACE, "state", "kind")
    search_fields = ("address", "items__source")
    ordering = ("-created_at",)
    actions: ClassVar[Any] = None
    fieldsets = (
        (None, {"fields": ("workspace", "uploads", "address")}),
        ("What becomes of it", {"fields": (("language", "audience"), "publish", "refresh")}),
    )

    @display(description="state", ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, run: Import) -> tuple[str, str]:
        """The state as a chip."""
        return run.state, run.get_state_display()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """An import that was started is read, not changed."""
        if obj is None:
            return self.fieldsets
        return (
            (None, {"fields": ("workspace", ("kind", "started_by"), ("language", "audience"), ("publish", "refresh"))}),
        )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It is undone, or done again."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its report stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Import, form: Any, change: bool) -> None:
        """Start it."""
        assert isinstance(request.user, User)
        obj.started_by = request.user
        service.start(obj, [(file.name, file.read()) for file in form.cleaned_data["uploads"]])

    def response_add(self, request: HttpRequest, obj: Import, post_url_continue: str | None = None) -> HttpResponse:
        """To its progress."""
        return HttpResponseRedirect(_page(obj))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """With the report."""
        if run := kwargs.get("obj"):
            context |= _report(run)
        response: HttpResponse = super().render_change_form(request, context, **kwargs)
        return response

    def get_urls(self) -> list[URLPattern]:
        """The report alone, for the page to look at while it grows, and the two buttons."""
        site = self.admin_site
        own = [
            path("<int:run_id>/report/", site.admin_view(self.report), name="knowledge_import_report"),
            path("<int:run_id>/undo/", site.admin_view(self.undo), name="knowledge_import_undo"),
            path("<int:run_id>/again/", site.admin_view(self.again), name="knowledge_import_again"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def report(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """How far it is."""
        return TemplateResponse(request, "admin/knowledge/import/report.html", _report(self._run(request, run_id)))

    @method_decorator(require_POST)
    def undo(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Bring back what was before."""
        assert isinstance(request.user, User)
        run = self._run(request, run_id)
        if kept := service.undo(run, request.user):
            self.message_user(request, f"Undone, but for {len(kept)} that were changed since.", messages.WARNING)
        else:
            self.message_user(request, "Undone: everything is as it was before.")
        return HttpResponseRedirect(_page(run))

    @method_decorator(require_POST)
    def again(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Visit the site once more."""
        assert isinstance(request.user, User)
        run = get_object_or_404(self.get_queryset(request), id=run_id, kind=Import.Kind.SITE)
        return HttpResponseRedirect(_page(service.again(run, request.user)))

    def _run(self, request: HttpRequest, run_id: int) -> Import:
        run: Import = get_object_or_404(self.get_queryset(request), id=run_id)
        return run


def _page(run: Import) -> str:
    return reverse("admin:knowledge_import_change", args=[run.pk])


def _report(run: Import) -> dict[str, Any]:
    items = run.items.select_related("article")
    return {"run": run, "counts": run.counts(), "items": items[:SHOWN], "more": max(0, items.count() - SHOWN)}
