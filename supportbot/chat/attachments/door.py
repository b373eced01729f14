"""What both HTTP doors of attachments do alike: take one file, give one back, refuse in words. Knows no rights."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from supportbot.chat import events
from supportbot.chat.attachments import files, service
from supportbot.chat.attachments.content import THUMBNAIL_TYPE
from supportbot.chat.attachments.models import Attachment
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.refusals import Refused
from supportbot.workspaces import pace

MOST, WITHIN = 60, 600  # uploads of one address, seconds
STATUS = {
    "too_large": 413,
    "bad_file": 415,
    "too_fast": 429,
    "too_many_files": 409,
    "failed": 503,
    "unknown_workspace": 404,
    "bad_frame": 400,
}
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def take(request: HttpRequest, uploader: Uploader) -> HttpResponse:
    """Keep the file of the form's field `file`, and describe it."""
    if pace.is_too_often(request, "uploads", most=MOST, within=WITHIN):
        raise Refused("too_fast", "That were many files. Please wait a few minutes.")
    file = request.FILES.get("file")
    if file is None or not file.name:
        raise Refused("bad_frame", "The form has no file.")
    if file.size is None or file.size > service.limit_bytes():
        raise service.TooLarge
    try:
        attachment = service.upload(uploader, file.name, file.read())
    except OSError:
        raise Refused("failed", "The file could not be stored. Please try again.") from None
    return JsonResponse(events.attachment_facts(attachment), status=201)


def give(attachment: Attachment | None, *, small: bool) -> HttpResponse:
    """The file, or its thumbnail: never as a page, never to be guessed at, kept by this browser alone."""
    if attachment is None or attachment.state != Attachment.State.READY:
        raise Http404("There is no such file.")
    is_image = attachment.kind == Attachment.Kind.IMAGE
    try:
        data = files.load(attachment, small=small and is_image)
    except OSError:
        raise Http404("The storage does not have this file.") from None
    content_type = THUMBNAIL_TYPE if small and is_image else attachment.content_type
    response = HttpResponse(data, content_type=content_type)
    way = "inline" if is_image else "attachment"
    response["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(attachment.name)}"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def refuse(refusal: Refused) -> HttpResponse:
    """The refusal as an answer."""
    said: dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
    return JsonResponse(said, status=STATUS.get(refusal.code, 403))
