"""The inbox's pages: the page itself, the rows of its list, and what stands beside a conversation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportbot.billing.telling import told
from supportbot.chat import events, search
from supportbot.chat.attachments.service import limits
from supportbot.chat.canned import responses
from supportbot.chat.models import Macro
from supportbot.chat.refusals import Refused
from supportbot.chat.sorting import Label
from supportbot.chat.voice.service import voice_of
from supportbot.dashboard import choices
from supportbot.dashboard.desk import COUNTED, Desk, find_desk
from supportbot.dashboard.facts import facts_of
from supportbot.dashboard.filters import Filters
from supportbot.workspaces.models import Member
from supportbot.workspaces.role import LOOKING

P = ParamSpec("P")
QUERY_LIMIT = 200  # characters


View = Callable[Concatenate[HttpRequest, Desk, P], HttpResponse]
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def seated(view: View[P]) -> Page[P]:
    """For people of a workspace only; with several, `?workspace=` says which."""

    @never_cache
    @login_required
    @wraps(view)
    def sit_down(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        desk = find_desk(request.user.pk, request.GET.get("workspace", ""))
        if desk is None and Member.objects.in_closed_workspaces().filter(user=request.user.pk).exists():
            return redirect("closed")
        if desk is None:
            return render(request, "dashboard/nowhere.html", status=403)
        try:
            if request.method not in LOOKING:
                desk.demand_hands()
            return view(request, desk, *args, **kwargs)
        except Refused as refusal:
            if refusal.code == "view_only":
                raise PermissionDenied(str(refusal)) from None
            raise Http404(str(refusal)) from None

    return sit_down


def at_desk(view: View[P]) -> Page[P]:
    """A page that is only read, for the same people."""
    page: Page[P] = require_safe(seated(view))
    return page


@at_desk
def inbox(request: HttpRequest, desk: Desk, conversation: UUID | None = None) -> HttpResponse:
    """The page; the conversation of its address is opened at once."""
    if conversation and (found := desk.conversation(conversation)).id != conversation:
        return redirect(reverse("inbox-conversation", args=[found.id], query=request.GET))
    context = {"desk": desk, "views": desk.VIEWS, "workspaces": desk.workspaces(), "colours": Label.Colour.choices}
    context["files"] = limits()
    context["digests"] = Member.Digest.choices
    context["has_voice"] = voice_of(desk.workspace) is not None
    context["notices"] = told(desk.workspace) if desk.is_admin else []
    return render(request, "dashboard/inbox.html", context)


@at_desk
def conversations(request: HttpRequest, desk: Desk) -> HttpResponse:
    """A page of one view, narrowed by the filters of the address; or, with `since`, what has changed."""
    if since := request.GET.get("since"):
        listed = desk.changes(_time(since))
    else:
        listed = desk.page(*_asked(request, desk), request.GET.get("after", ""))
    return JsonResponse({**listed, "drafts": desk.drafts(), "counts": desk.counts(), "counted": COUNTED})


@at_desk
def ids(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All conversations of one view, to be chosen."""
    return JsonResponse({"ids": desk.ids(*_asked(request, desk))})


@at_desk
def offered(request: HttpRequest, desk: Desk) -> HttpResponse:
    """People, teams, labels, saved filters, and what conversations are about."""
    return JsonResponse(choices.choices(desk))


@at_desk
def find(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Conversations, contacts and articles that have the words of `q`."""
    found = search.find(desk.workspace, request.GET.get("q", "")[:QUERY_LIMIT])
    hits = [
        {
            "row": events.summary_frame(hit.conversation, "")["conversation"],
            "snippet": hit.snippet,
            "at": hit.said.created_at,
        }
        for hit in found.hits
    ]
    contacts = [
        {"name": str(contact), "snippet": pieces, "conversations": [str(row.id) for row in contact.conversations.all()]}
        for contact, pieces in found.contacts
    ]
    articles = [
        {"title": passage.article.title, "url": passage.article.get_absolute_url(), "snippet": pieces}
        for passage, pieces in found.articles
    ]
    return JsonResponse({"hits": hits, "contacts": contacts, "articles": articles})


@at_desk
def counts(request: HttpRequest, desk: Desk) -> HttpResponse:
    """How many conversations each view has."""
    return JsonResponse({"counts": desk.counts(), "counted": COUNTED})


@at_desk
def facts(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """What stands beside a conversation, as a piece of the page."""
    found = desk.conversation(conversation)
    macros = Macro.objects.in_workspace(desk.workspace).select_related("reply", "label", "assignee")
    shown = {"desk": desk, "conversation": found, "facts": facts_of(found, desk.user), "macros": macros}
    return render(request, "dashboard/facts.html", shown)


@at_desk
def canned(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """The canned responses, as they read in a conversation."""
    found = responses(desk.conversation(conversation), desk.user)
    return JsonResponse({"responses": [filled.as_json() for filled in found]})


def _asked(request: HttpRequest, desk: Desk) -> tuple[str, Filters]:
    name = request.GET.get("view", "")
    if name not in desk.VIEWS:
        raise Refused("not_found", "There is no such view.")
    return name, Filters.parse(request.GET, desk.workspace, desk.user)


def _time(text: str) -> datetime:
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused("bad_filter", "since must be a time with its zone.")
    return at
