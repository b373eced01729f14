"""An agent's desk: one member's place in a workspace, and what can be seen from there. Knows no HTTP and no socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from supportbot.chat import events
from supportbot.chat.events import Frame
from supportbot.chat.models import AgentDraft, Conversation, Message
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Member, User, Workspace

ROWS = 100  # conversations that a view shows
COUNTED = 1000  # above this a view's count is not exact, so that it costs the same with a million rows


@dataclass(frozen=True)
class Desk:
    """Whoever leaves the workspace, or is no longer active, sees nothing from here with the very next look."""

    VIEWS: ClassVar[dict[str, str]] = {
        "unassigned": "Unassigned",
        "mine": "Mine",
        "all": "All",
        "resolved": "Resolved",
    }
    workspace: Workspace
    user: User
    is_admin: bool

    def view(self, name: str) -> QuerySet[Conversation]:
        """The conversations of a view; of those that wait for a person, the longest waiting is first."""
        rows = self._conversations()
        if name == "unassigned":
            return rows.filter(handler=Conversation.Handler.QUEUE).order_by("waiting_since")
        if name == "mine":
            return rows.filter(handler=Conversation.Handler.AGENT, assignee=self.user)
        if name == "resolved":
            return rows.filter(status=Conversation.Status.RESOLVED)
        return rows.exclude(status=Conversation.Status.RESOLVED)

    def rows(self, name: str) -> list[Frame]:
        """A view's first conversations, each as `conversation.changed` describes it."""
        newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-seq")
        found = self.view(name).select_related("contact", "assignee")
        shown = found.annotate(preview=Subquery(newest.values("body")[:1]))[:ROWS]
        return [events.summary_frame(row, row.preview or "")["conversation"] for row in shown]

    def counts(self) -> dict[str, int]:
        """How many conversations each view has."""
        return {name: self.view(name).order_by()[:COUNTED].count() for name in self.VIEWS}

    def drafts(self) -> list[str]:
        """The conversations in which this user has written something and not sent it."""
        own = AgentDraft.objects.in_workspace(self.workspace).filter(user=self.user)
        return [str(found) for found in own.values_list("conversation_id", flat=True)[:COUNTED]]

    def conversation(self, conversation_id: UUID) -> Conversation:
        """One conversation of this workspace."""
        rows = self._conversations().select_related("workspace", "contact", "assignee")
        if conversation := rows.filter(id=conversation_id).first():
            return conversation
        raise Refused("not_found", "There is no such conversation.")

    def workspaces(self) -> QuerySet[Workspace]:
        """Where this user works."""
        return Workspace.objects.filter(members__user=self.user).order_by("name")

    def mark_seen(self, at: datetime | None) -> None:
        """The inbox is open, or, without a time, it was closed; the customers hear of the first and the last agent."""
        before = self.workspace.agents_online()
        self._membership().update(seen_at=at)
        if self.workspace.agents_online() != before:
            events.publish_presence(self.workspace)

    def mark_unseen_since(self, at: datetime) -> None:
        """The inbox was closed, unless another window of it gave a sign of life after this time."""
        if self._membership().filter(seen_at__lte=at).exists():
            self.mark_seen(None)

    def _conversations(self) -> QuerySet[Conversation]:
        rows = Conversation.objects.in_workspace(self.workspace)
        return rows.filter(workspace__members__user=self.user, workspace__members__user__is_active=True)

    def _membership(self) -> QuerySet[Member]:
        return Member.objects.in_workspace(self.workspace).filter(user=self.user)


def find_desk(user_id: int | None, slug: str = "") -> Desk | None:
    """The desk of a user in the workspace of this slug, or in the first of theirs."""
    if user_id is None:
        return None
    places = Member.objects.filter(user=user_id, user__is_active=True).select_related("user", "workspace")
    place = places.filter(**({"workspace__slug": slug} if slug else {})).order_by("workspace__name").first()
    if place is None:
        return None
    return Desk(place.workspace, place.user, is_admin=place.role == Member.Role.ADMIN or place.user.is_superuser)
