"""The embed script and the demo shop; the help centre is `helpcentre/`, the chat runs over the websocket."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import etag, require_safe

from supportbot.workspaces.models import Workspace

DEMO_SLUG = "fennmoor"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Whoever works here goes to the inbox."""
    return redirect("/inbox/")


@require_safe
@etag(lambda request: hashlib.sha256(_loader()).hexdigest())
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


def _loader() -> bytes:
    return (settings.BASE_DIR / "static/widget/widget.js").read_bytes()
