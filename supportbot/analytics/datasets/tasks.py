"""Celery's entry points of datasets."""

from __future__ import annotations

from supportbot.analytics.datasets import forgetting, links, queue, reading, service
from supportbot.analytics.datasets.models import Dataset, Upload
from supportbot.celery import app
from supportbot.workspaces.models import Workspace


@app.task
def take(upload_id: int) -> None:
    """Take an uploaded file into its dataset."""
    reading.take(upload_id)


@app.task(expires=600)
def link(workspace_id: int) -> None:
    """Make anew what joins a workspace's rows to its conversations."""
    workspace = Workspace.objects.filter(id=workspace_id).first()
    if workspace:
        links.renew(workspace)


@app.task
def forget(workspace_id: int) -> None:
    """Take the rows of forgotten people out of a workspace's datasets."""
    workspace = Workspace.objects.filter(id=workspace_id).first()
    if workspace:
        forgetting.sweep_out(workspace)


@app.task
def tend() -> None:
    """Queue again what was missed, and drop what nobody confirmed."""
    service.drop_unconfirmed()
    for upload_id in Upload.unclaimed().values_list("id", flat=True)[:20]:
        queue.take(upload_id)
    for workspace_id in Dataset.objects.filter(is_to_forget=True).values_list("workspace_id", flat=True).distinct():
        queue.forget(workspace_id)
