"""The page on which an owner has the workspace exported, and the one on which it is deleted. The rest: `closed`."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supportbot.chat.models import Attachment, Contact, Conversation, ExpertTraining, Message
from supportbot.knowledge.models import Article
from supportbot.offboarding import closing, exporting
from supportbot.offboarding.exporting import Refused
from supportbot.offboarding.kinds import Kind
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from supportbot.workspaces.roles import owned_by

TITLE = "Export and deletion"
COUNTED = (Conversation, Message, Contact, Attachment, Article, Member, ExpertTraining, AuditEntry)


@never_cache
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What can be done with all that a workspace has."""
    workspaces = _owned(request)
    workspace = workspaces.filter(slug=request.GET.get("workspace", "")).first() or workspaces.first()
    if workspace is None:
        raise PermissionDenied
    found = Export.objects.in_workspace(workspace).select_related("asked_by", "workspace")
    context = {"workspaces": workspaces, "workspace": workspace, "exports": found, "days": Export.days()}
    context["undo_days"] = settings.DELETION_DAYS
    return _page(request, "offboarding/data.html", **context)


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def export(request: HttpRequest, workspace: str) -> HttpResponse:
    """Have it exported."""
    found = _one(request, workspace)
    try:
        exporting.ask(found, by=_user(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back(found)


@never_cache
@require_safe
def export_state(request: HttpRequest, export_id: int) -> HttpResponse:
    """How far one is, as a piece of the page."""
    return render(request, "offboarding/export.html", {"export": _export(request, export_id)})


@never_cache
@require_safe
@reauthentication_required  # type: ignore[untyped-decorator]
def export_file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """Download it."""
    found = _export(request, export_id)
    if not found.is_ready or not default_storage.exists(found.path):
        raise Http404("This export is not there, or no longer.")
    exporting.note(found, "downloaded", _user(request))
    return FileResponse(default_storage.open(found.path), as_attachment=True, filename=found.name)


@require_POST
def take_export_away(request: HttpRequest, export_id: int) -> HttpResponse:
    """Delete it before its time, or stop it."""
    found = _export(request, export_id)
    exporting.take_away(found, by=_user(request))
    messages.success(request, "The export is deleted.")
    return _back(found.workspace)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def delete(request: HttpRequest, workspace: str) -> HttpResponse:
    """Say what will go; then close the workspace and have it deleted."""
    found, words = _one(request, workspace), ""
    if request.method == "POST":
        try:
            closing.ask(found, by=_user(request), name=request.POST.get("name", ""))
        except Refused as refusal:
            words = str(refusal)
        else:
            return redirect("closed")
    counts = [(model._meta.verbose_name_plural, Kind(model).rows(found).count()) for model in COUNTED]
    context = {"workspace": found, "counts": counts, "words": words, "days": settings.DELETION_DAYS}
    return _page(request, "offboarding/delete.html", 422 if words else 200, **context)


def _page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": TITLE}
    return render(request, template, {**shared, **context}, status=status)


def _back(workspace: Workspace) -> HttpResponse:
    return redirect(f"{reverse('workspace-data')}?workspace={workspace.slug}")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _owned(request: HttpRequest) -> Any:
    return owned_by(_user(request))


def _one(request: HttpRequest, slug: str) -> Workspace:
    found: Workspace = get_object_or_404(_owned(request), slug=slug)
    return found


def _export(request: HttpRequest, export_id: int) -> Export:
    rows = Export.objects.in_workspaces(_owned(request)).select_related("workspace", "asked_by")
    return get_object_or_404(rows, pk=export_id)
