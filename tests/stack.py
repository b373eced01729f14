"""The whole product as processes, as it really runs: embedded in one, or as the services of docker-compose.yml.

Knows commands, ports and logs; nothing of what the product does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx
import psycopg
import redis
import yaml
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from psycopg.rows import dict_row

from tests.servers import Postgres, Redis, free_port, remove, stop_process, wait_until

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "welcome-to-fennmoor"
OWN = ("SUPPORTBOT_", "DJANGO_", "DATABASE_", "REDIS_", "ALLOWED_", "CSRF_", "HTTPS_", "LOG_")
LOG_TAIL = 4_000  # characters
Row = dict[str, Any]


def document(value: Any) -> Any:
    """A JSON column's value: SQLite gives its text, PostgreSQL what it says."""
    return json.loads(value) if isinstance(value, str) else value


class Stack:
    """A running product with its own state, seen through its address, its database and its logs."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="supportbot-stack-"))
        self.folder.chmod(0o755)
        self.state = self.folder / "var"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        self.environment = {**inherited, "SUPPORTBOT_VAR": str(self.state), **settings}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def rows(self, query: str, *values: object) -> list[Row]:
        """What the database answers; `%s` stands for a value."""
        raise NotImplementedError

    def await_articles(self) -> None:
        """Wait until everything that was published is found."""
        due = "SELECT 1 AS one FROM knowledge_article WHERE index_due IS NOT NULL"
        wait_until(lambda: not self.rows(due), seconds=120, what="the index of the articles")

    def launch(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a process in the background."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**(environment or {}), **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end."""
        self.launch("manage", [sys.executable, "manage.py", *arguments])
        if self.processes.pop("manage").wait(300):
            raise RuntimeError(f"manage.py {arguments[0]} failed:\n{self.logs()}")

    def answers(self, url: str = "") -> bool:
        """Whether the web process serves, or another one at this address."""
        try:
            return httpx.get(f"{url or self.url}/healthz").is_success
        except httpx.HTTPError:
            return False

    def logs(self) -> str:
        """The last lines of each process."""
        parts = [(path.name, path.read_text(errors="replace")) for path in sorted(self.folder.glob("*.log"))]
        return "\n".join(f"--- {name}\n{text[-LOG_TAIL:]}" for name, text in parts)

    def stop(self) -> None:
        """End every process at once, as nothing is left of it, and delete what they wrote."""
        for process in self.processes.values():
            stop_process(process, kill=True)
        remove(self.folder)


class EmbeddedStack(Stack):
    """`manage.py serve`: everything in one process, from nothing or from a copy of what another run left behind."""

    def __init__(self, settings: Mapping[str, str], left: Path | None = None) -> None:
        super().__init__(settings)
        self.left = left

    def start(self) -> None:
        """Start and wait until it serves."""
        if self.left:
            shutil.copytree(self.left, self.state)
        self.launch("serve", [sys.executable, "manage.py", "serve", "--port", str(self.port)])
        wait_until(self.answers, seconds=300, what="the embedded run")

    def rows(self, query: str, *values: object) -> list[Row]:
        """What the database answers; `%s` stands for a value."""
        path = self.state / "supportbot.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query.replace("%s", "?"), values)]


