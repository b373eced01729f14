"""What management commands share."""

from __future__ import annotations

from django.core.management.base import CommandError

from supportbot.workspaces.models import Workspace


def workspace_named(slug: str) -> Workspace:
    """The workspace of a slug; CommandError, which tells those that there are."""
    try:
        return Workspace.objects.get(slug=slug)
    except Workspace.DoesNotExist as error:
        known = ", ".join(Workspace.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no workspace {slug!r}. There are: {known}.") from error
