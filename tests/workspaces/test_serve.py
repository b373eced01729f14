"""The embedded run as a process: it says where it is, refuses a taken port, and ends at once with Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from tests.servers import free_port, stop_process, wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """A running `manage.py serve`, its port, and what it printed."""
    port, output = free_port(), tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(command(port), cwd=ROOT, env=own(tmp_path), stdout=file, start_new_session=True)
    wait_until(lambda: is_up(port), seconds=120, what="the server")
    yield process, port, output
    stop_process(process, kill=True)


def test_it_prints_addresses_has_read_its_articles_and_ends_with_all_that_it_started_while_the_model_loads(
    run: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, port, output = run
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    assert not any(child.is_running() for child in family)
    for text in (f"http://127.0.0.1:{port}/demo/", "/inbox/", "/admin/", "maya@fennmoor.example"):
        assert text in output.read_text()
    with closing(sqlite3.connect(output.parent / "var" / "supportbot.sqlite3")) as database:
        assert not database.execute("SELECT title FROM knowledge_article WHERE index_due IS NOT NULL").fetchall()


def test_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(command(port), cwd=ROOT, env=own(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"127.0.0.1:{port}" in done.stderr and "Traceback" not in done.stderr


def command(port: int) -> list[str]:
    """`manage.py serve` on a port."""
    return [sys.executable, "manage.py", "serve", "--port", str(port)]


def own(folder: Path) -> dict[str, str]:
    """An environment in which nothing of ours is set but the place of the state."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "SUPPORTBOT_VAR": str(folder / "var")}


def is_up(port: int) -> bool:
    """Whether the server answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    except httpx.HTTPError:
        return False
