"""Writing by a larger model, where one is configured behind the door; whatever it writes is checked by who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from supportbot.chat import assistant
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.engine import Engine

log = structlog.get_logger(__name__)
DEADLINE = 60.0  # seconds
TOKENS = 900


def write(engine: Engine, workspace: Workspace, task: str, text: str, *, deadline: float = DEADLINE) -> str | None:
    """What the larger model makes of a text; None where there is none, or where it fails: then we do without."""
    from inference.engine import Brief, Completion, Params, Turn  # noqa: PLC0415  (a web process must not load torch)

    if not engine.reads_passages:
        return None
    slots = assistant.own_slots(workspace)
    params = Params(Brief("", "", "answer"), slots=slots, max_tokens=TOKENS, deadline=deadline, task=task)
    try:
        *_, written = engine.stream([Turn("customer", text)], params)
    except Exception as error:  # a server of somebody's fails in every way there is
        log.warning("the larger model wrote nothing", error=repr(error))
        return None
    assert isinstance(written, Completion)
    return written.text.strip() if written.finish_reason == "stop" else None
