"""The customer's pages; the chat itself runs over the websocket."""

from __future__ import annotations

import hashlib
from itertools import groupby

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import etag, require_safe

from supportbot.knowledge import pages
from supportbot.knowledge.models import Article
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


@require_safe
def help_home(request: HttpRequest, workspace: str) -> HttpResponse:
    """A workspace's articles by category."""
    found = get_object_or_404(Workspace, slug=workspace)
    articles = _articles(found).defer("body").order_by("category", "title")
    categories = [(name, list(rows)) for name, rows in groupby(articles, key=lambda article: article.category)]
    return render(request, "help/home.html", {"workspace": found, "categories": categories})


@require_safe
def help_article(request: HttpRequest, workspace: str, article: str, language: str | None = None) -> HttpResponse:
    """One article."""
    found = get_object_or_404(Workspace, slug=workspace)
    page = get_object_or_404(_articles(found, language), slug=article)
    related = _articles(found, language).filter(category=page.category).exclude(id=page.id)[:4]
    context = {"workspace": found, "article": page, "html": pages.html(page), "related": related}
    return render(request, "help/article.html", context)


def _articles(workspace: Workspace, language: str | None = None) -> QuerySet[Article]:
    own = language or workspace.language[:2]
    return Article.objects.in_workspace(workspace).public().filter(language=own).select_related("workspace")


def _loader() -> bytes:
    return (settings.BASE_DIR / "static/widget/widget.js").read_bytes()
