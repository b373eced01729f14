"""Asking for a reply once more with a change, and looking whether it is there."""

from __future__ import annotations

from functools import partial

import structlog
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.analytics.routing.rewritten import Choices, Comparison
from supportbot.chat import whatif
from supportbot.chat.experts import installed
from supportbot.chat.models import Generation, WhatIf
from supportbot.chat.tasks import explore
from supportbot.workspaces.administration import administered
from supportbot.workspaces.models import User

log = structlog.get_logger(__name__)


@require_POST
def ask(request: HttpRequest, generation_id: int) -> HttpResponse:
    """Queue it, and go back to the reply."""
    assert isinstance(request.user, User)
    rows = Generation.objects.in_workspaces(administered(request))
    generation = get_object_or_404(rows.select_related("message__conversation__workspace"), id=generation_id)
    checkpoint = installed(generation.message.conversation.workspace)
    change = Choices.of(checkpoint).find(request.POST.get("change", ""))
    if change is None:
        messages.error(request, "Choose what shall be different.")
    elif generation.model_version != checkpoint.version:
        messages.error(request, "Another checkpoint wrote this reply: its experts are not the installed ones.")
    else:
        try:
            asked = whatif.ask(generation, title=change.title, off=change.off, by=request.user)
            transaction.on_commit(partial(_queue, asked.pk))
        except whatif.Refused as refusal:
            messages.error(request, str(refusal))
    page = reverse("admin:routing-conversation", args=[generation.message.conversation_id])
    number = request.POST.get("page", "")
    return redirect(f"{page}{f'?page={number}' if number.isdigit() else ''}#what-if-{generation.message.seq}")


def look(request: HttpRequest, what_if_id: int) -> HttpResponse:
    """One what-if as a piece of the page."""
    rows = WhatIf.objects.in_workspaces(administered(request)).select_related("generation__message")
    found = get_object_or_404(rows, id=what_if_id)
    whatif.expire()
    found.refresh_from_db()
    comparison = Comparison(found, found.generation.message.body)
    return render(request, "analytics/routing/comparison.html", {"comparison": comparison})


def _queue(what_if_id: int) -> None:
    try:
        explore.delay(what_if_id)
    except Exception as error:
        log.warning("what-if not queued", what_if=what_if_id, error=repr(error))  # `expire` tells who asked
