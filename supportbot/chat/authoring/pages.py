"""The administrator's pages of drafts: what waits for review, and one draft with its sources and differences."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from supportbot.chat.authoring import review, tasks, writing
from supportbot.chat.authoring.models import ArticleDraft
from supportbot.chat.differences import difference, excerpt
from supportbot.chat.models import Conversation, Correction
from supportbot.chat.refusals import Refused
from supportbot.knowledge.models import Article, Collection
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User

DECIDED, COMMENTS = 20, 5
SHOWN = timedelta(days=7)  # for which a draft that came to nothing is listed
State = ArticleDraft.State


def overview(request: HttpRequest) -> HttpResponse:
    """What waits, articles that may be wrong, and what was decided last."""
    workspaces, workspace = administered(request), chosen(request)
    rows = ArticleDraft.objects.in_workspace(workspace) if workspace else ArticleDraft.objects.none()
    rows = rows.select_related("workspace", "article", "published", "requested_by", "reviewer")
    is_of_late = Q(state__in=(State.EMPTY, State.FAILED), created_at__gte=timezone.now() - SHOWN)
    is_open = rows.filter(Q(state__in=ArticleDraft.OPEN) | is_of_late)
    context = {
        "workspaces": workspaces,
        "workspace": workspace,
        "drafts": is_open.exclude(origin__in=ArticleDraft.DOUBTS),
        "doubts": is_open.filter(origin__in=ArticleDraft.DOUBTS),
        "decided": rows.filter(decided_at__isnull=False).order_by("-decided_at")[:DECIDED],
    }
    return _page(request, "overview", "Article drafts", context)


def draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """One draft; posted, do what the button says, or say what is wrong and lose nothing."""
    found, alarm = _found(request, draft_id), ""
    given = {"title": found.title, "body": found.body, "reason": ""}
    if request.method == "POST":
        given |= {name: request.POST[name].replace("\r\n", "\n") for name in given if name in request.POST}
        try:
            if answer := _decided(request, found, given):
                return answer
        except Refused as refusal:
            alarm = str(refusal)
    context = {"draft": found, "given": given, "alarm": alarm, **_shown(found, given["body"])}
    return _page(request, "draft", found.title or "Article draft", context, status=422 if alarm else 200)


def state(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Whether it is written, as a piece of the page."""
    return render(request, "admin/chat/draft/state.html", {"draft": _found(request, draft_id)})


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Have a worker look for articles that may be wrong."""
    workspace = administered(request).filter(slug=request.POST.get("workspace", "")).first()
    if workspace is None:
        raise Http404("There is no such workspace.")
    try:
        tasks.look.delay(workspace.pk)
        messages.success(request, "A worker looks now. What it finds stands here after a moment.")
    except Exception:  # whatever the queue's client raises
        messages.error(request, "The queue can’t be reached. Please try again in a moment.")
    return redirect(_address(workspace.slug))


@require_POST
def of_conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Draft an article from a conversation that was resolved."""
    assert isinstance(request.user, User)
    rows = Conversation.objects.in_workspaces(request.user.administers()).filter(status=Conversation.Status.RESOLVED)
    conversation = get_object_or_404(rows.select_related("workspace"), pk=conversation_id)
    return redirect("admin:draft", writing.ask_of(conversation, request.user).pk)


def _decided(request: HttpRequest, found: ArticleDraft, given: dict[str, str]) -> HttpResponse | None:
    """Do it; nothing where only the difference is to be shown."""
    assert isinstance(request.user, User)
    what, by, said = request.POST.get("what", ""), request.user, {"title": given["title"], "body": given["body"]}
    if what == "approve":
        collections = Collection.objects.in_workspace(found.workspace)
        shelf = collections.filter(pk=_number(request.POST.get("collection", ""))).first()
        article = review.approve(found.pk, **said, by=by, collection=shelf)
        messages.success(request, f"“{article}” is published.")
        return redirect(_address(found.workspace.slug))
    if what == "reject":
        review.reject(found.pk, reason=given["reason"], by=by)
        messages.success(request, "Rejected. Nothing was published.")
        return redirect(_address(found.workspace.slug))
    if what == "save":
        review.save(found.pk, **said, by=by)
        messages.success(request, "Saved. It still waits for review.")
        return redirect("admin:draft", found.pk)
    if what in ("into", "alone"):
        articles = Article.objects.in_workspace(found.workspace)
        into = get_object_or_404(articles, pk=_number(request.POST.get("into", ""))) if what == "into" else None
        review.put_into(found.pk, into, by=by)
        return redirect("admin:draft", found.pk)
    return None


def _shown(draft: ArticleDraft, body: str) -> dict[str, Any]:
    """What stands around the text: the difference, what is there already, why an article is doubted."""
    articles = Article.objects.in_workspace(draft.workspace).in_bulk([one["id"] for one in draft.near])
    near = [(articles[one["id"]], one["nearness"]) for one in draft.near if one["id"] in articles]
    shown: dict[str, Any] = {"near": near, "collections": Collection.objects.in_workspace(draft.workspace)}
    if draft.article:
        if body.strip() != draft.article.body.strip():
            shown["difference"] = list(excerpt(draft.article.body.strip(), body.strip()))
        shown["has_moved"] = draft.state == State.WAITING and draft.article.body != draft.before
        comments = draft.article.feedback.filter(helpful=False).exclude(comment="")
        shown["comments"] = comments[:COMMENTS] if draft.origin == draft.Origin.RATING else []
    elif body.strip() != draft.proposed.strip():
        shown["difference"] = list(difference(draft.proposed.strip(), body.strip()))
    if number := draft.evidence.get("correction"):
        rows = Correction.objects.in_workspace(draft.workspace).select_related("message", "author")
        shown["correction"] = rows.filter(pk=number).first()
    if number := draft.evidence.get("article"):
        shown["newer"] = Article.objects.in_workspace(draft.workspace).filter(pk=number).first()
    return shown


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _found(request: HttpRequest, draft_id: int) -> ArticleDraft:
    assert isinstance(request.user, User)
    mine = ArticleDraft.objects.in_workspaces(request.user.administers())
    return get_object_or_404(mine.select_related("workspace", "article__workspace", "reviewer"), pk=draft_id)


def _address(slug: str) -> str:
    return f"{reverse('admin:drafts')}?workspace={slug}"


def _page(request: HttpRequest, name: str, title: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    shared = {**admin.site.each_context(request), **context, "title": title}
    return render(request, f"admin/chat/draft/{name}.html", shared, status=status)
