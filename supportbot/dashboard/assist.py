"""The assistant's dialog: other words for what an agent has written, a summary, labels, a follow-up; and articles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportbot.chat.authoring import proposals, writing
from supportbot.chat.differences import difference
from supportbot.chat.models import Conversation, SuggestionUse
from supportbot.chat.refusals import Refused
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import seated

Kind = SuggestionUse.Kind
OTHERS = (Kind.SUMMARY, Kind.LABELS, Kind.FOLLOW_UP)


@seated
def dialog(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """What can be proposed; posted, a proposal as a difference, and what the agent makes of it."""
    here = desk.conversation(conversation)
    text, kind, number = (request.POST.get(name, "") for name in ("body", "kind", "proposal"))
    number = number or request.GET.get("proposal", "")
    try:
        use = proposals.current(here, desk.user, int(number)) if number.isdecimal() else None
        if use and "take" in request.POST:
            proposals.accept(use)
            return render(request, "dashboard/assist_done.html", {"use": use, "kinds": Kind})
        if use and "leave" in request.POST:
            proposals.reject(use)
            use = None
        if request.method == "POST" and kind:
            use = proposals.propose(here, desk.user, kind=kind, text=text)
    except Refused as refusal:
        return _page(request, desk, here, use=None, alarm=str(refusal), status=422)
    return _page(request, desk, here, use=use)


@seated
def article(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """Have an article drafted from a conversation that was resolved."""
    here = desk.conversation(conversation)
    if here.status != Conversation.Status.RESOLVED:
        raise Refused("not_resolved", "An article is drafted from a conversation that was resolved.")
    draft = writing.ask_of(here, desk.user) if request.method == "POST" else None
    return render(request, "dashboard/assist_article.html", {"desk": desk, "here": here, "draft": draft})


def _page(request: HttpRequest, desk: Desk, here: Conversation, status: int = 200, **more: Any) -> HttpResponse:
    use: SuggestionUse | None = more["use"]
    pieces = list(difference(use.before, use.text)) if use and use.is_written else []
    ways = {"rewrites": SuggestionUse.REWRITES, "others": OTHERS}
    shown = {"desk": desk, "here": here, "pieces": pieces, **ways, **more}
    return render(request, "dashboard/assist.html", shown, status=status)
