"""Two checkpoints answer a workspace's questions once more: who may ask for it, and what comes of it.

Each reads the question by itself and writes the reply in the words of its own category and intent; what was decided to
do then (to answer, to ask back) stays, and so do the facts. Nobody is told, and no live reply waits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.db.models import Q
from django.utils import timezone

from supportbot.chat.models import ComparedReply, Generation, VersionComparison
from supportbot.chat.versions import registry
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.models import AuditEntry, User, Workspace

if TYPE_CHECKING:
    from inference.engine import Engine

log = structlog.get_logger(__name__)
COUNTS = (20, 50, 100, 200)
SILENT = timedelta(minutes=3)  # then its worker is gone
State = VersionComparison.State
Answer = Callable[[Generation, "Engine"], dict[str, Any]]
Borrow = Callable[[Path], AbstractContextManager["Engine"]]


def yesterday(workspace: Workspace) -> date:
    """The day before today, where the workspace is."""
    return timezone.now().astimezone(workspace.zone).date() - timedelta(days=1)


def ask(
    *, workspace: Workspace, left: str, right: str, count: int, by: User, day: date | None = None
) -> VersionComparison:
    """Note what is to be compared, for `tasks.compare`: the latest replies, or a day's; Refused where it can't."""
    expire()
    if left == right:
        raise Refused("Choose two different versions.")
    if not all(registry.find(version) for version in (left, right)) or count not in COUNTS:
        raise Refused("Choose two of the versions that are listed, and how many replies.")
    if VersionComparison.objects.filter(state__in=VersionComparison.OPEN).exists():
        raise Refused("Two versions are being compared already. Wait until that is done, or cancel it.")
    total = len(_material(workspace, count, day))
    if total == 0:
        when = f"on {day.day} {day:%B}" if day else "so far"
        raise Refused(f"The model wrote no reply in {workspace} {when} of which is kept what it was written from.")
    fields = {"left": left, "right": right, "day": day}
    comparison = VersionComparison.objects.create(workspace=workspace, total=total, asked_by=by, **fields)
    details = {"left": left, "right": right, "replies": total, **({"day": str(day)} if day else {})}
    AuditEntry.objects.create(workspace=workspace, actor=by, action="model.compared", target=right, details=details)
    return comparison


def cancel(comparison: VersionComparison) -> bool:
    """End one that is not over, and keep what it has; whether there was one to end."""
    return _end(comparison.pk, State.CANCELLED)


def expire() -> None:
    """Give up those whose worker is gone."""
    late = Q(beat_at__lt=timezone.now() - SILENT)
    VersionComparison.objects.filter(late, state__in=VersionComparison.OPEN).update(
        state=State.FAILED, problem="Nobody has worked on it for some minutes. Ask again."
    )


def run(comparison_id: int, borrow: Borrow, answer: Answer) -> None:
    """Have all replies written; one that somebody works on, or that is over, is left alone."""
    waiting = VersionComparison.objects.filter(id=comparison_id, state=State.WAITING)
    if not waiting.update(state=State.RUNNING, beat_at=timezone.now()):
        return
    comparison = VersionComparison.objects.select_related("workspace").get(id=comparison_id)
    try:
        with ExitStack() as stack:
            left, right = (stack.enter_context(borrow(_path(v))) for v in (comparison.left, comparison.right))
            for generation in _material(comparison.workspace, comparison.total, comparison.day):
                said = {"left": answer(generation, left), "right": answer(generation, right)}
                running = VersionComparison.objects.filter(id=comparison_id, state=State.RUNNING)
                if not running.update(beat_at=timezone.now()):
                    return
                ComparedReply.objects.create(comparison=comparison, generation=generation, **said)
    except Exception as error:
        log.exception("versions not compared", comparison=comparison_id)
        _end(comparison_id, State.FAILED, problem=f"It ended with an error: {error}"[:300])
    else:
        _end(comparison_id, State.DONE)


def _material(workspace: Workspace, count: int, day: date | None) -> list[Generation]:
    """The latest replies of our own model that can be written again, of a day if one is given."""
    rows = Generation.objects.in_workspace(workspace).exclude(prompt={}).exclude(model_version__contains="+")
    rows = rows.select_related("message__conversation__workspace", "in_reply_to").defer("reading", "routing")
    if day:
        begin = datetime.combine(day, time.min, workspace.zone)
        end = datetime.combine(day + timedelta(days=1), time.min, workspace.zone)
        rows = rows.filter(created_at__gte=begin, created_at__lt=end)
    return list(rows.order_by("-id")[:count])


def _path(version: str) -> Path:
    path = registry.find(version)
    if path is None:
        raise FileNotFoundError(f"version {version} is not on this machine")
    return path


def _end(comparison_id: int, state: str, **values: object) -> bool:
    rows = VersionComparison.objects.filter(id=comparison_id, state__in=VersionComparison.OPEN)
    return bool(rows.update(state=state, **values))
