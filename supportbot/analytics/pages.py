"""The pages of analytics inside the admin. Each reads a scope from its address; figures are made elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from supportbot.analytics import export
from supportbot.analytics.answer import Answer
from supportbot.analytics.asking import choices, understand
from supportbot.analytics.digest import NOTHING, changes
from supportbot.analytics.measures import DIMENSIONS, MEASURES, WHICH
from supportbot.analytics.models import Case, Gap, Preferences
from supportbot.analytics.people import by_agent, by_team
from supportbot.analytics.performance import SERIES, Performance
from supportbot.analytics.performance import cases as behind
from supportbot.analytics.period import Period
from supportbot.analytics.quality import Quality
from supportbot.analytics.query import Scope
from supportbot.analytics.wording import span
from supportbot.chat.authoring import writing as authoring
from supportbot.chat.models import ArticleDraft, Conversation
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User, Workspace

CASES_ON_A_PAGE = 50
FILTERS = ("channel", "category", "language", "handler", "team")
FILTERS_OF_PEOPLE = ("channel", "category", "language", "team")
FILTERS_OF_CASES = (*FILTERS, "reason", "agent", "outcome")


def performance(request: HttpRequest) -> HttpResponse:
    """The overview of a period."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "performance", "Overview", {})
    scope = _scope(request, workspace)
    shown = Performance(scope, Preferences.of(workspace))
    return _page(request, "performance", "Overview", {**_controls(scope, FILTERS), "shown": shown, "series": SERIES})


