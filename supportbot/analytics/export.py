"""Conversations as CSV, one row for each, as they are read; a spreadsheet takes no cell for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from supportbot.analytics.models import Case
from supportbot.analytics.query import Scope

LABELLED = ("category", "language", "handler", "team", "reason", "agent", "outcome")
TIMES = {"first_s": "first_response_s", "people_s": "people_response_s", "resolution_s": "resolution_s"}
COUNTS = ("customer_messages", "bot_messages", "agent_messages", "agent_seconds", "reopened", "kept", "missed")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """What `csv` writes to; gives each line back."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


def csv_of(scope: Scope, cases: QuerySet[Case], shows_agents: bool) -> StreamingHttpResponse:
    """A download of all of them, with agents or without."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in _rows(scope, cases, shows_agents))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{scope.workspace.slug}-{scope.period.start}-{scope.period.end}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _rows(scope: Scope, cases: QuerySet[Case], shows_agents: bool) -> Iterator[list[Any]]:
    labelled = [key for key in LABELLED if key != "agent" or shows_agents]
    yield ["conversation", "number", "began_at", "ended_at", *labelled, *TIMES.values(), "rating", *COUNTS]
    for case in cases.iterator(chunk_size=2000):
        values = {key: getattr(case, f"{key}_id" if key in ("team", "agent") else key) for key in labelled}
        yield [
            case.conversation_id,
            case.number,
            case.began_at.isoformat(timespec="seconds"),
            case.ended_at.isoformat(timespec="seconds") if case.ended_at else "",
            *(_plain(scope.label(key, value)) if value not in ("", None) else "" for key, value in values.items()),
            *(getattr(case, name) for name in TIMES),
            case.score_sum if case.rated else "",
            *(getattr(case, name) for name in COUNTS),
        ]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
