"""Uploaded files, a zip or a folder, unpacked and read one by one. Knows no database."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from os.path import commonprefix
from pathlib import Path, PurePosixPath

from supportbot.knowledge.imports.documents import Document, Skipped, Unreadable
from supportbot.knowledge.imports.readers import FILE, READERS, read

FILES = 20_000
TOGETHER = 300 * 1024 * 1024  # bytes, unpacked
Named = tuple[str, bytes]
Found = Document | Skipped


def of_folder(folder: Path) -> Iterator[Named]:
    """Every file under a folder, or the one file, by its path from there; ValueError for too many."""
    if folder.is_file():
        yield folder.name, folder.read_bytes()
        return
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    if len(paths) > FILES:
        raise ValueError(f"more than {FILES} files")
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if not is_hidden(name):
            yield name, path.read_bytes() if path.stat().st_size <= FILE else b" " * (FILE + 1)


def documents(files: Iterable[Named]) -> Iterator[Found]:
    """What the files hold, zips unpacked, in the order of their names."""
    for name, content in files:
        if name.lower().endswith(".zip"):
            yield from _unzipped(name, content)
        else:
            yield from _read(name, content)


def count(name: str, content: bytes) -> int:
    """How many files a file is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) if name.lower().endswith(".zip") else nullcontext() as opened:
            return len([one for one in opened.namelist() if not one.endswith("/")]) if opened else 1
    except (zipfile.BadZipFile, OSError, ValueError):
        return 1


def is_hidden(name: str) -> bool:
    """Whether a path is what systems and editors leave behind."""
    return any(part.startswith((".", "__MACOSX", "~$")) for part in PurePosixPath(name).parts)


def _read(name: str, content: bytes) -> Iterator[Found]:
    try:
        yield from read(name, content)
    except Unreadable as error:
        yield Skipped(name, str(error))


def _unzipped(archive: str, content: bytes) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir() and not is_hidden(entry.filename)]
            if len(entries) > FILES:
                yield Skipped(archive, f"more than {FILES} files in it")
                return
            yield from _entries(archive, opened, sorted(entries, key=lambda entry: entry.filename))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield Skipped(archive, f"not a zip file, or a broken one ({error})")


def _entries(archive: str, opened: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> Iterator[Found]:
    names = [PurePosixPath(entry.filename.replace("\\", "/").lstrip("/")) for entry in entries]
    top = len(commonprefix([name.parts[:-1] for name in names]))
    left = TOGETHER
    for entry, path in zip(entries, names, strict=True):
        name = PurePosixPath(*path.parts[top:]).as_posix()
        content = _unpacked(opened, entry) if path.suffix.lower() in READERS else b""
        if isinstance(content, str):
            yield Skipped(name, content)
            continue
        left -= len(content)
        if left < 0:
            yield Skipped(archive, f"unpacks to more than {TOGETHER // 1024**2} MB; the rest was left out")
            return
        yield from _read(name, content)


def _unpacked(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | str:
    """The content, or why there is none; never more than one file may have, whatever the entry says of its size."""
    if entry.flag_bits & 1:
        return "protected by a password"
    try:
        with opened.open(entry) as file:
            return file.read(FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        return f"damaged in the zip ({error})"