def cases(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The conversations behind a figure, the newest first; as CSV or Parquet if the address says so."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "cases", "Conversations", {})
    scope, shows_agents = _scope(request, workspace), _shows_agents(workspace)
    found = scope.cases().order_by("-day", "-began_at", "id")  # the day first, for the index has it so
    if download := export.FORMATS.get(request.GET.get("format", "")):
        return download(scope, found, shows_agents)
    page = Paginator(found, CASES_ON_A_PAGE).get_page(request.GET.get("page"))
    filters = FILTERS_OF_CASES if shows_agents else tuple(key for key in FILTERS_OF_CASES if key != "agent")
    context = {
        **_controls(scope, filters),
        "page": page,
        "lines": _lines(scope, list(page)),
        "kinds": WHICH,
        "keep": f"&{scope.address}",
        "shows_agents": shows_agents,
    }
    return _page(request, "cases", "Counted conversations", context)


def quality(request: HttpRequest) -> HttpResponse:
    """How good the answers are, and what no article answers."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "quality", "Quality", {})
    scope, preferences = _scope(request, workspace), Preferences.of(workspace)
    shown = Quality(scope, preferences, costly_first=request.GET.get("gaps") == "cost")
    context = {"shown": shown, "gaps_at": preferences.gaps_at}
    return _page(request, "quality", "Quality", {**_controls(scope, FILTERS), **context})


@require_POST
def draft_of_gap(request: HttpRequest, gap_id: int) -> HttpResponse:
    """Have an article drafted that answers a gap's questions."""
    assert isinstance(request.user, User)
    rows = Gap.objects.in_workspaces(request.user.administers()).select_related("workspace")
    gap = get_object_or_404(rows, id=gap_id)
    key = f"gap:{gap.messages[0] if gap.messages else gap.pk}"
    origin = ArticleDraft.Origin.GAP
    draft = authoring.ask(gap.workspace, gap.messages, origin=origin, key=key, by=request.user)
    return redirect("admin:draft", draft.pk)


def people(request: HttpRequest) -> HttpResponse:
    """Agents and teams; teams only where the workspace wants it so."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "people", "Agents and teams", {})
    scope = _scope(request, workspace)
    agents = by_agent(scope) if _shows_agents(workspace) else None
    context = {**_controls(scope, FILTERS_OF_PEOPLE), "teams": by_team(scope), "agents": agents}
    return _page(request, "people", "Agents and teams", context)


def ask(request: HttpRequest) -> HttpResponse:
    """A question in words, or the query that was made of one and changed."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "ask", "Ask your data", {})
    scope, preferences = _scope(request, workspace), Preferences.of(workspace)
    shows_agents = not preferences.teams_only
    question, unknown = request.GET.get("q", "").strip(), request.GET.get("unknown", "")
    measures, splits = choices(preferences)
    if question and "measure" not in request.GET:
        return _understood(scope, question, shows_agents, measures)
    measure, by = request.GET.get("measure", ""), request.GET.get("by", "")
    context: dict[str, Any] = {
        **_controls(scope, FILTERS_OF_CASES if shows_agents else FILTERS),
        **{
            "question": question,
            "unknown": unknown,
            "measures": measures,
            "splits": splits,
            "measure": measure,
            "by": by,
        },
    }
    if measure in measures:
        own = by if by in splits else ""
        context["query_string"] = request.GET.urlencode()
        context["answer"] = Answer(scope, MEASURES[measure], own, preferences, why="why" in request.GET)
    return _page(request, "ask", "Ask your data", context)


def digest(request: HttpRequest) -> HttpResponse:
    """What changed in the last settled week, as the e-mail of Monday has it."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "digest", "What changed", {})
    found = changes(workspace, timezone.now().astimezone(workspace.zone).date())
    context = {"workspace": workspace, "changes": [(one, behind(one.scope)) for one in found], "nothing": NOTHING}
    return _page(request, "digest", "What changed", context)


def _understood(scope: Scope, question: str, shows_agents: bool, measures: Collection[str]) -> HttpResponse:
    """To the address of the query, where it can be seen and changed."""
    today = timezone.now().astimezone(scope.workspace.zone).date()
    found = understand(question, scope, today, shows_agents)
    query = {"workspace": scope.workspace.slug, "q": question, **scope.period.query, **found.query}
    if found.measure not in measures:
        query["measure"] = ""
    if found.unknown:
        query["unknown"] = ", ".join(found.unknown)
    return redirect(f"{reverse('admin:analytics-ask')}?{urlencode(query)}")


def _lines(scope: Scope, cases: list[Case]) -> list[dict[str, Any]]:
    rows = Conversation.objects.in_workspace(scope.workspace).select_related("contact")
    known = rows.in_bulk([case.conversation_id for case in cases])
    return [
        {
            "case": case,
            "began": case.began_at.astimezone(scope.workspace.zone),
            "conversation": known.get(case.conversation_id),
            "category": scope.label("category", case.category),
            "outcome": case.get_outcome_display(),
            "agent": scope.label("agent", case.agent_id),
            "reason": scope.label("reason", case.reason) if case.reason else "",
            "duration": "" if case.resolution_s is None else span(case.resolution_s),
        }
        for case in cases
    ]


def _controls(scope: Scope, filters: tuple[str, ...]) -> dict[str, Any]:
    """What the form above a page offers and what is chosen."""
    offered = [(DIMENSIONS[key], scope.choices(key), scope.filters.get(key)) for key in filters]
    shown = [choice for choice in offered if choice[1] or choice[2] is not None]
    others = {key: value for key, value in scope.filters.items() if key not in filters}
    chips = [(DIMENSIONS[key].name, scope.label(key, value)) for key, value in others.items()]
    return {
        "scope": scope,
        "workspace": scope.workspace,
        "periods": Period.CHOICES,
        "filters": shown,
        "others": others,
        "chips": chips,
    }


def _scope(request: HttpRequest, workspace: Workspace) -> Scope:
    query = request.GET.dict()
    if not _shows_agents(workspace):
        query.pop("agent", None)
    return Scope.read(workspace, query, timezone.now().astimezone(workspace.zone).date())


def _shows_agents(workspace: Workspace) -> bool:
    return not Preferences.of(workspace).teams_only


def _page(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    shared = {"title": title, "workspaces": administered(request), **admin.site.each_context(request)}
    return render(request, f"analytics/{name}.html", {**shared, **context})
