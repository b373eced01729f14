"""The checkpoints on disk: the one that ships, and each folder of `settings.MODELS`. The files are the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

WEIGHTS, CARD, TRIAGE = "model.safetensors", "experts.json", "triage.json"


def shipped() -> Path:
    """The checkpoint of the settings, which answers as long as nothing else was promoted."""
    path: Path = settings.MODEL_DIR
    return path


def directories() -> Iterator[tuple[str, Path]]:
    """Every version with its directory, the shipped one first; of two copies the first."""
    seen: set[str] = set()
    for path in (shipped(), *_added()):
        version = version_at(path)
        if version and version not in seen:
            seen.add(version)
            yield version, path


def find(version: str) -> Path | None:
    """The directory of a version; None where it is not, or no longer, on this machine."""
    return dict(directories()).get(version)


def version_at(directory: Path) -> str:
    """As the engine names it: the first 12 hex digits of the weights' SHA-256; empty where there are none."""
    try:
        stat = (directory / WEIGHTS).stat()
        return _hashed(directory / WEIGHTS, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return ""


def is_whole(directory: Path) -> bool:
    """Whether all that an answer needs is there."""
    return all((directory / name).is_file() for name in (WEIGHTS, CARD, TRIAGE))


def size(directory: Path) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in directory.iterdir() if path.is_file())


def _added() -> list[Path]:
    place: Path = settings.MODELS
    folders = [path for path in place.iterdir() if path.is_dir()] if place.is_dir() else []
    return sorted(path for path in folders if path.suffix != ".part")


@lru_cache(maxsize=256)
def _hashed(weights: Path, changed_at: int, length: int) -> str:
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
