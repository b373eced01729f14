"""Celery's entry points. Rules live in `rollup`, `mailing`, `gaps`, `routing.topics` and `versions.evaluating`."""

from __future__ import annotations

import structlog

from supportbot.analytics import gaps, mailing, rollup
from supportbot.analytics.routing import topics
from supportbot.analytics.versions import evaluating
from supportbot.celery import app
from supportbot.chat.authoring import doubts
from supportbot.workspaces.models import Workspace

log = structlog.get_logger(__name__)


@app.task
def sweep() -> None:
    """Bring cases and packed days up to date, send what is due; look for content gaps and topics once a day."""
    rollup.roll_up()
    mailing.send_reports()
    mailing.check_alerts()
    for workspace_id in gaps.due():
        find_gaps.delay(workspace_id)


@app.task(expires=600)
def find_gaps(workspace_id: int) -> None:
    """Look for the content gaps, topics and doubtful articles of a workspace, if nobody did in the last day."""
    workspace = Workspace.objects.filter(id=workspace_id).first()
    if workspace and gaps.claim(workspace_id):
        from inference.encoder import shared_encoder  # noqa: PLC0415  (a web process must not load torch)

        gaps.find(workspace, shared_encoder().embed)
        topics.find(workspace, shared_encoder().embed)
        doubts.look(workspace)


@app.task
def evaluate(evaluation_id: int) -> None:
    """Judge a version of the model."""
    evaluating.run(evaluation_id)
