"""The help centre's pages. The same for everybody: no session, no cookie, cacheable, but for a reader's own answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.sitemaps.views import sitemap as render_sitemap
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from supportbot.knowledge import pages
from supportbot.knowledge.models import Article
from supportbot.widget.helpcentre import feedback as readers
from supportbot.widget.helpcentre import structured, theme
from supportbot.widget.helpcentre.centre import HelpCentre, teasers
from supportbot.widget.helpcentre.highlight import excerpt, marked
from supportbot.widget.helpcentre.sitemap import HelpSitemap
from supportbot.workspaces.models import Workspace

FRESH = 60  # seconds that a page may be shown without asking again
THEME_FRESH = 24 * 3600  # its address changes with the colour
LONGEST_QUERY = 200
PER_PAGE = 50
LONG = 3  # headings from which an article has a table of contents
View = Callable[..., HttpResponse]
T = TypeVar("T")


def in_help_centre(view: View) -> Callable[..., HttpResponseBase]:
    """Give the view its help centre; what isn't found is answered with a way on."""

    @wraps(view)
    def answer(request: HttpRequest, workspace: str, language: str | None = None, **arguments: str) -> HttpResponseBase:
        found = get_object_or_404(Workspace.objects.open(), slug=workspace)
        centre = HelpCentre(found, language)
        if language and language == centre.home_language:
            return _move(request, centre, arguments)
        if centre.language not in centre.languages:
            centre, shown = HelpCentre(found), _missing
        else:
            shown = view
        with translation.override(centre.words.locale):
            try:
                response = shown(request, centre, **arguments)
            except Http404:
                response = _missing(request, centre, **arguments)
        if response.status_code == 200 and not response.has_header("Cache-Control"):
            patch_cache_control(response, public=True, max_age=FRESH)
        return response

    return conditional_page(answer)


@require_safe
@in_help_centre
def home(request: HttpRequest, centre: HelpCentre) -> HttpResponse:
    """The collections."""
    return _page(request, centre, "home", {"shelves": centre.shelves(), "tongues": centre.tongues()})


@require_safe
@in_help_centre
def collection(request: HttpRequest, centre: HelpCentre, collection: str | None = None) -> HttpResponse:
    """The articles of one collection."""
    shelf = _or_404(centre.shelf(collection))
    listed = Paginator(centre.articles_on(shelf), PER_PAGE).get_page(request.GET.get("page"))
    if not listed:
        raise Http404
    count = centre.words.counted("article", listed.paginator.count)
    trail = [(centre.words["help"], centre.home_url), (shelf.title, shelf.url)]
    context = {"shelf": shelf, "listed": listed, "teasers": teasers(list(listed)), "count": count}
    return _page(request, centre, "collection", {**context, "tongues": centre.tongues()}, trail)


@require_safe
@in_help_centre
def article(request: HttpRequest, centre: HelpCentre, article: str) -> HttpResponse:
    """One article."""
    shown = _or_404(centre.article(article))
    page, shelf, url = pages.page(shown), centre.shelf_of(shown), shown.get_absolute_url()
    trail = [(centre.words["help"], centre.home_url), (shelf.title, shelf.url), (shown.title, url)]
    data = structured.article(shown, page, request.build_absolute_uri(url), centre.workspace.name)
    context = {
        "article": shown,
        "page": page,
        "shelf": shelf,
        "contents": page.headings if len(page.headings) >= LONG else [],
        "related": centre.related(shown),
        "feedback_url": centre.url("help-feedback", article=article),
        "all_of_topic": centre.words["all_of"].format(topic=shelf.title),
        "tongues": centre.tongues_of(shown),
    }
    return _page(request, centre, "article", context, trail, data)


@require_safe
@in_help_centre
def search(request: HttpRequest, centre: HelpCentre) -> HttpResponse:
    """What has the words that were looked for."""
    query = " ".join(request.GET.get("q", "")[:LONGEST_QUERY].replace("\0", " ").split())
    passages = centre.search(query) if query else []
    results = [
        (
            passage.article,
            marked(passage.article.title, query, centre.language),
            excerpt(passage.text, query, centre.language),
        )
        for passage in passages
    ]
    texts = {name: centre.words[name].format(query=query) for name in ("results_for", "no_results")}
    count = centre.words.counted("result", len(results))
    context = {"query": query, "results": results, "count": count, **texts, "tongues": centre.tongues()}
    return _page(request, centre, "search", context)


