"""Production refuses to start without what it needs, and says what to put."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("DJANGO_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")


def check(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`manage.py check` under these settings alone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", "check"]
    env = {**kept, "SUPPORTBOT_VAR": str(folder), **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("missing", NEEDED)
def test_production_names_what_is_missing(tmp_path: Path, missing: str) -> None:
    environment = {name: os.environ[name] for name in NEEDED if name != missing}
    done = check(tmp_path, {"SUPPORTBOT_ENV": "production", **environment})
    assert done.returncode and "ImproperlyConfigured" in done.stderr and missing in done.stderr


def test_production_refuses_sqlite(tmp_path: Path) -> None:
    environment = {name: os.environ[name] for name in NEEDED} | {"DATABASE_URL": "sqlite:///x"}
    assert "PostgreSQL" in check(tmp_path, {"SUPPORTBOT_ENV": "production", **environment}).stderr


def test_misspelt_environment_is_refused(tmp_path: Path) -> None:
    assert "embedded, production" in check(tmp_path, {"SUPPORTBOT_ENV": "prod"}).stderr


def test_nothing_set_is_the_embedded_run_with_a_key_of_its_own(tmp_path: Path) -> None:
    assert check(tmp_path, {}).returncode == 0
    key = tmp_path / "secret_key"
    assert len(key.read_text()) > 50 and key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("value", ["vllm", "openai:https://host/v1", "openai:host/v1#model", "transformers:models/x"])
def test_backend_of_no_known_form_is_refused(tmp_path: Path, value: str) -> None:
    done = check(tmp_path, {"SUPPORTBOT_BACKEND": value})
    assert done.returncode and "openai:https://host/v1#model" in done.stderr
