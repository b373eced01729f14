"""What goes wrong, as RFC 9457 writes it: every answer of the API that is no success, in words for a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import SuspiciousOperation
from django.core.exceptions import ValidationError as RowError
from django.db.models import RestrictedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from supportbot.chat.refusals import Refused
from supportbot.workspaces import limits

log = structlog.get_logger(__name__)
MEDIA = "application/problem+json"
STATUS_OF = {  # of refusals; whatever is not here is what was sent
    "not_found": HTTPStatus.NOT_FOUND,
    "too_fast": HTTPStatus.TOO_MANY_REQUESTS,
    **dict.fromkeys(("already_taken", "not_yours", "forbidden", "blocked", "undone"), HTTPStatus.CONFLICT),
}
PLAIN = {
    400: ("bad_request", "This is not a request that the API understands."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("too_large", "The request is larger than the API takes."),
    500: ("failed", "Something went wrong on our side. It has been logged; please try again."),
}


class Fault(Schema):
    """One thing that is wrong with what was sent."""

    pointer: str = Field(description="Where, as /body/priority")
    detail: str


class ProblemOut(Schema):
    """RFC 9457, with a code for machines."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="In words for a person")
    code: str = Field(description="Stays the same; the words may change")
    errors: list[Fault] | None = None


class Problem(Exception):
    """A request that ends so; `more` are further members, as `errors`."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int = 0, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after, self.more = status, code, detail, retry_after, more

    def answer(self) -> HttpResponse:
        """As it is sent."""
        told = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": int(self.status)}
        told |= {"detail": self.detail, "code": self.code, **self.more}
        response = JsonResponse(told, status=self.status, content_type=MEDIA)
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        if self.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = "Bearer"
        return response


def nothing(what: str) -> Problem:
    """There is no such row, or it is another workspace's, which is the same."""
    return Problem(404, "not_found", f"There is no such {what}.")


def install(api: NinjaAPI) -> None:
    """Have whatever views raise end as a problem."""
    readers: dict[type[Exception], Callable[[Any], Problem]] = {
        Problem: lambda error: error,
        Refused: _of_refusal,
        ValidationError: _of_request,
        RowError: _of_row,
        RestrictedError: _of_use,
        SuspiciousOperation: lambda error: Problem(413, *PLAIN[413]),
        AuthenticationError: lambda error: no_key(),
        HttpError: _of_body,
        Exception: _of_failure,
    }
    for kind, read in readers.items():
        api.add_exception_handler(kind, partial(_answered, read))


def _answered(read: Callable[[Any], Problem], request: HttpRequest, error: Any) -> HttpResponse:
    return read(error).answer()


def no_key() -> Problem:
    """Nobody is signed in."""
    return Problem(401, "no_key", "Send an API key that is valid now, as Authorization: Bearer sk_…")


def _of_body(error: HttpError) -> Problem:
    """The wrapper of what the parser says."""
    return error.__cause__ if isinstance(error.__cause__, Problem) else Problem(error.status_code, *PLAIN[400])


def _of_refusal(refused: Refused) -> Problem:
    status = STATUS_OF.get(refused.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return Problem(status, refused.code, str(refused), retry_after=5 if refused.code == "too_fast" else 0)


def _of_request(error: ValidationError) -> Problem:
    """What pydantic found; the wrapper's own name for a body is left out."""
    faults = [{"pointer": "/" + "/".join(map(str, _place(one["loc"]))), "detail": one["msg"]} for one in error.errors]
    return Problem(422, "invalid", f"{faults[0]['pointer']}: {faults[0]['detail']}.", errors=faults)


def _place(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    return (loc[0], *loc[2:]) if loc[0] == "body" and len(loc) > 1 else loc


def _of_row(error: RowError) -> Problem:
    """What a model's own rules say; a plan that has no more room is no fault of the request."""
    if limits.has_reached(error):
        return Problem(402, limits.REACHED, " ".join(error.messages))
    fields = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    faults = [
        {"pointer": "/body" if name == "__all__" else f"/body/{name}", "detail": text}
        for name, texts in fields.items()
        for text in texts
    ]
    return Problem(422, "invalid", faults[0]["detail"], errors=faults)


def _of_use(error: RestrictedError) -> Problem:
    names = ", ".join(sorted(str(row) for row in error.restricted_objects))
    return Problem(409, "in_use", f"It is in use: {names}.")


def _of_failure(error: Exception) -> Problem:
    log.error("request failed", exc_info=error)
    return Problem(500, *PLAIN[500])


def plain(status: int) -> HttpResponse:
    """A problem of which no more is known than its status."""
    return Problem(status, *PLAIN.get(status, PLAIN[500 if status >= 500 else 400])).answer()
