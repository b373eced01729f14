"""The shipped checkpoint, on every second of the customer messages that training never read."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests import prepared
from tests.stack import OWN, ROOT


def test_the_shipped_model_is_as_good_as_promised() -> None:
    """Category at least 92 %, replies right at least 85 %, off-topic refused or handed off at least 90 %."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    command = [sys.executable, "-m", "benchmarks.held_out", "--json", "--every", "2", "--migrated", prepared.sqlite()]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout.splitlines()[-1])
    assert score["category"] >= 0.92
    assert score["right"] >= 0.85
    assert score["off_topic"] >= 0.90
