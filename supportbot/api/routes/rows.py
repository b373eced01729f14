"""Rows whose rules are their model's own: set, checked as the admin checks them, saved, and told to the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from supportbot.api.models import ApiKey
from supportbot.workspaces.models import AuditEntry

M = TypeVar("M", bound=Model)


@transaction.atomic
def write(key: ApiKey, row: M, fields: Mapping[str, Any], **saving: Any) -> M:
    """Save a row with these fields; ValidationError if it breaks a rule."""
    done = "created" if row._state.adding else "changed"
    set_up(row, fields, **saving)
    _note(key, row, done)
    return row


@transaction.atomic
def delete(key: ApiKey, row: Model) -> None:
    """Delete a row; RestrictedError if another needs it."""
    _note(key, row, "deleted")
    row.delete()


def set_up(row: M, fields: Mapping[str, Any], **saving: Any) -> M:
    """The same without a word to the audit log, for what machines push by the thousand."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    row.save(**saving)
    return row


def _note(key: ApiKey, row: Model, done: str) -> None:
    details = {"key": str(key), "id": row.pk}
    where = {"workspace": key.workspace, "actor": key.user, "target": str(row)[:100]}
    AuditEntry.objects.create(**where, action=f"{row._meta.model_name}.{done}", details=details)
