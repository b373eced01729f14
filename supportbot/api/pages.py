"""Lists come in pages. The next one begins behind a key (a value and an id), so rows that come and go leave no gaps."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from ninja import Query, Schema
from pydantic import Field

from supportbot.api.problems import Problem, nothing

T = TypeVar("T")
M = TypeVar("M", bound=Model)
MOST = 100
LARGEST = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST)]
Email = Annotated[str, Field(max_length=254)]
Word = Annotated[str, Field(max_length=60)]


class Page(Schema, Generic[T]):
    """Some of a list, in order."""

    data: list[T]
    next: str | None = Field(None, description="The cursor of the next page; null at the end")


class Paging(Schema):
    """Which page is wanted."""

    cursor: str = Field("", max_length=500, description="`next` of the page before; empty is the first page")
    limit: int = Field(50, ge=1, le=MOST, description="Rows of a page")


At = Query[Paging]


def page(rows: QuerySet[M], order: str, at: Paging) -> dict[str, Any]:
    """A page of the rows, ordered by a field that is never null and by id; `-` in front is the newest first."""
    field, sign = order.lstrip("-"), "-" if order.startswith("-") else ""
    rows = rows.order_by(order, f"{sign}pk")
    if at.cursor:
        value, pk = _place(rows.model, field, at.cursor)
        later = "lt" if sign else "gt"
        behind = Q(**{f"{field}__{later}": value}) | Q(**{field: value, f"pk__{later}": pk})
        rows = rows.filter(behind, **{f"{field}__{later}e": value})
    found = list(rows[: at.limit + 1])
    end = _cursor(found[at.limit - 1], field) if len(found) > at.limit else None
    return {"data": found[: at.limit], "next": end}


def one(rows: QuerySet[M], what: str, **named: object) -> M:
    """The row; Problem if there is none among these."""
    row = rows.filter(**named).first()
    if row is None:
        raise nothing(what)
    return row


def cursor_of(text: str) -> str:
    """A place in a list, as a client carries it."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def text_of(cursor: str) -> str:
    """The place that a cursor names; Problem if it is none of ours."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise no_such_page() from error


def no_such_page() -> Problem:
    """Of a cursor that leads nowhere."""
    return Problem(422, "bad_cursor", "There is no such page. Use `next` of the page before.")


def _cursor(row: Model, field: str) -> str:
    value = getattr(row, field)
    return cursor_of(f"{value.isoformat() if hasattr(value, 'isoformat') else value}~{row.pk}")


def _place(model: Any, field: str, cursor: str) -> tuple[Any, Any]:
    value, _, pk = text_of(cursor).rpartition("~")
    try:
        key = model._meta.pk
        column = key if field == "pk" else model._meta.get_field(field)
        found = column.to_python(value), key.to_python(pk)
        if None in found or any(isinstance(part, int) and abs(part) > LARGEST for part in found):
            raise ValueError(cursor)
        if getattr(found[0], "tzinfo", True) is None:
            raise ValueError(cursor)
    except (ValueError, ValidationError, OverflowError) as error:
        raise no_such_page() from error
    return found
