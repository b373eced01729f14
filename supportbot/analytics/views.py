"""The pages of the model, inside the admin: conversations with the experts' table, one conversation, the evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from supportbot.analytics import report, tally
from supportbot.analytics.evaluated import evaluated
from supportbot.analytics.measured import measured
from supportbot.chat.experts import HEAT, Cell, Checkpoint, installed, leaders, stored_trace
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.reasons import ACTS
from supportbot.workspaces.models import User

CONVERSATIONS_ON_A_PAGE = 20
MESSAGES_ON_A_PAGE = 40


@dataclass(frozen=True)
class Line:
    """A conversation in the list, with the message that was triaged last."""

    conversation: Conversation
    message: Message | None
    decision: str
    leaders: list[Cell]


def routing(request: HttpRequest) -> HttpResponse:
    """The latest conversations of a workspace, and which experts serve which category."""
    workspaces = _workspaces(request)
    workspace = workspaces.filter(slug=request.GET.get("workspace", "")).first() or workspaces.first()
    stretch: tally.Stretch = "reply" if request.GET.get("of") == "reply" else "words"
    checkpoint = installed()
    context: dict[str, Any] = {"workspaces": workspaces, "workspace": workspace, "stretch": stretch}
    if workspace:
        conversations = Conversation.objects.in_workspace(workspace).annotate(
            generation_id=Subquery(_latest_generation())
        )
        page = Paginator(conversations.select_related("contact"), CONVERSATIONS_ON_A_PAGE).get_page(
            request.GET.get("page")
        )
        table = tally.table(workspace, stretch, checkpoint)
        experts = [row.expert for row in table.rows] if table else []
        context |= {"page": page, "lines": _lines(page, checkpoint), "table": table, "experts": experts}
        context["measured"] = measured(checkpoint)
        context["keep"] = f"&workspace={workspace.slug}&of={stretch}"
    return _page(request, "analytics/routing.html", "Expert routing", checkpoint, context)


def conversation_routing(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One conversation, message by message; the newest page first."""
    rows = Conversation.objects.in_workspaces(_workspaces(request)).select_related("contact", "workspace", "assignee")
    conversation = get_object_or_404(rows, id=conversation_id)
    messages = conversation.messages.select_related("user", "generation__in_reply_to", "reply_generation")
    pages = Paginator(messages, MESSAGES_ON_A_PAGE)
    page = pages.get_page(request.GET.get("page", pages.num_pages))
    checkpoint = installed()
    entries = report.entries(page, checkpoint)
    experts = _experts(entries, checkpoint)
    context = {
        "conversation": conversation,
        "page": page,
        "entries": entries,
        "experts": experts,
        "names": [expert.name for expert in experts],
        "other_checkpoint": any(
            e.generation and e.generation.model_version not in ("", checkpoint.version) for e in entries
        ),
    }
    return _page(request, "analytics/conversation.html", "Expert routing", checkpoint, context)


def evaluation(request: HttpRequest) -> HttpResponse:
    """How well the assistant does on the companies that it is judged on."""
    checkpoint = installed()
    return _page(request, "analytics/evaluation.html", "Evaluation", checkpoint, {"evaluated": evaluated(checkpoint)})


def _page(
    request: HttpRequest, template: str, title: str, checkpoint: Checkpoint, context: dict[str, Any]
) -> HttpResponse:
    shared = {"title": title, "checkpoint": checkpoint, "heat_bounds": _heat_bounds()}
    return render(request, template, {**admin.site.each_context(request), **shared, **context})


def _workspaces(request: HttpRequest) -> Any:
    assert isinstance(request.user, User)
    return request.user.administers().order_by("name")


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