class ServicesStack(Stack):
    """PostgreSQL, Redis and the services of docker-compose.yml, each with the command that stands there.

    From nothing, or from a copy of a server whose database is migrated.
    """

    SERVICES = ("web", "worker", "translator", "beat")
    TWINS: ClassVar[dict[str, str]] = {"web-2": "web", "worker-2": "worker"}  # replicas, for a test that wants two

    def __init__(self, settings: Mapping[str, str], migrated: Postgres | None = None) -> None:
        super().__init__(settings)
        self.migrated = migrated
        self.postgres, self.redis = Postgres(self.folder / "postgres"), Redis(self.folder / "redis")
        self.environment |= {
            "SUPPORTBOT_ENV": "production",
            "DJANGO_SECRET_KEY": "only-for-the-tests-" + "x" * 40,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "CSRF_TRUSTED_ORIGINS": self.url,
            "HTTPS_ONLY": "false",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.metrics = {name: free_port() for name in (*self.SERVICES, *self.TWINS)}
        self.ports = {"web": self.port, "web-2": free_port()}
        self.compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._policy = threading.Thread(target=self._restart_what_ends, daemon=True)

    def start(self) -> None:
        """Start everything and wait until it serves and the worker takes tasks."""
        self.postgres.create(self.migrated)
        self.redis.start()
        if not self.migrated:
            self.manage("migrate", "--verbosity", "0")
        self.manage("demo", "--password", PASSWORD)
        for name in self.SERVICES:
            self.start_service(name)
        self._policy.start()
        wait_until(self.is_ready, seconds=300, what="web and worker")

    def stop(self) -> None:
        """End both servers as well, after what uses them."""
        self._stopping.set()
        for name in (*self.SERVICES, *self.TWINS):
            self.kill(name)
        self.redis.kill()
        self.postgres.stop()
        super().stop()

    def start_service(self, name: str) -> None:
        """Start one service of docker-compose.yml, or its twin."""
        service = self.compose[self.TWINS.get(name, name)]
        environment = {key: self._filled(str(value)) for key, value in service["environment"].items()}
        environment["SUPPORTBOT_METRICS"] = f"127.0.0.1:{self.metrics[name]}"
        self.launch(name, [self._here(name, word) for word in service["command"]], environment)

    def exposed(self, name: str) -> dict[str, Metric]:
        """What a service tells Prometheus, by the metrics' names."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics[name]}/metrics").raise_for_status().text
        return {metric.name: metric for metric in text_string_to_metric_families(text)}

    def kill(self, name: str) -> None:
        """End one service at once, as a crash would, and keep it down."""
        with self._lock:
            if process := self.processes.pop(name, None):
                stop_process(process, kill=True)

    def terminate(self, name: str) -> int:
        """Ask one service to end, as Docker and Kubernetes do, and keep it down; its exit code, once it has ended."""
        with self._lock:
            process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        return process.wait(60)

    def suspend(self, name: str) -> None:
        """Freeze one service where it is."""
        os.killpg(self.processes[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a frozen service go on."""
        os.killpg(self.processes[name].pid, signal.SIGCONT)

    def revive(self) -> None:
        """Start again what was killed."""
        if self.redis.process and self.redis.process.poll() is not None:
            self.redis.start()
        for name in self.SERVICES:
            if name not in self.processes:
                self.start_service(name)

    def is_ready(self) -> bool:
        """Whether web serves and both workers take tasks."""
        return self.takers() > 1 and self.answers()

    def takers(self) -> int:
        """How many workers wait for tasks."""
        with redis.Redis.from_url(self.redis.url) as client:
            return len([connection for connection in client.client_list() if connection["cmd"] == "brpop"])

    def rows(self, query: str, *values: object) -> list[Row]:
        """What the database answers; `%s` stands for a value."""
        with psycopg.connect(self.postgres.url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def _restart_what_ends(self) -> None:
        """Follow `restart: unless-stopped`, as Docker does; Celery's worker may end when it loses Redis."""
        while not self._stopping.wait(0.2):
            with self._lock:
                ended = [name for name, process in self.processes.items() if process.poll() is not None]
                for name in ended:
                    if self.compose.get(name, {}).get("restart") == "unless-stopped":
                        self.start_service(name)

    def _here(self, name: str, word: str) -> str:
        """A word of a service's command with this machine's address and port."""
        place = f"--host 127.0.0.1 --port {self.ports.get(name, 0)}"
        return self._filled(word).replace("--host 0.0.0.0 --port 8000", place)

    def _filled(self, text: str) -> str:
        """The text with each `${NAME}` and `${NAME:-default}` replaced, as compose does it."""
        pattern = r"\$\{(\w+)(?::[-?]([^}]*))?\}"
        return re.sub(pattern, lambda match: self.environment.get(match[1], match[2] or ""), text)


S = TypeVar("S", EmbeddedStack, ServicesStack)


@contextmanager
def running(stack: S) -> Iterator[S]:
    """A stack from its start to its end; one that does not start shows its logs."""
    try:
        stack.start()
        yield stack
    except TimeoutError as error:
        raise TimeoutError(f"{error}\n{stack.logs()}") from error
    finally:
        stack.stop()
