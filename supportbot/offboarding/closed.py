"""The pages of a workspace that is closed: for its people, who can't work there; and of its deletion, for who has the
address, which is told when it is asked for."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from supportbot.offboarding import certificate, closing
from supportbot.offboarding.exporting import Refused
from supportbot.workspaces.models import Deletion, User, Workspace
from supportbot.workspaces.roles import owns


@never_cache
@require_safe
@login_required
def closed(request: HttpRequest) -> HttpResponse:
    """Which workspaces of the visitor are closed, until when, and who opens them again."""
    assert isinstance(request.user, User)
    found = [(row, owns(request.user, row)) for row in _closed(request.user)]
    return render(request, "offboarding/closed.html", {"closed": found})


@require_POST
@login_required
def open_again(request: HttpRequest, workspace: str) -> HttpResponse:
    """Undo a deletion that has not begun."""
    assert isinstance(request.user, User)
    found = get_object_or_404(_closed(request.user), slug=workspace)
    if not owns(request.user, found):
        raise PermissionDenied
    try:
        closing.undo(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("closed")
    messages.success(request, f"{found} is open again.")
    return redirect("admin:index")


@never_cache
@require_safe
def deletion(request: HttpRequest, deletion: UUID) -> HttpResponse:
    """How far a deletion is; afterwards its certificate."""
    found = get_object_or_404(Deletion, pk=deletion)
    text = certificate.text(found) if found.done_at else ""
    return render(request, "offboarding/deletion.html", {"deletion": found, "text": text})


@require_safe
def certificate_json(request: HttpRequest, deletion: UUID) -> HttpResponse:
    """The certificate for `verify_deletion`."""
    return _download(JsonResponse(certificate.of(_done(deletion)), json_dumps_params={"indent": 1}), deletion, "json")


@require_safe
def certificate_text(request: HttpRequest, deletion: UUID) -> HttpResponse:
    """The certificate for people."""
    text = certificate.text(_done(deletion))
    return _download(HttpResponse(text, content_type="text/plain; charset=utf-8"), deletion, "txt")


def _done(pk: UUID) -> Deletion:
    found = get_object_or_404(Deletion, pk=pk)
    if found.done_at is None:
        raise Http404("There is no certificate yet.")
    return found


def _download(response: HttpResponse, pk: UUID, kind: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="deletion-{pk}.{kind}"'
    return response


def _closed(user: User) -> QuerySet[Workspace]:
    """With when they are deleted, and the address that says how far that is."""
    of_this = Deletion.objects.filter(workspace_number=OuterRef("pk"))
    rows = Workspace.objects.filter(closed_at__isnull=False).order_by("name")
    rows = rows if user.is_superuser else rows.filter(members__user=user)
    return rows.annotate(due_at=Subquery(of_this.values("due_at")), deletion=Subquery(of_this.values("pk")))
