"""Takes an uploaded file into its dataset: typed rows as Parquet, row groups at a time, and a report of what is bad."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import Any

import duckdb
import structlog
from django.db import transaction
from django.utils import timezone

from supportbot.analytics.datasets import links, store
from supportbot.analytics.datasets.columns import FEW, Column
from supportbot.analytics.datasets.engine import IMPORT, Refused, opened, quoted
from supportbot.analytics.datasets.formats import MOST_BAD, relation
from supportbot.analytics.datasets.models import Dataset, Forgotten, Upload
from supportbot.analytics.export import plain

log = structlog.get_logger(__name__)
LONGEST = 3600  # seconds of one import
BEAT = 1.0  # seconds
SAID = re.compile(r'string "(.*?)" to', re.DOTALL)
KINDS = {
    "number": "no number",
    "date": "no date as the others",
    "time": "no time as the others",
    "bool": "not yes or no",
}
TOO_BAD = f"More than {MOST_BAD:,} rows can’t be read. Look at the types of its columns; nothing was taken."
JOINED = {
    Dataset.Key.ORDER: "upper(ltrim(trim(CAST({} AS VARCHAR)), '#'))",
    Dataset.Key.EMAIL: "lower(trim(CAST({} AS VARCHAR)))",
    Dataset.Key.PRODUCT: "lower(trim(CAST({} AS VARCHAR)))",
    Dataset.Key.DATE: "CAST(CAST({} AS DATE) AS VARCHAR)",
}


def take(upload_id: int) -> None:
    """Take an upload that waits; nothing if somebody else is at it, or it is over."""
    upload = Upload.objects.select_related("dataset__workspace").filter(id=upload_id).first()
    if upload is None or not upload.claim():
        return
    try:
        _take(upload)
    except Refused as error:
        upload.finish(Upload.State.FAILED, str(error))
    except (duckdb.Error, OSError) as error:
        log.warning("dataset not taken", upload=upload.pk, error=repr(error))
        upload.finish(Upload.State.FAILED, "The file can’t be read to its end.")
    finally:
        store.source(upload).unlink(missing_ok=True)


def _take(upload: Upload) -> None:
    dataset = upload.dataset
    path, made = store.source(upload), f"{dataset.pk}-rows-{upload.pk}.parquet"
    goal = store.folder_of(dataset.workspace_id) / made
    columns, places = dataset.described, places_of(upload.form, dataset.described)
    sources = [goal.with_name(name) for name in upload.form.get("files") or [path.name]]
    with opened(goal.parent, [*sources, goal], IMPORT, LONGEST) as engine:
        read = _csv if upload.form["kind"] == "csv" else _parquet
        bad = read(engine, upload, places, _copied(engine, dataset, columns, goal))
        rows = _one(engine, f"SELECT count(*) FROM read_parquet({quoted(str(goal))})")
    dataset = _taken(upload, made)
    look_at(dataset)
    left_out = [head for place, head in enumerate(upload.form["heads"]) if place not in places]
    note = f"Left out, for the dataset has no such column: {', '.join(left_out)}." if left_out else ""
    upload.finish(Upload.State.DONE, note, rows=rows, bad=bad)
    links.renew(dataset.workspace)


@transaction.atomic
def _taken(upload: Upload, made: str) -> Dataset:
    """The dataset has the new file; who was forgotten while it was read is looked for once more."""
    dataset = Dataset.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=upload.dataset_id)
    dataset.parts = [made] if upload.mode == Upload.Mode.REPLACE else [*dataset.parts, made]
    dataset.rows, dataset.updated_at = store.count(dataset), timezone.now()
    since = Forgotten.objects.in_workspace(dataset.workspace).filter(created_at__gte=upload.created_at)
    dataset.is_to_forget = dataset.is_to_forget or since.exists()
    dataset.save(update_fields=["parts", "rows", "updated_at", "is_to_forget"])
    transaction.on_commit(lambda: store.drop_others(dataset))
    return dataset


def places_of(form: dict[str, Any], columns: list[Column]) -> dict[int, Column]:
    """Which column of the dataset each of the file's is, by its heading; Refused if one is missing."""
    known = {column.label.strip().lower(): column for column in columns}
    places = {place: known[key] for place, head in enumerate(form["heads"]) if (key := head.strip().lower()) in known}
    missing = [column.label for column in columns if column not in places.values()]
    if missing:
        raise Refused(f"The file has no column {', '.join(f'“{label}”' for label in missing)}; the dataset has.")
    return places


def _copied(
    engine: duckdb.DuckDBPyConnection, dataset: Dataset, columns: list[Column], goal: Path
) -> Callable[[dict[int, Column], str, Callable[[int, Column], str]], str]:
    """Gives the statement that writes the rows of a relation, but for those of people who were forgotten."""
    digests = list(Forgotten.objects.in_workspace(dataset.workspace).values_list("digest", flat=True))
    engine.execute("CREATE TEMP TABLE forgotten AS SELECT unnest($1::VARCHAR[]) AS digest", [digests])

    def statement(places: dict[int, Column], rows: str, cast: Callable[[int, Column], str]) -> str:
        place_of = {column.key: place for place, column in places.items()}
        shown = [f"{cast(place_of[column.key], column)} AS {column.key}" for column in columns]
        key = JOINED[Dataset.Key(dataset.key)].format(dataset.key_column) if dataset.is_joined else "NULL::VARCHAR"
        rows = f"SELECT *, {key} AS join_key FROM (SELECT {', '.join(shown)} FROM {rows})"
        test = links.theirs(dataset) if digests else ""
        query = f"SELECT * FROM ({rows}) WHERE NOT ({test})" if test else rows
        return f"COPY ({query}) TO {quoted(str(goal))} (FORMAT parquet, COMPRESSION zstd)"

    return statement


