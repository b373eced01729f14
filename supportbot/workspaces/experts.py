"""What a workspace says of a checkpoint's experts: their names, who looks after them, which are switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import models, transaction

from supportbot.workspaces.scoping import ScopedQuerySet

if TYPE_CHECKING:
    from supportbot.workspaces.models import User, Workspace


class TooFewExperts(Exception):
    """A token needs more experts than would be left."""


class ExpertSetting(models.Model):
    """One expert of one checkpoint in one workspace; another checkpoint's experts are others."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="expert_settings")
    version = models.CharField("checkpoint", max_length=40)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60, blank=True, help_text="Empty is the name on the checkpoint's card")
    note = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey(
        "workspaces.User", models.SET_NULL, null=True, blank=True, help_text="Who looks after its category"
    )
    is_off = models.BooleanField("switched off", default=False)

    objects = ScopedQuerySet["ExpertSetting"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "version", "number"], name="one_setting_per_expert")
        ]

    def __str__(self) -> str:
        return self.name or f"expert {self.number}"


def switched_off(workspace: Workspace, version: str) -> frozenset[int]:
    """The numbers of the experts that write nothing in this workspace."""
    rows = ExpertSetting.objects.in_workspace(workspace).filter(version=version, is_off=True)
    return frozenset(rows.values_list("number", flat=True))


@transaction.atomic
def describe(setting: ExpertSetting, *, name: str, note: str, owner: User | None, by: User) -> bool:
    """Save what people say of an expert, with an entry in the audit log; whether anything has changed."""
    changed = {
        field: str(value or "")
        for field, value in (("name", name), ("note", note), ("owner", owner))
        if getattr(setting, field) != value
    }
    setting.name, setting.note, setting.owner = name, note, owner
    if changed:
        setting.save()
        _note(setting, "expert.described", changed, by)
    return bool(changed)


@transaction.atomic
def switch(setting: ExpertSetting, *, off: bool, experts: int, needed: int, by: User) -> bool:
    """Switch an expert off or on, with an entry in the audit log; whether that changed anything.

    `experts` are in each layer and a token needs `needed` of them: TooFewExperts when fewer would be left.
    """
    workspace = type(setting.workspace).objects.select_for_update().get(pk=setting.workspace_id)  # one at a time
    before = switched_off(workspace, setting.version)
    if (setting.number in before) == off:
        return False
    if off and experts - len(before) <= needed:
        raise TooFewExperts
    setting.is_off = off
    setting.save()
    left = {"checkpoint": setting.version, "expert": setting.number, "left": experts - len(before) + (-1 if off else 1)}
    _note(setting, "expert.switched_off" if off else "expert.switched_on", left, by)
    return True


def _note(setting: ExpertSetting, action: str, details: Mapping[str, object], by: User) -> None:
    setting.workspace.audit_entries.create(actor=by, action=action, target=str(setting), details=details)
