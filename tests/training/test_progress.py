"""What a loop prints where no terminal shows a bar: lines that the page of the models reads."""

from __future__ import annotations

import pytest

from supportbot.chat.versions.learning import STAGES, progress
from training.progress import steps


def test_lines_tell_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    seen = [*steps(80, STAGES[0])]
    lines = capsys.readouterr().out.splitlines()
    assert seen == list(range(80)) and len(lines) == 40
    assert progress("\n".join(lines[:21]) + "\n") == ("Learning", 23)
