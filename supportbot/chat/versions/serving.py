"""Which checkpoint answers whom, and the steps by which that changes: canary, promotion, roll-back.

The model serves all workspaces, so these steps are for whoever runs the installation; each stands in the audit log of
every workspace. A worker looks at the latest row before each reply, so a step needs no message to the workers.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportbot.chat.models import Conversation
from supportbot.chat.versions import registry
from supportbot.chat.versions.models import Serving
from supportbot.workspaces.models import AuditEntry, User, Workspace

PROBLEM_LIMIT = 300
Step = Serving.Step


class Refused(Exception):
    """Why a step can't be done, in words."""


def latest() -> Serving | None:
    """The decision that holds; None where nobody has decided yet."""
    return Serving.objects.order_by("id").last()


def standing() -> str:
    """The version that answers: the promoted one, or the shipped one where that is not here."""
    now = latest()
    return now.version if now and registry.find(now.version) else registry.version_at(registry.shipped())


def candidate() -> str:
    """The version that has a share of the new conversations; empty without one."""
    now = latest()
    return now.candidate if now and now.share and registry.find(now.candidate) else ""


def version_for(conversation: Conversation) -> str:
    """The version for a conversation: for all of its life the one that it was given when it began.

    One in a canary leaves it when that ends.
    """
    trial = candidate()
    if trial:
        then = Serving.objects.filter(at__lte=conversation.created_at).order_by("id").last()
        if then and then.candidate == trial and conversation.id.int % 100 < then.share:
            return trial
    return standing()


def directory(conversation: Conversation | None = None) -> Path:
    """Where the checkpoint for a conversation lies, or the one that stands."""
    version = version_for(conversation) if conversation else standing()
    return registry.find(version) or registry.shipped()


def wanted() -> list[Path]:
    """The checkpoints that workers have to have loaded, the standing one first."""
    trial = registry.find(candidate())
    return [directory(), *([trial] if trial else [])]


def target() -> str:
    """The version to which a roll-back leads; empty where there is none."""
    change = Serving.objects.exclude(version=F("before")).order_by("id").last()
    return change.before if change and registry.find(change.before) else ""


def promote(version: str, *, by: User, seen: int) -> Serving:
    """Let a version answer everybody from the next reply on; Refused when it can't."""
    return _step(Step.PROMOTED, by=by, seen=seen, version=version)


def roll_back(*, by: User, seen: int) -> Serving:
    """Go back to what answered before; Refused when it is gone."""
    if not target():
        raise Refused("There is no earlier version to go back to.")
    return _step(Step.ROLLED_BACK, by=by, seen=seen, version=target())


def set_canary(version: str, share: int, *, by: User, seen: int) -> Serving:
    """Give a candidate a share of the conversations that begin from now on; 0 ends it."""
    if not 0 <= share <= 100:
        raise Refused("A share is between 0 and 100 per cent.")
    if share == 0:
        return _step(Step.ENDED, by=by, seen=seen, version=standing())
    return _step(Step.CANARY, by=by, seen=seen, version=standing(), candidate=version, share=share)


@transaction.atomic
def withdraw(version: str) -> None:
    """Let a version that is about to be deleted answer nobody any more: what was before it answers, or the shipped."""
    now, before = _latest_alone(), standing()
    if before == version:
        back = target() if target() != version else ""
        after = back or registry.version_at(registry.shipped())
        _audit(Serving.objects.create(step=Step.ROLLED_BACK, version=after, before=before))
    elif now and now.candidate == version:
        _audit(Serving.objects.create(step=Step.ENDED, version=before, before=before))


def note_ready(step: Serving | None) -> None:
    """Called by a worker that has loaded all that a decision wants."""
    if step and not step.ready_at:
        Serving.objects.filter(id=step.id, ready_at=None).update(ready_at=timezone.now(), problem="")


def note_problem(step: Serving | None, problem: str) -> None:
    """Called by a worker that could not; it goes on with what it has."""
    if step and not step.problem:
        Serving.objects.filter(id=step.id).update(problem=problem[:PROBLEM_LIMIT])


@transaction.atomic
def _step(step: str, *, by: User, seen: int, version: str, candidate: str = "", share: int = 0) -> Serving:
    """`seen` is the decision that the person had before their eyes, 0 for none."""
    now = _latest_alone()
    if (now.id if now else 0) != seen:
        raise Refused("Somebody has changed this meanwhile. Look at the page as it is now, then decide.")
    before, subject = standing(), candidate or version
    path = registry.find(subject)
    if path is None or not registry.is_whole(path):
        raise Refused(f"Version {subject} is not here, or some of its files are missing.")
    if subject == before and step not in (Step.ENDED,):
        raise Refused(f"Version {subject} answers already.")
    row = Serving.objects.create(step=step, version=version, before=before, candidate=candidate, share=share, by=by)
    _audit(row)
    return row


def _latest_alone() -> Serving | None:
    """One step at a time."""
    list(Workspace.objects.select_for_update().order_by("id").values_list("id", flat=True))
    return latest()


def _audit(row: Serving) -> None:
    details = {"version": row.version, "before": row.before, "candidate": row.candidate, "share": row.share}
    entries = [
        AuditEntry(
            workspace=workspace,
            actor=row.by,
            action=f"model.{row.step}",
            target=row.candidate or row.version,
            details=details,
        )
        for workspace in Workspace.objects.all()
    ]
    AuditEntry.objects.bulk_create(entries)
