"""The page of topics, and what an administrator makes of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.analytics import alike
from supportbot.analytics.models import Preferences, Topic
from supportbot.analytics.routing import topics
from supportbot.analytics.routing.views import page
from supportbot.chat.categories import service
from supportbot.chat.models import Category, Message
from supportbot.chat.refusals import Refused
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User, Workspace


def look(request: HttpRequest) -> HttpResponse:
    """All open topics."""
    return _page(request, chosen(request))


def _page(request: HttpRequest, workspace: Workspace | None, entered: dict[str, Any] | None = None) -> HttpResponse:
    """After a refusal with what was `entered`."""
    if workspace is None:
        return page(request, "topics", None, {})
    context = {
        "topics": topics.shown(workspace),
        "looked_at": Preferences.of(workspace).gaps_at,
        "categories": service.known(workspace),
        "entered": entered,
        "own": Category.objects.in_workspace(workspace),
    }
    return page(request, "topics", workspace, context)


@require_POST
def decide(request: HttpRequest, topic_id: int) -> HttpResponse:
    """Make it a category, say which one it belongs to, or dismiss it."""
    rows = Topic.objects.in_workspaces(administered(request)).select_related("workspace")
    topic = get_object_or_404(rows, id=topic_id, is_dismissed=False)
    name, kept = request.POST.get("name", ""), _kept(request, topic)
    try:
        messages.success(request, _decided(request, topic, name, kept))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _page(request, topic.workspace, {"topic": topic.pk, "name": name, "kept": kept})
    return redirect(f"{reverse('admin:routing-topics')}?workspace={topic.workspace.slug}")


def _decided(request: HttpRequest, topic: Topic, name: str, kept: list[Message]) -> str:
    assert isinstance(request.user, User)
    by = request.user
    match request.POST.get("do"):
        case "make":
            made = service.make(topic.workspace, name, kept, by)
            topic.delete()
            return f"{made} is a category now. The next message like these is recognised as it."
        case "belongs":
            category = request.POST.get("category", "")
            service.relabel(topic.workspace, category, kept, by)
            topic.delete()
            return f"{len(kept)} messages belong to {category} now."
        case "dismiss":
            topics.dismiss(topic, by)
            return "Dismissed. It comes back only if it grows by half."
    raise Refused("bad_frame", "Choose what it is.")


def _kept(request: HttpRequest, topic: Topic) -> list[Message]:
    """Those that were not taken out."""
    (own,) = alike.still_there(topic.workspace, [topic])
    chosen_ids = set(request.POST.getlist("message"))
    return [message for message in own if str(message.id) in chosen_ids]
