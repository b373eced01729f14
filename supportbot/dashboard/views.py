"""The inbox's pages: the page itself, the rows of its list, and what stands beside a conversation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportbot.chat.canned import responses
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.dashboard.desk import COUNTED, Desk, find_desk
from supportbot.dashboard.facts import facts_of

P = ParamSpec("P")


View = Callable[Concatenate[HttpRequest, Desk, P], HttpResponse]
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def seated(view: View[P]) -> Page[P]:
    """For people of a workspace only; with several, `?workspace=` says which."""

    @never_cache
    @login_required
    @wraps(view)
    def sit_down(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        desk = find_desk(request.user.pk, request.GET.get("workspace", ""))
        if desk is None:
            return render(request, "dashboard/nowhere.html", status=403)
        return view(request, desk, *args, **kwargs)

    return sit_down


def at_desk(view: View[P]) -> Page[P]:
    """A page that is only read, for the same people."""
    page: Page[P] = require_safe(seated(view))
    return page


@at_desk
def inbox(request: HttpRequest, desk: Desk, conversation: UUID | None = None) -> HttpResponse:
    """The page; the conversation of its address is opened at once."""
    if conversation:
        _find(desk, conversation)
    context = {"desk": desk, "views": desk.VIEWS, "workspaces": desk.workspaces()}
    return render(request, "dashboard/inbox.html", context)


@at_desk
def conversations(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The rows of one view."""
    name = request.GET.get("view", "")
    if name not in desk.VIEWS:
        raise Http404
    listed = {"rows": desk.rows(name), "drafts": desk.drafts()}
    return JsonResponse({**listed, "counts": desk.counts(), "counted": COUNTED})


@at_desk
def counts(request: HttpRequest, desk: Desk) -> HttpResponse:
    """How many conversations each view has."""
    return JsonResponse({"counts": desk.counts(), "counted": COUNTED})


@at_desk
def facts(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """What stands beside a conversation, as a piece of the page."""
    found = _find(desk, conversation)
    return render(request, "dashboard/facts.html", {"desk": desk, "conversation": found, "facts": facts_of(found)})


@at_desk
def canned(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """The canned responses, as they read in a conversation."""
    found = responses(_find(desk, conversation), desk.user)
    return JsonResponse({"responses": [filled.as_json() for filled in found]})


def _find(desk: Desk, conversation_id: UUID) -> Conversation:
    try:
        return desk.conversation(conversation_id)
    except Refused as refusal:
        raise Http404(str(refusal)) from None
