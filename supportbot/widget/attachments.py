"""The customer's files over HTTP: the same key, token and origin as on the websocket, and no cookie.

The token stands in the header `Authorization: Bearer`, so a page of another origin asks first (CORS).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from supportbot.chat.attachments import door, service
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.refusals import Refused
from supportbot.chat.transcript import demand_no_block
from supportbot.chat.visitors import Visitor, allows, identify

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse]
Page = Callable[..., HttpResponse]


def for_visitors(*methods: str) -> Callable[[View[P]], Page]:
    """A page that a visitor's browser asks for, from whatever page the widget stands on."""

    def decorate(view: View[P]) -> Page:
        @csrf_exempt  # no cookie says who asks
        @require_http_methods([*methods, "OPTIONS"])
        @wraps(view)
        def page(request: HttpRequest, key: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            origin, host = request.headers.get("origin"), request.get_host()
            try:
                if request.method == "OPTIONS":
                    response = HttpResponse(status=204)
                else:
                    token = request.headers.get("authorization", "").removeprefix("Bearer ")
                    response = view(request, identify(key, token, origin=origin, host=host), *args, **kwargs)
            except Refused as refusal:
                response = door.refuse(refusal)
            if origin and allows(key, origin, host):
                _open(response, origin, methods)
            return response

        return page

    return decorate


@for_visitors("POST")
def uploads(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Take a file."""
    demand_no_block(visitor.contact(), visitor.language)
    return door.take(request, _uploader(visitor))


@for_visitors("GET", "DELETE")
def upload(request: HttpRequest, visitor: Visitor, attachment: UUID) -> HttpResponse:
    """Give one that the visitor may see, or take away one that is not sent."""
    if request.method == "DELETE":
        service.remove(_uploader(visitor), attachment)
        return HttpResponse(status=204)
    seen = service.seen_by_visitor(visitor.workspace, visitor.token_hash, visitor.contact())
    return door.give(seen.filter(id=attachment).first(), small="small" in request.GET)


def _uploader(visitor: Visitor) -> Uploader:
    return Uploader(visitor.workspace, token_hash=visitor.token_hash)


def _open(response: HttpResponse, origin: str, methods: tuple[str, ...]) -> None:
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = "Authorization"
    response["Access-Control-Max-Age"] = "7200"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Origin"])
