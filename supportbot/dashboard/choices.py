"""What can be chosen in the inbox: people, teams, labels, saved filters, and what conversations are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from supportbot.chat import events
from supportbot.chat.events import Frame
from supportbot.chat.models import Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.sorting import Label, SavedFilter
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.filters import Filters
from supportbot.workspaces.models import Member, Team

LATEST = 1000  # conversations of which the categories and languages are offered


def choices(desk: Desk) -> dict[str, list[Any]]:
    """All of it, for this agent."""
    people = Member.objects.in_workspace(desk.workspace).working().select_related("user")
    latest = Conversation.objects.in_workspace(desk.workspace).order_by("-active_at")
    about = list(latest.values_list("category", "spoken")[:LATEST])
    return {
        "agents": sorted(({"id": m.user_id, "name": str(m.user)} for m in people), key=lambda one: one["name"]),
        "teams": [{"id": team.pk, "name": team.name} for team in Team.objects.in_workspace(desk.workspace)],
        "labels": [events.label_facts(label) for label in Label.objects.in_workspace(desk.workspace)],
        "filters": [_facts(saved, desk) for saved in _filters(desk).select_related("owner")],
        "categories": _known(category for category, _ in about),
        "languages": _known(spoken for _, spoken in about),
    }


def save_filter(desk: Desk, *, name: str, view: str, query: str, is_shared: bool) -> None:
    """Keep a view with its filters under a name; one of the agent's own with that name is replaced."""
    name = " ".join(name.replace("\x00", "").split())
    if not 0 < len(name) <= 60 or len(query) > 1000:
        raise Refused("bad_filter", "A saved filter has a name of at most 60 characters.")
    if view not in desk.VIEWS:
        raise Refused("not_found", "There is no such view.")
    Filters.parse(QueryDict(query), desk.workspace, desk.user)
    kept = {"view": view, "query": query, "is_shared": is_shared}
    SavedFilter.objects.update_or_create(workspace=desk.workspace, owner=desk.user, name=name, defaults=kept)


def delete_filter(desk: Desk, filter_id: int) -> None:
    """Forget a filter: one's own, or, for an administrator, one that is shared."""
    mine = Q(owner=desk.user) | Q(is_shared=True) if desk.is_admin else Q(owner=desk.user)
    deleted, _ = SavedFilter.objects.in_workspace(desk.workspace).filter(mine, id=filter_id).delete()
    if not deleted:
        raise Refused("not_found", "There is no such filter of yours.")


def _filters(desk: Desk) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.in_workspace(desk.workspace).filter(Q(owner=desk.user) | Q(is_shared=True))


def _facts(saved: SavedFilter, desk: Desk) -> Frame:
    is_mine = saved.owner_id == desk.user.pk
    return {
        "id": saved.pk,
        "name": saved.name,
        "view": saved.view,
        "query": saved.query,
        "shared": saved.is_shared,
        "by": "" if is_mine else saved.owner.get_short_name(),
        "deletable": is_mine or desk.is_admin,
    }


def _known(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
