"""An agent's desk: one member's place in a workspace, and what can be seen from there. Knows no HTTP and no socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from supportbot.chat import erasing, events
from supportbot.chat.events import Frame
from supportbot.chat.joining import current
from supportbot.chat.models import AgentDraft, Attachment, Conversation, Mention, MergedConversation, Message
from supportbot.chat.refusals import Refused
from supportbot.dashboard.filters import Filters
from supportbot.workspaces.models import Member, User, Workspace
from supportbot.workspaces.role import ADMINISTERING

PAGE = 50  # conversations that one page of a view has
COUNTED = 1000  # above this a view's count is not exact, so that it costs the same with a million rows
CHOSEN = 10_000  # conversations that can be chosen at once
CHANGED = 200  # rows after which it is better to load anew
LONGEST_LEAVE = timedelta(days=366)
LATE = timedelta(seconds=10)  # by which a change may be seen after its time
Status, Handler = Conversation.Status, Conversation.Handler
LIVE = Q(is_spam=False) & ~Q(status=Status.RESOLVED)


@dataclass(frozen=True)
class Desk:
    """Whoever leaves the workspace, or is no longer active, sees nothing from here with the very next look."""

    VIEWS: ClassVar[dict[str, str]] = {
        "mine": "Mine",
        "unassigned": "Unassigned",
        "all": "All",
        "mentions": "Mentions",
        "pending": "With the bot",
        "waiting": "Waiting on customer",
        "snoozed": "Snoozed",
        "resolved": "Resolved",
        "spam": "Spam",
    }
    ORDER: ClassVar[dict[str, str]] = {"unassigned": "waiting_since", "snoozed": "snoozed_until"}
    workspace: Workspace
    user: User
    is_admin: bool
    is_viewer: bool

    def demand_hands(self) -> None:
        """Refused for who only looks."""
        if self.is_viewer:
            raise Refused("view_only", "You look at this workspace, and change nothing here.")

    def view(self, name: str, filters: Filters | None = None) -> QuerySet[Conversation]:
        """The conversations of a view in its order: who waits longest or wakes first, elsewhere the newest first.

        Among all are those that are done only if the filters name a status.
        """
        key = self.ORDER.get(name)
        rows = self._conversations().filter(self._condition(name, filters is not None and filters.names_status))
        rows = filters.narrow(rows) if filters else rows
        return rows.order_by(key, "id") if key else rows.order_by("-active_at", "-id")

    def page(self, name: str, filters: Filters, after: str = "") -> Frame:
        """A page of a view, each row as `conversation.changed` describes it, and where the next page begins."""
        now = timezone.now()
        rows = self.view(name, filters)
        total = _count(rows)
        found = self._facts(self._after(rows, name, after)[: PAGE + 1])
        key = self.ORDER.get(name, "active_at")
        end = f"{found[PAGE - 1][key]}~{found[PAGE - 1]['id']}" if len(found) > PAGE else None
        bounds = {name: at.astimezone(UTC).isoformat() for name, at in filters.bounds.items()}
        return {"rows": found[:PAGE], "next": end, "total": total, "bounds": bounds, "at": now.isoformat()}

    def changes(self, since: datetime) -> Frame:
        """The rows that have changed since then, of any view; `complete` is false if they are too many to list.

        `erased` are those that are gone, for their customers had them deleted; `merged` those that are others now.
        """
        now, erased = timezone.now(), erasing.erased_since(self.workspace, since - LATE)
        rows = self._conversations().filter(updated_at__gte=since - LATE).order_by("-updated_at")
        found = self._facts(rows[: CHANGED + 1])
        complete = len(found) <= CHANGED
        merged = MergedConversation.objects.in_workspace(self.workspace).filter(created_at__gte=since - LATE)
        gone = {"erased": erased, "merged": [(str(row.pk), str(row.into_id)) for row in merged]}
        return {"rows": found[:CHANGED], "complete": complete, **gone, "at": now.isoformat()}

    def ids(self, name: str, filters: Filters) -> list[UUID]:
        """The first conversations of a view, as many as can be chosen at once."""
        return list(self.view(name, filters).values_list("id", flat=True)[:CHOSEN])

    def counts(self) -> dict[str, int]:
        """How many conversations each view has; of mentions those that the agent has not seen."""
        counted = {name: self.view(name) for name in self.VIEWS}
        counted["mentions"] = counted["mentions"].filter(Exists(self._mentions().filter(seen_at=None)))
        return {name: _count(rows) for name, rows in counted.items()}

    def drafts(self) -> list[tuple[str, str]]:
        """What this user has written and not sent: the conversation, and of which kind it is."""
        own = AgentDraft.objects.in_workspace(self.workspace).filter(user=self.user)
        return [(str(place), kind) for place, kind in own.values_list("conversation_id", "kind")[:COUNTED]]

    def conversation(self, conversation_id: UUID) -> Conversation:
        """One conversation of this workspace; of an id that was merged, what it is now."""
        rows = self._conversations().select_related("workspace", "contact", "assignee")
        if found := current(rows, conversation_id):
            return found
        raise Refused("not_found", "There is no such conversation.")

    def workspaces(self) -> QuerySet[Workspace]:
        """Where this user works."""
        return Workspace.objects.open().filter(members__user=self.user).order_by("name")

    def set_away(self, *, on: bool, back_on: date | None) -> None:
        """Get nothing automatically, until the day they are back if one is named; or be there again."""
        today = timezone.localdate(timezone=self.workspace.zone)
        if back_on and not today < back_on <= today + LONGEST_LEAVE:
            raise Refused("bad_time", "Choose a day that is still to come, within a year.")
        back_at = datetime.combine(back_on, time(), self.workspace.zone) if on and back_on else None
        before = self.workspace.agents_online()
        self._membership().update(is_away=on, back_at=back_at)
        events.publish(events.agent_group(self.workspace.id, self.user.pk), self.own_presence())
        if self.workspace.agents_online() != before:
            events.publish_presence(self.workspace)

    def own_presence(self) -> Frame:
        """`presence.own` of this member."""
        return events.own_presence_frame(self._membership().select_related("workspace").get())

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

    def _condition(self, name: str, with_done: bool) -> Q:
        conditions = {
            "mine": LIVE & Q(handler=Handler.AGENT, assignee=self.user, status=Status.OPEN),
            "unassigned": LIVE & Q(handler=Handler.QUEUE, status=Status.OPEN),
            "all": Q(is_spam=False) if with_done else LIVE,
            "mentions": Q(Exists(self._mentions())),
            "pending": LIVE & Q(status=Status.PENDING),
            "waiting": LIVE & Q(handler=Handler.AGENT, status=Status.OPEN, waiting_since=None),
            "snoozed": LIVE & Q(status=Status.SNOOZED),
            "resolved": Q(is_spam=False, status=Status.RESOLVED),
            "spam": Q(is_spam=True),
        }
        return conditions[name]

    def _mentions(self) -> QuerySet[Mention]:
        return Mention.objects.filter(conversation=OuterRef("pk"), user=self.user)

    def _after(self, rows: QuerySet[Conversation], name: str, place: str) -> QuerySet[Conversation]:
        """The rows behind a place in the view's order."""
        if not place:
            return rows
        at, id_ = _place(place)
        key, later = self.ORDER.get(name, "active_at"), "gt" if name in self.ORDER else "lt"
        behind = Q(**{f"{key}__{later}": at}) | Q(**{key: at, f"id__{later}": id_})
        return rows.filter(behind, **{f"{key}__{later}e": at})

    def _facts(self, rows: QuerySet[Conversation]) -> list[Frame]:
        newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-seq")
        done = When(translation__reader="agents", translation__state="done", then="translation__text")
        file = Attachment.objects.filter(message=OuterRef("pk")).values("name")[:1]
        named = When(body="", then=Concat(Value(f"{events.FILE_SIGN} "), Coalesce(Subquery(file), Value(""))))
        read = newest.annotate(read=Case(done, named, default="body", output_field=TextField()))
        found = rows.annotate(preview=Subquery(read.values("read")[:1]))
        loaded = found.select_related("contact", "assignee", "team")
        loaded = loaded.prefetch_related("labels", "mentions", "participants__user")
        return [events.summary_frame(row, row.preview or "")["conversation"] for row in loaded]

    def _conversations(self) -> QuerySet[Conversation]:
        rows = Conversation.objects.in_workspace(self.workspace)
        rows = rows.in_open_workspaces()
        return rows.filter(workspace__members__user=self.user, workspace__members__user__is_active=True)

    def _membership(self) -> QuerySet[Member]:
        return Member.objects.in_workspace(self.workspace).filter(user=self.user)


def find_desk(user_id: int | None, slug: str = "") -> Desk | None:
    """The desk of a user in the workspace of this slug, or in the first of theirs."""
    if user_id is None:
        return None
    places = (
        Member.objects.in_open_workspaces()
        .filter(user=user_id, user__is_active=True)
        .select_related("user", "workspace")
    )
    place = places.filter(**({"workspace__slug": slug} if slug else {})).order_by("workspace__name").first()
    if place is None:
        return None
    is_admin = place.role in ADMINISTERING or place.user.is_superuser
    return Desk(place.workspace, place.user, is_admin, is_viewer=place.role == Member.Role.VIEWER)


def _count(rows: QuerySet[Conversation]) -> int:
    """In the order of the indexes, so that SQLite chooses the one that holds no other rows."""
    return rows.order_by("-active_at")[:COUNTED].count()


def _place(text: str) -> tuple[datetime, UUID]:
    at, _, id_ = text.partition("~")
    try:
        moment, row = parse_datetime(at), UUID(id_)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused("bad_filter", "There is no such page.")
    return moment, row
