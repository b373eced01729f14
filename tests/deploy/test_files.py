"""What stands in deploy/ starts the same processes as docker-compose.yml."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
MANIFESTS = [*yaml.safe_load_all((ROOT / "deploy/kubernetes/supportbot.yaml").read_text())]
UNITS = ROOT / "deploy/systemd"
PLACES = {"--host", "--port", "--hostname", "--forwarded-allow-ips"}  # options in which places differ


def words(command: list[str]) -> list[str]:
    """The words of a command, without a shell around it and with compose's defaults put in."""
    text = command[-1].partition("&& exec ")[2] if command[0] == "sh" else shlex.join(command)
    return shlex.split(re.sub(r"'?\$\{\w+:-([^}]*)\}'?", r"\1", text))


def without_places(words: list[str]) -> list[str]:
    """The words but for those that say where a process is."""
    kept = iter(words)
    return [word for word in kept if word not in PLACES or not next(kept)]


def deployment(name: str) -> dict[str, Any]:
    """The container of a deployment."""
    found = next(one for one in MANIFESTS if one["kind"] == "Deployment" and one["metadata"]["name"] == name)
    container: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]
    return container


@pytest.mark.parametrize("name", ["web", "worker", "translator", "beat"])
def test_kubernetes_runs_the_commands_of_docker_compose(name: str) -> None:
    assert words(deployment(name)["command"]) == words(COMPOSE[name]["command"])


@pytest.mark.parametrize("name", ["web@", "worker@", "translator", "beat"])
def test_systemd_runs_the_commands_of_docker_compose(name: str) -> None:
    unit = (UNITS / f"supportbot-{name}.service").read_text()
    started = re.search(r"^ExecStart=/opt/supportbot/\.venv/bin/(.*)$", unit, re.MULTILINE)
    assert started
    assert without_places(started[1].split()) == without_places(words(COMPOSE[name.rstrip("@")]["command"]))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_knows_all_that_stands_in_the_units(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text().replace("/opt/supportbot/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / path.name.replace("@.", "@1.")).write_text(text)
    command = ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "supportbot" in line]
    assert done.returncode == 0 and told == []
