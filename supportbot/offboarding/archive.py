"""An export as files: JSON lines, written and put together piece by piece, so memory does not grow with the rows.

Each file is kept in the storage as soon as it is whole, so another worker goes on where one was stopped.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files.base import File
from django.core.files.storage import default_storage

from supportbot.chat.models import Attachment
from supportbot.offboarding.kinds import LEFT_OUT, Kind, all_kinds
from supportbot.offboarding.models import Export

BLOCK = 1024 * 1024  # bytes
FILES = Kind(Attachment)
Part = dict[str, Any]
Told = Callable[[str, int], None]  # what is written now, and how many more rows are


def write_parts(export: Export, told: Told, keep: Callable[[str, Part], None]) -> None:
    """Write each kind that is not whole yet."""
    for kind in all_kinds():
        name = f"{kind.name}.jsonl"
        if name in export.parts:
            continue
        with tempfile.TemporaryFile() as file:
            part = _copy(_lines(kind, export, told), file)
            file.seek(0)
            _store(f"{export.folder}/{name}", file)
        keep(name, part)


def put_together(export: Export, told: Told) -> Part:
    """Make the archive of the parts and the attached files, and store it; its size and SHA-256."""
    with tempfile.TemporaryFile() as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            files = dict(export.parts)
            for name in export.parts:
                told("putting it together", 0)
                _add(archive, name, f"{export.folder}/{name}")
            files |= dict(_attached(archive, export, told))
            archive.writestr("README.txt", readme(export))
            said = {"workspace": export.workspace.slug, "asked_at": export.created_at.isoformat(), "files": files}
            archive.writestr("manifest.json", json.dumps(said, indent=1))
        file.seek(0)
        whole = _copy(_blocks(file), None)
        file.seek(0)
        _store(export.path, file)
    return whole


def paths(export: Export) -> list[str]:
    """All that the storage may have of it."""
    return [export.path, *(f"{export.folder}/{kind.name}.jsonl" for kind in all_kinds())]


def readme(export: Export) -> str:
    """What is in the archive, for who opens it."""
    parts = [
        f"Export of the workspace {export.workspace.name}, asked for at {export.created_at:%Y-%m-%d %H:%M} UTC.",
        "Each file *.jsonl has a row in each line, as JSON in UTF-8. Times are in UTC. Each file is as the rows were\n"
        "when it was written, one after another. manifest.json has rows, bytes and SHA-256 of every file.\n"
        "Keys, passwords and hashes are in none of them.",
        f"files/<id>/<name>: what was attached to messages; {FILES.name}.jsonl says what each is, messages.jsonl to\n"
        "which message it belongs. A file that the storage had lost is in the manifest as missing.",
    ]
    for kind in all_kinds():
        fields = [f"  {name}{f': {words}' if words else ''}" for name, words in kind.fields().items()]
        parts.append("\n".join([f"{kind.name}.jsonl", kind.about, *fields]))
    left_out = [f"  {model._meta.verbose_name_plural}: {why}" for model, why in LEFT_OUT.items()]
    return "\n\n".join([*parts, "\n".join(["Left out:", *left_out])]) + "\n"


def _lines(kind: Kind, export: Export, told: Told) -> Iterator[bytes]:
    told(kind.name, 0)
    for rows in kind.chunks(export.workspace):
        yield from map(kind.line, rows)
        told(kind.name, len(rows))


def _attached(archive: ZipFile, export: Export, told: Told) -> Iterator[tuple[str, Part]]:
    for rows in FILES.chunks(export.workspace):
        for row in rows:
            name = f"files/{row.pk}/{row.name}"
            try:
                yield name, {key: value for key, value in _add(archive, name, row.path).items() if key != "rows"}
            except OSError:
                yield name, {"missing": True}
            told("attached files", 0)


def _add(archive: ZipFile, name: str, path: str) -> Part:
    with default_storage.open(path) as source, archive.open(name, "w", force_zip64=True) as into:
        return _copy(_blocks(source), into)


def _copy(blocks: Iterable[bytes], into: IO[bytes] | None) -> Part:
    """Write them, and say what they are; rows are counted where a block is a line."""
    digest, size, count = hashlib.sha256(), 0, 0
    for block in blocks:
        digest.update(block)
        size, count = size + len(block), count + 1
        if into:
            into.write(block)
    return {"rows": count, "bytes": size, "sha256": digest.hexdigest()}


def _blocks(file: Any) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _store(path: str, file: IO[bytes]) -> None:
    default_storage.delete(path)
    default_storage.save(path, File(file))
