"""What the workspace's voice says of a reply while it is written."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.voice import service
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import seated


@require_POST
@seated
def look_over(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """Hints, and the reply rewritten; nothing is kept."""
    text = request.POST.get("text", "")[:BODY_LIMIT]
    return JsonResponse(service.look_over(desk.conversation(conversation), desk.user, text))
