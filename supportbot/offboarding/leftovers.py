"""Whether anything is left of a workspace that was deleted: in any table, in the storage, among the models."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import connection

from supportbot.chat.models import DoomedFile
from supportbot.chat.versions import registry
from supportbot.offboarding.kinds import path_of
from supportbot.workspaces.models import Workspace

FOLDERS = ("attachments", "datasets", "exports")


def find(number: int, versions: list[str]) -> list[str]:
    """A line for each kind of thing that is left of the workspace with this number, and of these versions."""
    return [*_rows(number), *_columns(number), *_files(number), *_versions(versions)]


def looked_at() -> int:
    """How many tables there are to look at."""
    return len(connection.introspection.table_names())


def _rows(number: int) -> Iterator[str]:
    """By every model that leads to a workspace."""
    for model in apps.get_models():
        path = "pk" if model is Workspace else path_of(model)
        if path and (count := model._base_manager.filter(**{path: number}).count()):
            yield f"{count} {model._meta.verbose_name_plural}"
    kind = ContentType.objects.get_for_model(Workspace)
    if count := LogEntry.objects.filter(content_type=kind, object_id=str(number)).count():
        yield f"{count} entries of the admin’s log"


def _columns(number: int) -> Iterator[str]:
    """By every column of the database that names a workspace, tables of no model with them."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {quote(table)} LIMIT 0")  # noqa: S608
            if "workspace_id" in [column[0] for column in cursor.description]:
                cursor.execute(f"SELECT count(*) FROM {quote(table)} WHERE workspace_id = %s", [number])  # noqa: S608
                if count := cursor.fetchone()[0]:
                    yield f"{count} rows in the table {table}"


def _files(number: int) -> Iterator[str]:
    for name in FOLDERS:
        folder = f"{name}/{number}"
        if DoomedFile.objects.filter(path__startswith=f"{folder}/").exists():
            yield f"files in {folder} that the storage has yet to delete"
        elif default_storage.exists(folder) and any(default_storage.listdir(folder)):
            yield f"files in {folder}"


def _versions(versions: list[str]) -> Iterator[str]:
    for version in versions:
        if registry.find(version):
            yield f"version {version} of the model"
