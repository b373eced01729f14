"""The agents' files over HTTP: by session, at the desk of one workspace."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from supportbot.chat.attachments import door, service
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.refusals import Refused
from supportbot.chat.sending import demand_turn
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import at_desk, seated


@require_http_methods(["POST"])
@seated
def uploads(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """Take a file that whoever has the turn will send there."""
    found = desk.conversation(conversation)
    try:
        demand_turn(found, desk.user)
        return door.take(request, Uploader(desk.workspace, user=desk.user, conversation=found))
    except Refused as refusal:
        return door.refuse(refusal)


@require_http_methods(["DELETE"])
@seated
def removed(request: HttpRequest, desk: Desk, conversation: UUID, attachment: UUID) -> HttpResponse:
    """Take away one that is not sent."""
    found = desk.conversation(conversation)
    service.remove(Uploader(desk.workspace, user=desk.user, conversation=found), attachment)
    return HttpResponse(status=204)


@at_desk
def shown(request: HttpRequest, desk: Desk, attachment: UUID) -> HttpResponse:
    """Give one of the workspace."""
    seen = service.seen_by_agent(desk.workspace, desk.user)
    response = door.give(seen.filter(id=attachment).first(), small="small" in request.GET)
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
