"""A POST with an `Idempotency-Key` is done once: a repetition gets the first answer, another request a refusal.

The answer is stored in the transaction that does the work, so both are there or neither. Only successes are stored:
what was refused has changed nothing, and may be tried again.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from supportbot.api.access import key_of
from supportbot.api.models import ApiKey, StoredAnswer
from supportbot.api.problems import PLAIN, Problem
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.models import Contact

HEADER = "Idempotency-Key"
LONGEST = 255
Run = Callable[..., Any]


def once(run: Run) -> Run:
    """Wrap an operation of the API; one that waits for the assistant takes care of itself."""
    if inspect.iscoroutinefunction(run):
        return run

    @wraps(run)
    def run_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = request.headers.get(HEADER, "")
        key = key_of(request) if name and request.method == "POST" else None
        if key is None:
            answer: HttpResponse = run(request, *args, **kwargs)
            return answer
        try:
            return _answer(key, name, request, lambda: run(request, *args, **kwargs))
        except Problem as problem:
            return problem.answer()

    return run_once


def named(request: HttpRequest) -> str:
    """The idempotency key of a request; empty if it has none. Problem if it is none."""
    name = request.headers.get(HEADER, "")
    if len(name) > LONGEST or not name.isprintable():
        raise Problem(400, "bad_idempotency_key", f"An idempotency key has at most {LONGEST} printable characters.")
    return name


def reused() -> Problem:
    """The key of one request came with another."""
    return Problem(422, "idempotency_key_reused", "This idempotency key was used for another request.")


def forget_erased(event: Event, subject: Subject, **_: Any) -> None:
    """Delete what was answered of the conversations of a contact who is being erased."""
    if event != Event.CONTACT_ERASED or not isinstance(subject, Contact):
        return
    for conversation_id in subject.conversations.values_list("id", flat=True):
        StoredAnswer.objects.in_workspace(subject.workspace).filter(body__contains=str(conversation_id)).delete()


def _answer(key: ApiKey, name: str, request: HttpRequest, run: Callable[[], HttpResponse]) -> HttpResponse:
    named(request)
    fingerprint = _fingerprint(request)
    with suppress(IntegrityError), transaction.atomic():
        row = StoredAnswer.objects.create(key=key, name=name, fingerprint=fingerprint)
        response = run()
        if response.status_code // 100 == 2:
            row.status, row.body = response.status_code, response.content.decode()
            row.save(update_fields=["status", "body"])
        else:
            transaction.set_rollback(True)
        return response
    stored = StoredAnswer.objects.filter(key=key, name=name).first()
    if stored is None:  # what was done at the same time has failed
        raise Problem(409, "try_again", "The same request was being done and has failed. Send it again.")
    if stored.fingerprint != fingerprint:
        raise reused()
    again = HttpResponse(stored.body, status=stored.status, content_type="application/json; charset=utf-8")
    again["Idempotent-Replayed"] = "true"
    return again


def _fingerprint(request: HttpRequest) -> str:
    try:
        body = request.body
    except Exception as error:
        raise Problem(413, *PLAIN[413]) from error
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + body).hexdigest()
