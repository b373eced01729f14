"""The embed script and the demo shop; the help centre is `helpcentre/`, the chat runs over the websocket."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

from supportbot.workspaces.models import Workspace

DEMO_SLUG = "fennmoor"
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
def demo(request: HttpRequest) -> HttpResponse:
    """A shop's page that embeds the widget as a customer of ours would."""
    return render(request, "demo/home.html", {"workspace": get_object_or_404(Workspace, slug=DEMO_SLUG)})


@cache
def _loader() -> bytes:
    """The loader as one script: the modules that it imports stand in it, and so does the launcher's style sheet."""
    script = IMPORT.sub(lambda match: _part(match[1]).replace("export ", ""), _part("widget.js"))
    return f"(() => {{\n{script.replace('{launcher.css}', _part('launcher.css'))}}})();\n".encode()


def _version() -> str:
    return hashlib.sha256(_loader()).hexdigest()


def _part(name: str) -> str:
    return (settings.BASE_DIR / "static/widget" / name).read_text()
