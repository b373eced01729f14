"""Rows whose rules are their model's own: what is sent is set, checked as the admin checks it, and saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

M = TypeVar("M", bound=Model)


@transaction.atomic
def make(row: M, fields: Mapping[str, Any], **saving: Any) -> M:
    """Save a row with these fields; ValidationError if it breaks a rule."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    row.save(**saving)
    return row