@require_http_methods(["GET", "HEAD", "POST"])
@in_help_centre
def feedback(request: HttpRequest, centre: HelpCentre, article: str) -> HttpResponse:
    """The reader's answer: asked for by GET, which stores nothing, and given by POST."""
    shown = _or_404(centre.article(article))
    form = readers.FeedbackForm(request.POST if request.method == "POST" else None)
    helpful, state, status = request.GET.get("helpful") != "no", "ask", 200
    if request.method == "POST" and readers.is_too_often(request):
        state, status = "refused", 429
    elif form.is_bound and form.is_valid():
        helpful = form.cleaned_data["helpful"]
        state = "thanks" if helpful or "comment" in request.POST else "missing"
    elif form.is_bound:
        status = 400
    response = _page(request, centre, "feedback", {"article": shown, "state": state, "helpful": helpful}, status=status)
    if state in ("thanks", "missing"):
        visitor = readers.reader(request)
        readers.save(shown, visitor, form)
        readers.remember(response, visitor)
    add_never_cache_headers(response)
    return response


@require_safe
@in_help_centre
def missing(request: HttpRequest, centre: HelpCentre, rest: str) -> HttpResponse:
    """Any other address below the help centre's."""
    raise Http404


@require_safe
@conditional_page
def stylesheet(request: HttpRequest, workspace: str) -> HttpResponse:
    """The workspace's colour."""
    found = get_object_or_404(Workspace.objects.open(), slug=workspace)
    response = HttpResponse(theme.sheet(found.colour), content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=THEME_FRESH)
    return response


@require_safe
@conditional_page
def sitemap(request: HttpRequest, workspace: str) -> HttpResponseBase:
    """Every page, for search engines."""
    found = get_object_or_404(Workspace.objects.open(), slug=workspace)
    response = render_sitemap(request, {"pages": HelpSitemap(found)}).render()
    patch_cache_control(response, public=True, max_age=FRESH)
    return response


@require_safe
@conditional_page
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may read, and where the help centres' sitemaps are."""
    open_ = Workspace.objects.open().filter(articles__in=Article.objects.public()).distinct().order_by("slug")
    response = render(request, "help/robots.txt", {"workspaces": open_}, content_type="text/plain; charset=utf-8")
    patch_cache_control(response, public=True, max_age=FRESH)
    return response


def _page(
    request: HttpRequest,
    centre: HelpCentre,
    name: str,
    context: dict[str, Any],
    trail: structured.Trail = (),
    *data: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    absolute = [(title, request.build_absolute_uri(url)) for title, url in trail]
    blocks = [*data, structured.breadcrumb(absolute)] if trail else data
    shared = {
        "centre": centre,
        "workspace": centre.workspace,
        "words": centre.words,
        "trail": trail,
        "canonical": request.build_absolute_uri(request.path),
        "structured": structured.script(*blocks) if blocks else "",
    }
    return render(request, f"help/{name}.html", {**shared, **context}, status=status)


def _missing(request: HttpRequest, centre: HelpCentre, **arguments: str) -> HttpResponse:
    """A page that isn't there, with what its address may have meant."""
    words = " ".join(arguments.values()).replace("-", " ").replace("/", " ")
    context = {"suggestions": centre.search(words)[:5], "query": "", "tongues": centre.tongues()}
    return _page(request, centre, "missing", context, status=404)


def _move(request: HttpRequest, centre: HelpCentre, arguments: dict[str, str]) -> HttpResponse:
    """The workspace's own language has the address without it."""
    match = request.resolver_match
    assert match is not None
    assert match.url_name is not None
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(centre.url(match.url_name, **arguments) + query, permanent=True)


def _or_404(found: T | None) -> T:
    if found is None:
        raise Http404
    return found
