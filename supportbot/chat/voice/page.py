"""The administrator's page of the voice: settle it, and try it on a text before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.models import Voice
from supportbot.chat.variables import NAMES
from supportbot.chat.voice import rules
from supportbot.chat.voice.form import VoiceForm
from supportbot.chat.voice.service import articles_to_reword, voice_of
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import AuditEntry, User, Workspace

TITLE = "Voice"
SAMPLE = "Your order is on its way and arrives tomorrow."


def page(request: HttpRequest) -> HttpResponse:
    """Show the voice of a workspace, save it, or try it."""
    assert isinstance(request.user, User)
    workspaces, workspace = administered(request), chosen(request)
    context: dict[str, Any] = {"workspaces": workspaces, "workspace": workspace, "variables": NAMES, "sample": SAMPLE}
    if workspace:
        voice = voice_of(workspace) or Voice(workspace=workspace)
        form = VoiceForm(request.POST or None, voice)
        if request.method == "POST" and form.is_valid():
            if "try" not in request.POST:
                _save(request, form, request.user)
                return redirect(f"{reverse('admin:voice')}?workspace={workspace.slug}")
            context |= _tried(voice, request.POST.get("sample", "")[:BODY_LIMIT], request.user)
        context |= {"form": form, "articles": articles_to_reword(voice) if not form.errors else []}
    return render(
        request, "admin/chat/voice/page.html", {**admin.site.each_context(request), **context, "title": TITLE}
    )


def _save(request: HttpRequest, form: VoiceForm, by: User) -> None:
    if form.has_changed():
        voice = form.save()
        details = {"changed": form.changed_data}
        AuditEntry.objects.create(
            workspace=voice.workspace, actor=by, action="voice.changed", target=voice.workspace.slug, details=details
        )
    messages.success(request, "The voice was saved." if form.has_changed() else "Nothing was changed.")


def _tried(voice: Voice, sample: str, by: User) -> dict[str, Any]:
    """A reply to an invented customer."""
    values = _values(voice.workspace, by)
    found = rules.slips(voice, sample)
    return {
        "sample": sample,
        "tried": rules.in_voice(voice, sample, values, greets=True),
        "never": sorted({slip.said for slip in found if not slip.instead}),
        "advice": rules.advice(voice, sample),
    }


def _values(workspace: Workspace, by: User) -> dict[str, str]:
    return {
        "contact.name": "Sam Rowe",
        "contact.first_name": "Sam",
        "agent.name": by.get_short_name(),
        "workspace.name": workspace.name,
    }
