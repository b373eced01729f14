"""The administrator's page of actions: what each does, and whether it is done in the chat, for agents only, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from supportbot.actions.catalogue import every, lacks, set_use
from supportbot.actions.models import Use
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User, Workspace

TITLE = "Who may use which action"


def page(request: HttpRequest) -> HttpResponse:
    """Show all actions of a workspace with their uses, or save them."""
    assert isinstance(request.user, User)
    workspaces, workspace = administered(request), chosen(request)
    if workspace and request.method == "POST":
        changed = _save(workspace, request.POST, request.user)
        messages.success(request, "; ".join(changed) + "." if changed else "Nothing was changed.")
        return redirect(f"{reverse('admin:action-uses')}?workspace={workspace.slug}")
    context: dict[str, Any] = {"workspaces": workspaces, "workspace": workspace, "uses": Use}
    if workspace:
        missing = lacks(workspace)
        rows = [(action, "" if action.calls_out else missing.get(action.name, "")) for action in every(workspace)]
        context["groups"] = [
            ("Own", [row for row in rows if row[0].calls_out]),
            ("Built in", [row for row in rows if not row[0].calls_out]),
        ]
    return render(request, "admin/actions/uses.html", {**admin.site.each_context(request), **context, "title": TITLE})


def _save(workspace: Workspace, chosen: Mapping[str, str], by: User) -> list[str]:
    """Each change, in words; what is no use of an action is left alone."""
    changed = []
    for action in list(every(workspace)):
        use = chosen.get(action.name, "")
        if use in Use.values and set_use(workspace, action.name, Use(use), by):
            changed.append(f"{action.title}: {Use(use).label}")
    return changed
