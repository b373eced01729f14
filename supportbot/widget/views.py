"""The embed script and what it asks for. Demo shop: `demo`; help centre: `helpcentre/`; the chat: the websocket."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_replace
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

from supportbot.chat.visitors import may_embed
from supportbot.knowledge.models import Passage
from supportbot.knowledge.pages import first_sentences
from supportbot.widget import scripts
from supportbot.widget.helpcentre.centre import HelpCentre
from supportbot.workspaces.models import Workspace

LONGEST_QUERY = 200
SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Whoever works here goes to the inbox."""
    return redirect("/inbox/")


@require_safe
@gzip_page
@etag(lambda request, name: scripts.version(name))
def script(request: HttpRequest, name: str) -> HttpResponse:
    """The embed script, or what it fetches when it is needed, for pages of any origin."""
    if (content := scripts.script(name)) is None:
        raise Http404
    response = HttpResponse(content, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=600"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, key: str) -> HttpResponseBase:
    """The panel as a document of ours, for a frame in a page of the origin that `page` names, if it may embed it."""
    workspace = get_object_or_404(Workspace.objects.open(), key=key)
    page = request.GET.get("page", "")
    if not may_embed(workspace, page, request.get_host()):
        raise PermissionDenied

    @csp_replace({"frame-ancestors": workspace.allowed_origins or [SELF]})
    def framed(request: HttpRequest) -> HttpResponseBase:
        return render(request, "widget/frame.html", {"workspace": workspace, "page": page})

    return framed(request)


@require_safe
def start(request: HttpRequest, key: str) -> HttpResponse:
    """What the loader has to know of a workspace before the panel is opened: its colour, and what it says by itself."""
    workspace = get_object_or_404(Workspace, key=key)
    if workspace.closed_at:
        return _for_pages({"closed": True}, max_age=60, status=410)
    active = workspace.proactive_messages.filter(is_active=True)
    messages = list(active.values("id", "text", "page", "after", "visits"))
    return _for_pages({"colour": workspace.colour, "proactive": messages}, max_age=300)


@require_safe
def articles(request: HttpRequest, key: str) -> HttpResponse:
    """The public articles that a customer looks for from the panel, in the widget's language if there are any.

    Before a word is typed, those that have helped most.
    """
    workspace = get_object_or_404(Workspace.objects.open(), key=key)
    language, query = request.GET.get("language", "")[:2], request.GET.get("q", "")[:LONGEST_QUERY]
    centre = HelpCentre(workspace)
    if language in centre.languages:
        centre = HelpCentre(workspace, language)
    words = " ".join(query.replace("\0", " ").split())
    found = [passage.article for passage in centre.search(words)[:SHOWN]] if words else centre.helpful()[:SHOWN]
    first = Passage.objects.in_workspace(workspace).filter(article__in=found, position=0)
    openings = dict(first.values_list("article", "text"))
    shown = [
        {"title": one.title, "url": one.get_absolute_url(), "text": first_sentences(openings.get(one.id, ""))}
        for one in found
    ]
    return _for_pages({"articles": shown}, max_age=60)


def _for_pages(data: dict[str, object], max_age: int, status: int = 200) -> HttpResponse:
    """Public data for the pages of any origin: no cookie is asked for, and none is sent."""
    response = JsonResponse(data, status=status)
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=max_age)
    return response
