"""DuckDB, bounded: memory, threads, time, and the named files alone. Nothing is fetched, no other file is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import duckdb

QUESTION = {"memory_limit": "512MB", "threads": 2}
IMPORT = {"memory_limit": "1GB", "threads": 2, "preserve_insertion_order": False}
SECONDS = 20  # that a question may take


class Refused(Exception):
    """What can't be done; the message says why, in the user's words."""


@contextmanager
def opened(
    folder: Path, files: Sequence[Path], limits: dict[str, Any] = QUESTION, seconds: float = SECONDS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads and writes these files and spills into the folder; Refused past a limit."""
    with (
        TemporaryDirectory(prefix=".spill-", dir=folder) as spill,
        duckdb.connect(config=_config(limits, spill)) as one,
    ):
        allowed = ", ".join(quoted(str(path)) for path in files)
        one.execute(f"SET allowed_paths = [{allowed}]")
        one.execute(f"SET allowed_directories = [{quoted(f'{spill}/')}]")
        one.execute("SET enable_external_access = false")
        one.execute("SET lock_configuration = true")
        timer = Timer(seconds, one.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield one
        except duckdb.InterruptException as error:
            raise Refused(f"It took more than {seconds:.0f} seconds and was stopped. Ask for less.") from error
        except duckdb.OutOfMemoryException as error:
            raise Refused("It needs more memory than one question may have. Ask for less.") from error
        finally:
            timer.cancel()


def quoted(text: str) -> str:
    """A text as SQL has it; for our own paths and the separators of a file, where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def _config(limits: dict[str, Any], spill: str) -> dict[str, Any]:
    own = {"temp_directory": spill, "max_temp_directory_size": "20GB"}
    return {"autoinstall_known_extensions": False, "autoload_known_extensions": False, **own, **limits}
