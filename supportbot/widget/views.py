"""The embed script and what it asks for. Demo shop: `demo`; help centre: `helpcentre/`; the chat: the websocket."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

from supportbot.knowledge.models import Passage
from supportbot.knowledge.pages import first_sentences
from supportbot.widget.helpcentre.centre import HelpCentre
from supportbot.workspaces.models import Workspace

LONGEST_QUERY = 200
SHOWN = 6
IMPORT = re.compile(r'^import .* from "\./(\w+\.js)";$', re.MULTILINE)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Whoever works here goes to the inbox."""
    return redirect("/inbox/")


@require_safe
@gzip_page
@etag(lambda request: _version())
def loader(request: HttpRequest) -> HttpResponse:
    """The embed script, for pages of any origin."""
    response = HttpResponse(_loader(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=600"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def start(request: HttpRequest, key: str) -> HttpResponse:
    """What the loader has to know of a workspace before the panel is opened: its colour, and what it says by itself."""
    workspace = get_object_or_404(Workspace, key=key)
    active = workspace.proactive_messages.filter(is_active=True)
    messages = list(active.values("id", "text", "page", "after", "visits"))
    return _for_pages({"colour": workspace.colour, "proactive": messages}, max_age=300)


@require_safe
def articles(request: HttpRequest, key: str) -> HttpResponse:
    """The public articles that a customer looks for from the panel, in the widget's language if there are any."""
    workspace = get_object_or_404(Workspace, key=key)
    language, query = request.GET.get("language", "")[:2], request.GET.get("q", "")[:LONGEST_QUERY]
    centre = HelpCentre(workspace)
    if language in centre.languages:
        centre = HelpCentre(workspace, language)
    found = [passage.article for passage in centre.search(" ".join(query.replace("\0", " ").split()))[:SHOWN]]
    first = Passage.objects.in_workspace(workspace).filter(article__in=found, position=0)
    openings = dict(first.values_list("article", "text"))
    shown = [
        {"title": one.title, "url": one.get_absolute_url(), "text": first_sentences(openings.get(one.id, ""))}
        for one in found
    ]
    return _for_pages({"articles": shown}, max_age=60)


@cache
def _loader() -> bytes:
    """The loader as one script: the modules that it imports stand in it, and so does the launcher's style sheet."""
    script = IMPORT.sub(lambda match: _part(match[1]).replace("export ", ""), _part("widget.js"))
    return f"(() => {{\n{script.replace('{launcher.css}', _part('launcher.css'))}}})();\n".encode()


def _for_pages(data: dict[str, object], max_age: int) -> HttpResponse:
    """Public data for the pages of any origin: no cookie is asked for, and none is sent."""
    response = JsonResponse(data)
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=max_age)
    return response


def _version() -> str:
    return hashlib.sha256(_loader()).hexdigest()


def _part(name: str) -> str:
    return (settings.BASE_DIR / "static/widget" / name).read_text()
