"""What a workspace may have at most. The rule is put in from above (billing), so that every layer can ask here.

Without a rule there are no limits. What is said is for administrators; no customer ever reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:
    from supportbot.workspaces.models import Workspace

REACHED = "plan_limit"  # code of a ValidationError, and of the API's problem


class Kind(models.TextChoices):
    """What is counted: two kinds by what happens in a period, two by what is there."""

    CONVERSATIONS = "conversations", "conversations"
    MINUTES = "minutes", "model minutes"
    SEATS = "seats", "seats"
    KNOWLEDGE = "knowledge", "published articles"


Rule = Callable[["Workspace", Kind, int], str]
_rules: list[Rule] = []


def go_by(rule: Rule) -> None:
    """Ask this rule from now on: why there is no room for so many more of a kind; empty if there is."""
    _rules[:] = [rule]


def objection(workspace: Workspace, kind: Kind, more: int = 1) -> str:
    """Why there is no room, in words for an administrator; empty if there is."""
    return next((words for rule in _rules if (words := rule(workspace, kind, more))), "")


def demand_room(workspace: Workspace, kind: Kind, field: str) -> None:
    """ValidationError at the field of a form if there is no room for one more."""
    if words := objection(workspace, kind):
        raise ValidationError({field: ValidationError(words, code=REACHED)})


def has_reached(error: ValidationError) -> bool:
    """Whether a limit is among what is wrong."""
    found = [one for errors in error.error_dict.values() for one in errors] if hasattr(error, "error_dict") else []
    return any(one.code == REACHED for one in found)


def bot_may_begin(workspace: Workspace) -> bool:
    """Whether the assistant may answer one more conversation; those that it has go on in any case."""
    return not objection(workspace, Kind.CONVERSATIONS) and not objection(workspace, Kind.MINUTES)
