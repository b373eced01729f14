"""One of the bot's replies as a piece of the inbox: why the bot said it, and the form that corrects it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportbot.chat.corrections.service import act_of, correct
from supportbot.chat.models import Correction
from supportbot.chat.refusals import Refused
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import seated
from supportbot.dashboard.why import Why, why

FIELDS = ("act", "category", "reply", "note")


@seated
def reply(request: HttpRequest, desk: Desk, conversation: UUID, seq: int) -> HttpResponse:
    """Explain the reply; posted, keep the correction, or say what is wrong with it and lose nothing."""
    found = why(desk.conversation(conversation), seq)
    if request.method != "POST":
        return _page(request, desk, found, _known(found))
    given = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        correct(message=found.said, agent=desk.user, **given)
    except Refused as refusal:
        return _page(request, desk, found, given, alarm=str(refusal), status=422)
    return _page(request, desk, found, _known(found), is_saved=True)


def _known(found: Why) -> dict[str, str]:
    """What the form begins with: the correction that there is, or the reply as it was."""
    if correction := found.correction:
        return {name: getattr(correction, name) for name in FIELDS}
    return {"act": act_of(found.generation), "category": found.said.category, "reply": found.said.body, "note": ""}


def _page(
    request: HttpRequest, desk: Desk, found: Why, given: dict[str, str], status: int = 200, **more: Any
) -> HttpResponse:
    shown = {"desk": desk, "why": found, "given": given, "acts": Correction.Act.choices, **more}
    return render(request, "dashboard/reply.html", shown, status=status)
