"""Where the files of datasets lie: a folder for each workspace, below the files that all services share."""

from __future__ import annotations

import csv
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from supportbot.analytics.datasets.engine import Refused, opened, quoted
from supportbot.analytics.datasets.models import Dataset, Upload
from supportbot.workspaces.models import Workspace

SHOWN = 8  # bad rows on the page


def folder_of(workspace_id: int) -> Path:
    """The workspace's own; made when it is first asked for."""
    folder = Path(settings.MEDIA_ROOT) / "datasets" / str(workspace_id)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def parts(dataset: Dataset) -> list[Path]:
    """The files that hold a dataset's rows."""
    folder = folder_of(dataset.workspace_id)
    return [folder / name for name in dataset.parts]


def source(upload: Upload) -> Path:
    """The file as it came; deleted once it was taken."""
    return folder_of(upload.dataset.workspace_id) / f"{upload.dataset_id}-source-{upload.pk}"


def report(upload: Upload) -> Path:
    """What could not be read of it, as CSV."""
    return folder_of(upload.dataset.workspace_id) / f"{upload.dataset_id}-bad-{upload.pk}.csv"


def first_bad(upload: Upload) -> list[list[str]]:
    """The first rows of that report, without its heading; none if it is not there any more."""
    try:
        with report(upload).open(newline="", encoding="utf-8") as file:
            return list(islice(csv.reader(file), 1, 1 + SHOWN))
    except OSError:
        return []


def keep(upload: Upload, file: UploadedFile[Any]) -> None:
    """Write an uploaded file to its place, piece by piece; Refused if the workspace has no room for it."""
    left = settings.DATASETS_MB * 1024**2 - used(upload.dataset.workspace_id)
    if file.size is None or file.size > left:
        raise Refused(
            f"The file has {(file.size or 0) / 1024**2:,.1f} MB, and {max(0, left) / 1024**2:,.1f} MB are left of the "
            f"{settings.DATASETS_MB:,} MB that the datasets of a workspace may have together."
        )
    try:
        with source(upload).open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
    except OSError as error:
        source(upload).unlink(missing_ok=True)
        raise Refused("The disk of the server has no room for the file.") from error


def used(workspace_id: int) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in folder_of(workspace_id).iterdir() if path.is_file())


def count(dataset: Dataset) -> int:
    """How many rows its files have, as they say themselves."""
    files = parts(dataset)
    if not files:
        return 0
    listed = ", ".join(quoted(str(path)) for path in files)
    with opened(folder_of(dataset.workspace_id), files) as engine:
        row = engine.execute(f"SELECT count(*) FROM read_parquet([{listed}])").fetchone()
    return int(row[0]) if row else 0


def drop_others(dataset: Dataset) -> None:
    """Delete files of rows that the dataset does not name any more."""
    for path in folder_of(dataset.workspace_id).glob(f"{dataset.pk}-rows-*.parquet"):
        if path.name not in dataset.parts:
            path.unlink(missing_ok=True)


def follow(instance: Dataset, **_: Any) -> None:
    """A dataset was deleted, perhaps with its workspace: its files follow it."""
    folder, prefix = folder_of(instance.workspace_id), f"{instance.pk}-"

    def delete() -> None:
        for path in folder.glob(f"{prefix}*"):
            path.unlink(missing_ok=True)

    transaction.on_commit(delete)


def follow_workspace(instance: Workspace, **_: Any) -> None:
    """A workspace was deleted: its folder follows it."""
    folder = Path(settings.MEDIA_ROOT) / "datasets" / str(instance.pk)
    transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))
