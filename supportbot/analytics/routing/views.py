"""The pages of expert routing: conversations, one conversation, all of them together. Scoped to who looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from supportbot.analytics.routing import overall as over_all
from supportbot.analytics.routing import report, sums
from supportbot.analytics.routing.rewritten import Choices
from supportbot.chat import similar
from supportbot.chat.experts import HEAT, Cell, Checkpoint, installed, leaders, stored_trace
from supportbot.chat.models import Conversation, Generation, Message, RoutingDay, WhatIf
from supportbot.chat.reasons import ACTS
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import Workspace

CONVERSATIONS_ON_A_PAGE = 20
MESSAGES_ON_A_PAGE = 40
TITLE = "Expert routing"


@dataclass(frozen=True)
class Line:
    """A conversation in the list, with the message that was triaged last."""

    conversation: Conversation
    message: Message | None
    decision: str
    leaders: list[Cell]


def conversations(request: HttpRequest) -> HttpResponse:
    """The latest conversations of a workspace, and what is out of order."""
    workspace = chosen(request)
    if workspace is None:
        return page(request, "conversations", None, {})
    checkpoint = installed(workspace)
    rows = Conversation.objects.in_workspace(workspace).annotate(generation_id=Subquery(_latest_generation()))
    found = Paginator(rows.select_related("contact"), CONVERSATIONS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": found, "lines": _lines(found, checkpoint), "keep": f"&workspace={workspace.slug}"}
    return page(request, "conversations", workspace, context)


def overall(request: HttpRequest) -> HttpResponse:
    """Which experts serve which category, when and with whom; load, drift, and messages that fit no category."""
    workspace = chosen(request)
    if workspace is None:
        return page(request, "overall", None, {})
    days = next((days for days in over_all.PERIODS if str(days) == request.GET.get("days")), 28)
    stretch = RoutingDay.Stretch.REPLY if request.GET.get("of") == "reply" else RoutingDay.Stretch.WORDS
    known, version = sums.versions(workspace), request.GET.get("checkpoint", "")
    version = version if version in known else next(iter(known), "")
    checkpoint = installed(workspace)
    ours, _, writer = version.partition("+")  # the engine that wrote, if it was not ours: its experts have no cards
    named = checkpoint if checkpoint.version == ours and not (writer and stretch == "reply") else Checkpoint()
    context: dict[str, Any] = {
        "days": days,
        "periods": over_all.PERIODS,
        "stretch": stretch,
        "version": version,
        "versions": known,
        "strays": over_all.stray_lines(workspace, days),
    }
    if version:
        context["overall"] = over_all.Overall.of(workspace, version, named, days=days, stretch=stretch)
    return page(request, "overall", workspace, context)


def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One conversation, message by message; the newest page first."""
    rows = Conversation.objects.in_workspaces(administered(request)).select_related("contact", "workspace", "assignee")
    found = get_object_or_404(rows, id=conversation_id)
    what_ifs = Prefetch("generation__what_ifs", WhatIf.objects.select_related("generation__message"))
    messages = found.messages.select_related("user", "generation__in_reply_to", "reply_generation")
    pages = Paginator(messages.prefetch_related(what_ifs, "attachments"), MESSAGES_ON_A_PAGE)
    shown = pages.get_page(request.GET.get("page", pages.num_pages))
    checkpoint = installed(found.workspace)
    entries = report.entries(shown, checkpoint)
    experts = _experts(entries, checkpoint)
    context = {
        "conversation": found,
        "page": shown,
        "entries": entries,
        "experts": experts,
        "names": [expert.name for expert in experts],
        "by_meaning": similar.shown(found),
        "by_routing": similar.by_routing(found),
        "choices": Choices.of(checkpoint),
        "other_checkpoint": any(
            e.generation and e.generation.model_version not in ("", checkpoint.version) for e in entries
        ),
    }
    return page(request, "conversation", found.workspace, context)


def page(request: HttpRequest, name: str, workspace: Workspace | None, context: dict[str, Any]) -> HttpResponse:
    """Render a page of the routing with what all of them have."""
    checkpoint = installed(workspace)
    shared = {
        **admin.site.each_context(request),
        "title": TITLE,
        "checkpoint": checkpoint,
        "heat_bounds": _heat_bounds(),
        "workspace": workspace,
        "workspaces": administered(request),
        "here": name,
        "alerts": over_all.alerts(workspace, checkpoint) if workspace else [],
    }
    return render(request, f"analytics/routing/{name}.html", {**shared, **context})


def _latest_generation() -> Any:
    return Generation.objects.filter(message__conversation=OuterRef("pk")).order_by("-id").values("id")[:1]


def _lines(conversations: Iterable[Any], checkpoint: Checkpoint) -> list[Line]:
    rows = list(conversations)
    generations = Generation.objects.select_related("in_reply_to").in_bulk([row.generation_id for row in rows])
    return [_line(row, generations.get(row.generation_id), checkpoint) for row in rows]


def _line(conversation: Conversation, generation: Generation | None, checkpoint: Checkpoint) -> Line:
    if generation is None:
        return Line(conversation, None, "", [])
    try:
        trace = stored_trace(generation.reading)
        best = leaders(trace, checkpoint.experts(trace.n_experts), 2) if trace.tokens else []
    except ValueError:
        best = []
    return Line(conversation, generation.in_reply_to, ACTS.get(generation.act, generation.act), best)


def _experts(entries: list[report.Entry], checkpoint: Checkpoint) -> list[Any]:
    """Those of the legend: all that any view on the page can name."""
    views = [part.view for entry in entries for part in entry.parts if part.view]
    return checkpoint.experts(max([len(view.experts) for view in views], default=0))


def _heat_bounds() -> list[str]:
    bounds = [f"{bound:.0%}" for bound in HEAT]
    between = [f"{low.rstrip('%')}–{high}" for low, high in zip(bounds, bounds[1:], strict=False)]
    return [f"under {bounds[0]}", *between, f"over {bounds[-1]}"]
