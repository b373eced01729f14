"""How an uploaded file is written, and the part of a query that reads it: CSV of any separator, or Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import structlog

from supportbot.analytics.datasets.columns import SURE, Column, guessed
from supportbot.analytics.datasets.engine import Refused, opened, quoted
from supportbot.analytics.datasets.models import Dataset

log = structlog.get_logger(__name__)
MAGIC = b"PAR1"
SAMPLE = 5000  # rows
MOST_COLUMNS = 200
MOST_BAD = 100_000  # rows that a report holds; a file with more is refused
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M")
BOOLEANS = {"true", "false", "t", "f"}
FROM_PARQUET = {"BOOLEAN": "bool", "DATE": "date"}
Form = dict[str, Any]


def describe(path: Path) -> tuple[Form, list[Column]]:
    """How it is written, and its columns as they seem to be; Refused if nothing can read it."""
    with path.open("rb") as file:
        is_parquet = file.read(4) == MAGIC
    try:
        with opened(path.parent, [path]) as engine:
            form = {"kind": "parquet"} if is_parquet else _sniffed(engine, path)
            return _described(engine, path, form)
    except duckdb.Error as error:
        log.info("not described", error=repr(error))
        raise Refused("This is neither a CSV nor a Parquet file that can be read.") from error


def relation(path: Path, form: Form, types: Mapping[int, Column] | None = None, limit: int = 0) -> str:
    """What stands after FROM: columns f0, f1, … in the file's order, as text or of the types of `types`."""
    if form["kind"] != "csv":
        listed = ", ".join(quoted(str(path.with_name(name))) for name in form.get("files") or [path.name])
        return f"read_parquet([{listed}], file_row_number = true)"
    columns = [
        f"{quoted(f'f{place}')}: {quoted(types[place].sql if types and place in types else 'VARCHAR')}"
        for place in range(len(form["heads"]))
    ]
    own = {
        "columns": f"{{{', '.join(columns)}}}",
        "delim": quoted(form["delimiter"]),
        "quote": quoted(form["quote"]),
        "escape": quoted(form["quote"]),
        "header": str(form["header"]).lower(),
        "encoding": quoted(form["encoding"]),
        "decimal_separator": quoted(form.get("decimal", ".")),
        "auto_detect": "false",
        "strict_mode": "false",
        "null_padding": "false",
        "store_rejects": "true",
        "rejects_limit": str(limit or MOST_BAD + 1),
        "max_line_size": str(2**21),
    }
    if form.get("date"):
        own["dateformat"] = quoted(form["date"])
    if form.get("time"):
        own["timestampformat"] = quoted(form["time"])
    return f"read_csv({quoted(str(path))}, {', '.join(f'{name} = {value}' for name, value in own.items())})"


def of_parts(dataset: Dataset) -> Form:
    """The dataset's own files, to be read once more after its columns or its key were changed."""
    columns = dataset.described
    own = {"heads": [column.label for column in columns], "names": [column.key for column in columns]}
    return {"kind": "parts", "files": dataset.parts, **own}


def _sniffed(engine: duckdb.DuckDBPyConnection, path: Path) -> Form:
    encoding = _encoding(path)
    own = f"{quoted(str(path))}, encoding = {quoted(encoding)}, sample_size = 20000"
    own += ", store_rejects = true, strict_mode = false"
    row = engine.execute(f"SELECT Delimiter, Quote, HasHeader, Columns FROM sniff_csv({own})").fetchone()
    if row is None:
        raise Refused("The file is empty.")
    delimiter, quote, header, columns = row
    heads = [str(column["name"])[:80] for column in columns]
    mark = quote if len(quote) == 1 else '"'
    return {
        "kind": "csv",
        "delimiter": delimiter,
        "quote": mark,
        "header": header,
        "encoding": encoding,
        "heads": heads,
    }


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2**20)
    try:
        start[: start.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _described(engine: duckdb.DuckDBPyConnection, path: Path, form: Form) -> tuple[Form, list[Column]]:
    if form["kind"] == "parquet":
        heads = engine.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(path))})").fetchall()
        form |= {"heads": [str(head[0])[:80] for head in heads], "names": [str(head[0]) for head in heads]}
        form["types"] = [_plain_type(str(head[1])) for head in heads]
    if not form["heads"] or len(form["heads"]) > MOST_COLUMNS:
        raise Refused(f"The file has {len(form['heads'])} columns; it may have 1 to {MOST_COLUMNS}.")
    rows = engine.execute(f"SELECT * FROM {relation(path, form)} LIMIT {SAMPLE}").fetchall()
    if not rows:
        raise Refused("The file has no rows below its heading that can be read.")
    width = len(form["heads"])
    texts = [["" if value is None else str(value) for value in row[:width]] for row in rows]
    columns = []
    for place, head in enumerate(form["heads"]):
        sample = [row[place].strip() for row in texts if row[place].strip()]
        type_ = form["types"][place] if form["kind"] == "parquet" else _type(engine, sample, form)
        columns.append(guessed(f"c{place}", head, type_, sample))
    return form, columns


def _plain_type(name: str) -> str:
    if name.startswith("TIMESTAMP"):
        return "time"
    if name.startswith(("DECIMAL", "FLOAT", "DOUBLE", "REAL")) or name.endswith("INT") or name.endswith("INTEGER"):
        return "number"
    return FROM_PARQUET.get(name, "text")


def _type(engine: duckdb.DuckDBPyConnection, sample: Sequence[str], form: Form) -> str:
    """What nearly all values of a column can be read as; tells the form how its dates and decimals are written."""
    if not sample:
        return "text"
    engine.execute("CREATE OR REPLACE TEMP TABLE sampled AS SELECT unnest($1::VARCHAR[]) AS value", [list(sample)])
    if {value.lower() for value in sample} <= BOOLEANS:
        return "bool"
    for name, formats in (("date", DATES), ("time", TIMES)):
        for one in [form[name]] if form.get(name) else formats:
            if _fits(engine, f"try_strptime(value, {quoted(one)})"):
                form[name] = one
                return name
    return "number" if _is_number(engine, sample, form) else "text"


def _is_number(engine: duckdb.DuckDBPyConnection, sample: Sequence[str], form: Form) -> bool:
    for mark in [form["decimal"]] if form.get("decimal") else (".", ","):
        text = "value" if mark == "." else "replace(value, ',', '.')"
        if _fits(engine, f"TRY_CAST({text} AS DOUBLE)"):
            if any(mark in value for value in sample):
                form["decimal"] = mark
            return True
    return False


def _fits(engine: duckdb.DuckDBPyConnection, expression: str) -> bool:
    row = engine.execute(f"SELECT avg(({expression} IS NOT NULL)::INT) FROM sampled").fetchone()
    return bool(row and row[0] >= SURE)
