"""Who asks: the key of a request, and whether it may do what the route does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from supportbot.api import limits
from supportbot.api.models import ApiKey, Scope
from supportbot.api.problems import Problem
from supportbot.workspaces.role import LOOKING, Role


class Call(HttpRequest):
    """A request that a key has signed in."""

    auth: ApiKey


class Bearer(HttpBearer):
    """Opens a route to keys that have its scope; which rows they reach, `in_workspace` says."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key; None if it opens nothing. Problem if it asks too often, or for too much."""
        key = key_of(request)
        if key is None:
            return None
        limits.count(request, key)
        if key.workspace.closed_at:
            raise Problem(403, "workspace_closed", "This workspace is closed: it is going to be deleted.")
        if self.scope not in key.scopes:
            raise Problem(403, "scope_missing", f"This key lacks the scope {self.scope.value}.")
        if key.member.role == Role.VIEWER and request.method not in LOOKING:
            raise Problem(403, "view_only", f"{key.member.user}, in whose name this key acts, only looks.")
        return key


def key_of(request: HttpRequest) -> ApiKey | None:
    """The valid key that a request bears, looked up once."""
    if "supportbot.key" not in request.META:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        request.META["supportbot.key"] = ApiKey.of(token.strip()) if kind.lower() == "bearer" and token else None
    found: ApiKey | None = request.META["supportbot.key"]
    return found


def needs(scope: Scope, **more: Any) -> dict[str, Any]:
    """What a route declares: who may use it, and its place in the documentation."""
    return {"auth": Bearer(scope), **more}
