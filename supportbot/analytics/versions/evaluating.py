"""A version of the model judged as `make eval` does it, at a click: who may begin that, and the process that does it.

The process has a scratch database and knows nothing of this installation but the checkpoint's folder.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from django.utils import timezone

from supportbot.analytics.models import VersionEvaluation
from supportbot.chat.versions import processes, registry
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.models import AuditEntry, User, Workspace

log = structlog.get_logger(__name__)
SHARE = 1.0  # of the material
SILENT = timedelta(minutes=2)  # then its worker is gone
STEP = re.compile(r"^played: (?P<done>\d+) of (?P<count>\d+)$", re.M)
# Of this process's environment; all else would lead it to this installation's own data.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR", "OMP_NUM_THREADS")
State = VersionEvaluation.State


def ask(version: str, *, by: User) -> VersionEvaluation:
    """Note that a version is to be judged, for `tasks.evaluate`; Refused where it can't."""
    expire()
    path = registry.find(version)
    if path is None or not registry.is_whole(path):
        raise Refused("Choose one of the versions that are listed, with all its files.")
    if VersionEvaluation.objects.filter(state__in=VersionEvaluation.OPEN).exists():
        raise Refused("A version is being evaluated already. Wait until that is done, or cancel it.")
    evaluation = VersionEvaluation.objects.create(version=version, asked_by=by)
    _audit(evaluation, "begun", by)
    return evaluation


def cancel(evaluation: VersionEvaluation, *, by: User) -> bool:
    """End one that is not over; its worker notices within a second. Whether there was one to end."""
    ended = _end(evaluation.pk, State.CANCELLED)
    if ended:
        _audit(evaluation, "cancelled", by)
    return ended


def expire() -> None:
    """Give up those whose worker is gone."""
    late = VersionEvaluation.objects.filter(state=State.RUNNING, beat_at__lt=timezone.now() - SILENT)
    late.update(state=State.FAILED, problem="No worker is at it any more. Begin it again.")


def run(evaluation_id: int) -> None:
    """Have it judged; one that somebody works on, or that is over, is left alone."""
    waiting = VersionEvaluation.objects.filter(id=evaluation_id, state=State.WAITING)
    if not waiting.update(state=State.RUNNING, beat_at=timezone.now()):
        return
    version = VersionEvaluation.objects.get(id=evaluation_id).version
    path = registry.find(version)
    if path is None:
        _end(evaluation_id, State.FAILED, problem=f"Version {version} is not on this machine.")
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            out, told = Path(folder) / "figures.json", Path(folder) / "log"
            own = {name: os.environ[name] for name in KEPT if name in os.environ}
            environment = {**own, "SUPPORTBOT_ENV": "embedded", "SUPPORTBOT_MODEL": str(path)}
            code = processes.follow(command(out), told, partial(_note, evaluation_id), environment)
            if code == 0:
                _end(evaluation_id, State.DONE, percent=100, figures=json.loads(out.read_text("utf-8")))
            elif code is not None:
                said = processes.tail(told) or f"It ended with {code} and said nothing."
                _end(evaluation_id, State.FAILED, problem=said)
    except Exception as error:
        log.exception("version not evaluated", evaluation=evaluation_id)
        _end(evaluation_id, State.FAILED, problem=repr(error))


def command(out: Path) -> list[str]:
    """What is run, as it could be typed."""
    return [sys.executable, "-m", "benchmarks.evaluation", "--share", str(SHARE), "--out", str(out)]


def progress(told: str) -> int:
    """Per cent, by what the process has printed."""
    steps = list(STEP.finditer(told))
    return min(99, 100 * int(steps[-1]["done"]) // int(steps[-1]["count"])) if steps else 0


def _note(evaluation_id: int, printed: str) -> bool:
    running = VersionEvaluation.objects.filter(id=evaluation_id, state=State.RUNNING)
    return bool(running.update(percent=progress(printed), beat_at=timezone.now()))


def _end(evaluation_id: int, state: str, **values: object) -> bool:
    rows = VersionEvaluation.objects.filter(id=evaluation_id, state__in=VersionEvaluation.OPEN)
    return bool(rows.update(state=state, **values))


def _audit(evaluation: VersionEvaluation, done: str, by: User) -> None:
    """In the log of each workspace, for the model is that of all."""
    entries = [
        AuditEntry(workspace=workspace, actor=by, action=f"model.evaluation_{done}", target=evaluation.version)
        for workspace in Workspace.objects.all()
    ]
    AuditEntry.objects.bulk_create(entries)
