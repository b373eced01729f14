"""Which conversation an agent merges with the open one: proposals and a search, a question back, and the deed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportbot.chat import events, search
from supportbot.chat.merging import merge
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import QUERY_LIMIT, seated

SHOWN = 8


@seated
def page(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """Propose; of one that was chosen ask whether it is meant; and merge the two."""
    here = desk.conversation(conversation)
    if request.method != "POST":
        asked = request.GET.get("q", "")[:QUERY_LIMIT]
        return _show(request, desk, here, asked=asked, found=_candidates(desk, here, asked))
    try:
        other = desk.conversation(UUID(request.POST.get("other", "")))
        if "sure" not in request.POST:
            return _show(request, desk, here, other=other)
        merge(conversation_id=here.id, other_id=other.id, agent=desk.user)
    except ValueError:
        return _show(request, desk, here, found=_candidates(desk, here, ""), alarm="Choose one first.", status=422)
    except Refused as refusal:
        return _show(request, desk, here, found=_candidates(desk, here, ""), alarm=str(refusal), status=422)
    return _show(request, desk, here, is_done=True)


def _candidates(desk: Desk, here: Conversation, asked: str) -> list[tuple[Conversation, str]]:
    """What was searched for, else what seems to be the same person's; each with its last words."""
    rows = Conversation.objects.in_workspace(desk.workspace).exclude(id=here.id).filter(is_spam=False)
    if asked.strip():
        found = search.find(desk.workspace, asked)
        ids = [hit.conversation.id for hit in found.hits]
        rows = rows.filter(Q(id__in=ids) | Q(contact__in=[contact for contact, _ in found.contacts]))
    else:
        same = Q(contact=here.contact)
        same |= Q(contact__email__iexact=here.contact.email) if here.contact.email else Q()
        rows = rows.filter(same)
    shown = rows.select_related("contact", "assignee").order_by("-active_at")[:SHOWN]
    return [(row, events.preview(row.messages.last())) for row in shown]


def _show(request: HttpRequest, desk: Desk, here: Conversation, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "dashboard/merge.html", {"desk": desk, "here": here, **more}, status=status)
