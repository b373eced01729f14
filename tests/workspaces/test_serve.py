"""The embedded run as a process: it says where it is, refuses a taken port, and ends at once with Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil

from tests import prepared
from tests.stack import ROOT, EmbeddedStack, running


def test_the_first_start_prints_addresses_and_has_read_its_articles(tmp_path: Path) -> None:
    left = shutil.copytree(prepared.embedded(), tmp_path / "var")
    told = (left / "serve.log").read_text()
    for text in (r"http://127\.0\.0\.1:\d+/demo/", "/inbox/", "/admin/", "maya@fennmoor.example"):
        assert re.search(text, told), text
    with closing(sqlite3.connect(left / "supportbot.sqlite3")) as database:
        articles = database.execute("SELECT index_due FROM knowledge_article").fetchall()
    assert articles and set(articles) == {(None,)}


def test_it_ends_with_all_that_it_started_while_the_model_loads() -> None:
    with running(EmbeddedStack({}, prepared.embedded())) as stack:
        process = stack.processes["serve"]
        family = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
        assert not any(child.is_running() for child in family)


def test_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, env=own(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"127.0.0.1:{port}" in done.stderr and "Traceback" not in done.stderr


def own(folder: Path) -> dict[str, str]:
    """An environment in which nothing of ours is set but the place of the state."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "SUPPORTBOT_VAR": str(folder / "var")}
