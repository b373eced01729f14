"""Runs a part of a benchmark on each database, in a process of its own. Knows nothing of what is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def in_its_own_process(module: str, database: str, *arguments: str) -> list[list[str]]:
    """The rows that `python -m module --inside database` prints, on a database that ends with it."""
    from tests.servers import Postgres  # noqa: PLC0415  (only the parent starts servers)

    with tempfile.TemporaryDirectory(prefix="supportbot-benchmark-") as folder:
        Path(folder).chmod(0o755)
        environment = {**os.environ, "SUPPORTBOT_ENV": "embedded", "SUPPORTBOT_VAR": f"{folder}/var"}
        server = Postgres(Path(folder) / "postgres") if database == "postgresql" else None
        if server:
            server.create()
            environment |= {
                "SUPPORTBOT_ENV": "production",
                "DJANGO_SECRET_KEY": "only-for-the-benchmark",
                "DATABASE_URL": server.url,
                "REDIS_URL": "redis://127.0.0.1:9/0",  # nothing is queued
                "ALLOWED_HOSTS": "localhost",
                "CSRF_TRUSTED_ORIGINS": "http://localhost",
            }
        command = [sys.executable, "-m", module, "--inside", database, *arguments]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        finally:
            if server:
                server.stop()
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found
