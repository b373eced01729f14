"""Conversations as CSV or Parquet, one row for each, as they are read: memory does not grow with their number.

In CSV a spreadsheet takes no cell for a formula; Parquet has types, and every text as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from django.db.models import QuerySet
from django.http import FileResponse, StreamingHttpResponse

from supportbot.analytics.models import Case
from supportbot.analytics.query import Scope

LABELLED = ("channel", "category", "language", "handler", "team", "reason", "agent", "outcome")
TIMES = {"first_s": "first_response_s", "people_s": "people_response_s", "resolution_s": "resolution_s"}
COUNTS = ("customer_messages", "bot_messages", "agent_messages", "agent_seconds", "reopened", "kept", "missed")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
TYPES = {"conversation": "UUID", "began_at": "TIMESTAMPTZ", "ended_at": "TIMESTAMPTZ"}
PARQUET = "application/vnd.apache.parquet"
ENGINE: dict[str, Any] = {  # leaves the other cores to the pages, and fetches nothing
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class _Echo:
    """What `csv` writes to; gives each line back."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


def csv_of(scope: Scope, cases: QuerySet[Case], shows_agents: bool) -> StreamingHttpResponse:
    """A download of all of them, with agents or without."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in _rows(scope, cases, shows_agents, plain))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_name(scope, "csv")}"'
    return answer


def parquet_of(scope: Scope, cases: QuerySet[Case], shows_agents: bool) -> FileResponse:
    """The same with types; the file lies on the disk until it is sent."""
    with TemporaryDirectory(prefix="supportbot-export-") as folder:
        rows, made = Path(folder, "rows.csv"), Path(folder, "rows.parquet")
        with rows.open("w", newline="") as file:
            csv.writer(file).writerows(_rows(scope, cases, shows_agents, str))
        with duckdb.connect(config={**ENGINE, "temp_directory": folder}) as engine:
            columns = {name: TYPES.get(name, "INTEGER") for name in _heads(shows_agents)}
            columns |= {name: "VARCHAR" for name in LABELLED if name in columns}
            engine.read_csv(
                str(rows), header=True, delimiter=",", quotechar='"', escapechar='"', dtype=columns
            ).write_parquet(str(made), compression="zstd")
        opened = made.open("rb")  # outlives its name
    return FileResponse(opened, as_attachment=True, filename=_name(scope, "parquet"), content_type=PARQUET)


FORMATS = {"csv": csv_of, "parquet": parquet_of}


def _name(scope: Scope, kind: str) -> str:
    return f"{scope.workspace.slug}-{scope.period.start}-{scope.period.end}.{kind}"


def _heads(shows_agents: bool) -> list[str]:
    labelled = [key for key in LABELLED if key != "agent" or shows_agents]
    return ["conversation", "number", "began_at", "ended_at", *labelled, *TIMES.values(), "rating", *COUNTS]


def _rows(
    scope: Scope, cases: QuerySet[Case], shows_agents: bool, written: Callable[[str], str]
) -> Iterator[list[Any]]:
    labelled = [key for key in LABELLED if key != "agent" or shows_agents]
    yield _heads(shows_agents)
    for case in cases.iterator(chunk_size=2000):
        values = {key: getattr(case, f"{key}_id" if key in ("team", "agent") else key) for key in labelled}
        yield [
            case.conversation_id,
            case.number,
            case.began_at.isoformat(timespec="seconds"),
            case.ended_at.isoformat(timespec="seconds") if case.ended_at else "",
            *(written(scope.label(key, value)) if value not in ("", None) else "" for key, value in values.items()),
            *(getattr(case, name) for name in TIMES),
            case.score_sum if case.rated else "",
            *(getattr(case, name) for name in COUNTS),
        ]


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
