"""A company's own questions on a version that does not answer customers."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from supportbot.chat import assistant
from supportbot.chat.engines import Engines
from supportbot.workspaces.models import Workspace


def test_a_version_is_tried_on_own_questions(
    workspace: Workspace, second: str, first: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistant, "engines", Engines())
    own, out = tmp_path / "own.csv", StringIO()
    own.write_text("question,facts\nwhere is order 10023?,on its way to you\n")
    with pytest.raises(CommandError, match=f"no version 0123; there are: {first}, {second}"):
        call_command("evaluate", "fennmoor", str(own), "--model", "0123")
    call_command("evaluate", "fennmoor", str(own), "--model", second, stdout=out)
    assert "1 of 1" in out.getvalue().split("right answers")[1].splitlines()[0]
    assert assistant.engine().info.version == second
