"""The one place where a lookup is bound to a tenant: every surface starts from `objects.in_workspace(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from supportbot.workspaces.models import Workspace

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a workspace; a model that has no column of its own names the path in `workspace_path`."""

    def in_workspace(self, workspace: Workspace) -> Self:
        """Keep this tenant's rows."""
        return self.filter(**{getattr(self.model, "workspace_path", "workspace"): workspace})

    def in_open_workspaces(self) -> Self:
        """Keep the rows of tenants that are not closed."""
        return self.filter(**{f"{getattr(self.model, 'workspace_path', 'workspace')}__closed_at": None})

    def in_closed_workspaces(self) -> Self:
        """Keep the rows of those that are."""
        return self.filter(**{f"{getattr(self.model, 'workspace_path', 'workspace')}__closed_at__isnull": False})

    def in_workspaces(self, workspaces: models.QuerySet[Workspace]) -> Self:
        """Keep these tenants' rows."""
        return self.filter(**{f"{getattr(self.model, 'workspace_path', 'workspace')}__in": workspaces})