def _csv(engine: duckdb.DuckDBPyConnection, upload: Upload, places: dict[int, Column], copied: Any) -> int:
    """DuckDB keeps what it rejects: the line, the column and why. How many rows that is."""
    rows = relation(store.source(upload), upload.form, places)
    _run(engine, copied(places, rows, lambda place, _: f"f{place}"), upload)
    bad = _one(engine, "SELECT count(DISTINCT line) FROM reject_errors")
    if bad > MOST_BAD:
        raise Refused(TOO_BAD)
    if bad:
        found = engine.execute(
            "SELECT line, column_idx, column_name, error_type, error_message, csv_line FROM reject_errors "
            "QUALIFY error_type = 'CAST' OR row_number() OVER (PARTITION BY line, error_type ORDER BY column_idx) = 1 "
            "ORDER BY line, column_idx"
        )
        heads = {f"f{place}": head for place, head in enumerate(upload.form["heads"])}
        _report(
            upload,
            found,
            lambda row: (row[0], heads.get(row[2] or "", ""), _why(row, places, len(heads)), row[5].strip("\r\n")),
        )
    return bad


def _parquet(engine: duckdb.DuckDBPyConnection, upload: Upload, places: dict[int, Column], copied: Any) -> int:
    """Types are the file's own; where another was chosen, a value that can't be cast makes its row bad."""
    names = ['"' + name.replace('"', '""') + '"' for name in upload.form["names"]]
    rows = relation(store.source(upload), upload.form)
    failing = {
        place: f"({names[place]} IS NOT NULL AND TRY_CAST({names[place]} AS {column.sql}) IS NULL)"
        for place, column in places.items()
    }
    wrong = " OR ".join(failing.values())
    good = f"(SELECT * FROM {rows} WHERE NOT ({wrong}))"
    _run(engine, copied(places, good, lambda place, column: f"TRY_CAST({names[place]} AS {column.sql})"), upload)
    bad = _one(engine, f"SELECT count(*) FROM {rows} WHERE {wrong}")
    if bad > MOST_BAD:
        raise Refused(TOO_BAD)
    if bad:
        cases = " ".join(f"WHEN {test} THEN {place}" for place, test in failing.items())
        value = " ".join(f"WHEN {test} THEN CAST({names[place]} AS VARCHAR)" for place, test in failing.items())
        found = engine.execute(
            f"SELECT file_row_number + 1, CASE {cases} END, CASE {value} END FROM {rows} WHERE {wrong} ORDER BY 1"
        )
        heads = upload.form["heads"]
        _report(
            upload,
            found,
            lambda row: (row[0], heads[row[1]], f"“{row[2]}” is {KINDS.get(places[row[1]].type, 'no such value')}", ""),
        )
    return bad


def _why(row: tuple[Any, ...], places: dict[int, Column], width: int) -> str:
    _, _, name, kind, message, line = row
    if kind == "CAST":
        column = places.get(int(name[1:]))
        value = SAID.search(message)
        return f"“{value[1] if value else '?'}” is {KINDS.get(column.type if column else '', 'no such value')}"
    said = {
        "MISSING COLUMNS": f"fewer than {width} values",
        "TOO MANY COLUMNS": f"more than {width} values",
        "UNQUOTED VALUE": "a quotation mark that nothing closes",
        "LINE SIZE OVER MAXIMUM": "the line is too long",
        "INVALID ENCODING": "not UTF-8",
        "INVALID STATE": "quotation marks that do not fit",
    }
    return said.get(kind, str(message).splitlines()[0][:200])


def _report(upload: Upload, found: Any, told: Callable[[Any], tuple[Any, str, str, str]]) -> None:
    with store.report(upload).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "why", "line"])
        while rows := found.fetchmany(1000):
            writer.writerows([plain(str(cell)) for cell in told(row)] for row in rows)


def _run(engine: duckdb.DuckDBPyConnection, statement: str, upload: Upload) -> None:
    """Execute it, and tell how far it is."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.execute, statement)
        while True:
            try:
                running.result(timeout=BEAT)
            except NotYet:
                upload.beat(engine.query_progress())
            else:
                return


def _one(engine: duckdb.DuckDBPyConnection, query: str) -> int:
    row = engine.execute(query).fetchone()
    return int(row[0]) if row else 0


def look_at(dataset: Dataset) -> None:
    """Note the most frequent values of what figures are split by, and the first and last day of dates."""
    files = store.parts(dataset)
    listed = ", ".join(quoted(str(path)) for path in files)
    columns = []
    with opened(store.folder_of(dataset.workspace_id), files, IMPORT, LONGEST) as engine:
        for column in dataset.described:
            columns.append(_noted(engine, column, f"read_parquet([{listed}])").kept)
    dataset.columns = columns
    dataset.save(update_fields=["columns"])


def _noted(engine: duckdb.DuckDBPyConnection, column: Column, rows: str) -> Column:
    kept = {**column.kept, "values": [], "low": "", "high": ""}
    if column.is_day:
        span = engine.execute(f"SELECT min({column.key})::DATE, max({column.key})::DATE FROM {rows}").fetchone()
        kept |= {"low": str(span[0] or ""), "high": str(span[1] or "")} if span else {}
    elif column.is_split:
        found = engine.execute(
            f"SELECT CAST({column.key} AS VARCHAR) AS value FROM {rows} WHERE {column.key} IS NOT NULL "
            f"GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {FEW}"
        ).fetchall()
        kept["values"] = [value for (value,) in found]
    return Column.read(kept)
