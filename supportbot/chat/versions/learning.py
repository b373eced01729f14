"""A new expert that learns a category from a workspace's own words: who may begin one, and the process that does it.

The product imports no training; it runs `python -m training.add_expert` as a process of its own, at the lowest
priority, and reads its log.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self

import structlog
from django.conf import settings
from django.utils import timezone

from supportbot.chat.corrections import tickets
from supportbot.chat.corrections.models import CATEGORY
from supportbot.chat.models import ExpertTraining, Label
from supportbot.chat.versions import processes, registry, serving
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.models import AuditEntry, User, Workspace

log = structlog.get_logger(__name__)
LEAST = 50  # different tickets, as `training.tickets` demands them
SILENT = timedelta(minutes=2)  # then its worker is gone
STEP = re.compile(r"^(?P<what>[\w ,]+): (?P<done>\d+) of (?P<count>\d+)$", re.M)
STAGES = ("the new expert", "all weights, to compare")  # in their order, as training prints them
State = ExpertTraining.State


@dataclass(frozen=True)
class Material:
    """What there is to learn from, doubles left out."""

    corrected: list[tickets.Ticket]
    answered: list[tickets.Ticket]

    @classmethod
    def of(cls, workspace: Workspace, category: str, label: Label | None) -> Self:
        """Approved corrections of the category, and agents' answers in conversations with the label."""
        seen: set[tuple[str, str]] = set()
        corrected = _without_doubles(tickets.of_corrections(workspace, category), seen)
        return cls(corrected, _without_doubles(tickets.of_conversations(workspace, label), seen) if label else [])

    def write(self, path: Path) -> None:
        """As JSON Lines."""
        rows = (json.dumps(row, ensure_ascii=False) for row in (*self.corrected, *self.answered))
        path.write_text("".join(f"{row}\n" for row in rows), "utf-8")


def start(*, workspace: Workspace, category: str, label: Label | None, by: User) -> ExpertTraining:
    """Note that an expert is to learn a category, for `tasks.learn`; Refused where it can't."""
    expire()
    if not CATEGORY.match(category):
        raise Refused("A category is a name of small letters, digits and _, as gift_cards.")
    if ExpertTraining.objects.filter(state__in=ExpertTraining.OPEN).exists():
        raise Refused("An expert is learning already. Wait until it is done, or cancel it.")
    material = Material.of(workspace, category, label)
    corrected, answered = len(material.corrected), len(material.answered)
    if corrected + answered < LEAST:
        raise Refused(
            f"There are {corrected + answered} different pairs of question and answer for {category}: {corrected} "
            f"approved corrections and {answered} answers of agents. At least {LEAST} are needed. "
            "Label more conversations, or correct more replies."
        )
    training = ExpertTraining.objects.create(
        workspace=workspace,
        category=category,
        label=label,
        started_by=by,
        base=serving.standing(),
        corrections=corrected,
        conversations=answered,
    )
    _audit(training, "started", by)
    return training


def folder_of(training: ExpertTraining) -> Path:
    """Where the version lies that comes of it; while it is written, with `.part` behind it."""
    place: Path = settings.MODELS
    return place / f"{training.category}-{training.pk}"


def cancel(training: ExpertTraining, *, by: User) -> bool:
    """End one that is not over; its worker notices within a second. Whether there was one to end."""
    ended = _end(training.pk, State.CANCELLED, problem="")
    if ended:
        _audit(training, "cancelled", by)
    return ended


def expire() -> None:
    """Give up those whose worker is gone."""
    now = timezone.now()
    late = ExpertTraining.objects.filter(state__in=ExpertTraining.OPEN, beat_at__lt=now - SILENT)
    late.update(state=State.FAILED, problem="No worker is at it any more. Start it again.", ended_at=now)


def run(training_id: int) -> None:
    """Have it learnt; one that somebody works on, or that is over, is left alone."""
    waiting = ExpertTraining.objects.filter(id=training_id, state=State.WAITING)
    if not waiting.update(state=State.RUNNING, beat_at=timezone.now()):
        return
    training = ExpertTraining.objects.select_related("workspace", "label").get(id=training_id)
    base = registry.find(training.base)
    if base is None:
        _end(training_id, State.FAILED, problem=f"Version {training.base} is not on this machine.")
        return
    settings.MODELS.mkdir(parents=True, exist_ok=True)
    out = folder_of(training)
    try:
        with tempfile.TemporaryDirectory() as folder:
            data, told = Path(folder) / "tickets.jsonl", Path(folder) / "log"
            Material.of(training.workspace, training.category, training.label).write(data)
            code = processes.follow(command(training.category, data, base, out), told, partial(_note, training_id))
            tail = processes.tail(told)
    except Exception as error:
        log.exception("expert not trained", training=training_id)
        code, tail = 1, repr(error)
    if code == 0:
        done = {"version": registry.version_at(out), "percent": 100}
        _end(training_id, State.DONE, **done)
    elif code is not None:
        _end(training_id, State.FAILED, problem=tail or f"It ended with {code} and said nothing.")


def command(category: str, data: Path, base: Path, out: Path) -> list[str]:
    """What is run, as it could be typed."""
    given = {"--category": category, "--data": data, "--checkpoint": base, "--out": out}
    return [sys.executable, "-m", "training.add_expert", *(str(word) for pair in given.items() for word in pair)]


def _note(training_id: int, printed: str) -> bool:
    stage, percent = progress(printed)
    running = ExpertTraining.objects.filter(id=training_id, state=State.RUNNING)
    return bool(running.update(stage=stage, percent=percent, beat_at=timezone.now()))


def progress(told: str) -> tuple[str, int]:
    """Stage and per cent, by what the process has printed."""
    steps = list(STEP.finditer(told))
    if not steps:
        return "Reading what there is to learn", 0
    what, done, count = steps[-1]["what"], int(steps[-1]["done"]), int(steps[-1]["count"])
    before = STAGES.index(what) if what in STAGES else 0
    words = "Learning" if before == 0 else "Training all weights, to compare"
    return words, int(95 * (before + done / count) / len(STAGES))


def _end(training_id: int, state: str, **values: object) -> bool:
    rows = ExpertTraining.objects.filter(id=training_id, state__in=ExpertTraining.OPEN)
    return bool(rows.update(state=state, ended_at=timezone.now(), **values))


def _without_doubles(rows: Iterable[tickets.Ticket], seen: set[tuple[str, str]]) -> list[tickets.Ticket]:
    kept = []
    for row in rows:
        key = (" ".join(row["text"].lower().split()), " ".join(row["reply"].lower().split()))
        if key not in seen and all(key):
            seen.add(key)
            kept.append(row)
    return kept


def _audit(training: ExpertTraining, done: str, by: User) -> None:
    AuditEntry.objects.create(
        workspace=training.workspace,
        actor=by,
        action=f"model.training_{done}",
        target=training.category,
        details={
            "base": training.base,
            "corrections": training.corrections,
            "conversations": training.conversations,
        },
    )
