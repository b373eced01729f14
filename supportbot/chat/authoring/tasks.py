"""Celery's entry points of drafts."""

from __future__ import annotations

from supportbot.celery import app
from supportbot.chat import assistant
from supportbot.chat.authoring import doubts, proposals, writing
from supportbot.workspaces.models import Workspace


@app.task(expires=600)
def write(draft_id: int) -> None:
    """Write an article draft."""
    writing.write(draft_id, assistant.engine())


@app.task(expires=600)
def look(workspace_id: int) -> None:
    """Look for articles that may be wrong."""
    if workspace := Workspace.objects.filter(pk=workspace_id).first():
        doubts.look(workspace)


@app.task(expires=120)
def propose(suggestion_id: int) -> None:
    """Write what an agent waits for."""
    proposals.write(suggestion_id, assistant.engine())
