"""The first rows of a dataset, or of a file that waits to be confirmed, as texts."""

from __future__ import annotations

import duckdb

from supportbot.analytics.datasets import store
from supportbot.analytics.datasets.engine import Refused, opened, quoted
from supportbot.analytics.datasets.formats import relation
from supportbot.analytics.datasets.models import Dataset, Upload

ROWS = 4


def first_rows(dataset: Dataset, upload: Upload | None) -> list[list[str]]:
    """Each with a text for each column of the dataset; none where nothing can be read."""
    files = [store.source(upload)] if upload else store.parts(dataset)
    if not files:
        return []
    listed = ", ".join(quoted(str(path)) for path in files)
    rows = relation(files[0], upload.form) if upload else f"read_parquet([{listed}])"
    try:
        with opened(store.folder_of(dataset.workspace_id), files) as engine:
            found = engine.execute(f"SELECT * FROM {rows} LIMIT {ROWS}").fetchall()
    except (duckdb.Error, Refused):
        return []
    return [["" if value is None else str(value)[:60] for value in row[: len(dataset.columns)]] for row in found]
