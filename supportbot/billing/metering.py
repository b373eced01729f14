"""Counts what workspaces use, from the rows that are there anyway; nothing is written on the way of a message.

A conversation counts with the first message of its customer, and again with the first one after it was resolved. Model
minutes are the time that workers spent on replies (`Generation.total_s`). What happened until `Meter.until` stands in
`Usage`; what came since is counted when it is asked for. A row bears the time at which its transaction wrote it, so
the sweep stays `SETTLED` behind the clock. What is erased later stays counted; a recount counts what is still there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, F, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from supportbot.billing.models import Meter, Usage
from supportbot.billing.periods import today
from supportbot.chat.models import Generation, Message, Milestone
from supportbot.knowledge.models import Article
from supportbot.workspaces.invitation import LASTS
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import Invitation, Member, Workspace

SETTLED = timedelta(seconds=60)  # longer than a transaction that writes a message takes, and than clocks differ
HAPPENING = (Kind.CONVERSATIONS, Kind.MINUTES)
STANDING = (Kind.SEATS, Kind.KNOWLEDGE)
UNIT = {Kind.MINUTES: 60_000}  # stored in one of what is shown
Place = tuple[int, date]  # a workspace and a day


@transaction.atomic
def count(now: datetime | None = None) -> set[int]:
    """Count what is settled, and note the most that is there today; the workspaces that used something."""
    until = (now or timezone.now()) - SETTLED
    Meter.objects.get_or_create(pk=1, defaults={"until": _beginning(until)})
    meter = Meter.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if meter is None or meter.until >= until:  # another sweep is at it
        return set()
    touched = {place[0] for kind in HAPPENING for place in _add(kind, happened(kind, meter.until, until))}
    meter.until = until
    meter.save()
    return touched | {place[0] for kind in STANDING for place in _raise(kind, there(kind))}


@transaction.atomic
def recount(workspaces: QuerySet[Workspace]) -> None:
    """Count what happened in these workspaces anew, from all rows that there are."""
    meter = Meter.objects.select_for_update().filter(pk=1).first()
    if meter is None:
        return
    ids = list(workspaces.values_list("pk", flat=True))
    Usage.objects.filter(workspace__in=ids, kind__in=HAPPENING).delete()
    for kind in HAPPENING:
        _add(kind, happened(kind, None, meter.until, ids))


def since_counted(workspace: Workspace, kind: Kind) -> dict[date, int]:
    """What happened that no sweep has counted yet, by day."""
    meter = Meter.objects.filter(pk=1).first()
    found = happened(kind, meter.until if meter else None, None, [workspace.pk])
    return {day: amount for (_, day), amount in found.items()}


def happened(
    kind: Kind, after: datetime | None, until: datetime | None, workspaces: Iterable[int] | None = None
) -> dict[Place, int]:
    """How much of a kind happened after one time, until another one, by workspace and day."""
    rows: QuerySet[Message] | QuerySet[Generation] = _first_messages() if kind == Kind.CONVERSATIONS else _generations()
    limits = {"created_at__gt": after, "created_at__lte": until, "place__in": workspaces}
    rows = rows.filter(**{name: value for name, value in limits.items() if value is not None})
    amount = Count("pk") if kind == Kind.CONVERSATIONS else Sum(Cast(F("total_s") * 1000, BigIntegerField()))
    by_day = rows.annotate(day=TruncDate("created_at", tzinfo=UTC)).order_by().values_list("place", "day")
    return {(place, day): amount or 0 for place, day, amount in by_day.annotate(amount=amount)}


def there(kind: Kind, workspace: Workspace | None = None) -> dict[int, int]:
    """How much of a kind there is now, by workspace."""
    rows = Member.objects.working() if kind == Kind.SEATS else Article.objects.filter(status=Article.Status.PUBLISHED)
    rows = rows.filter(workspace=workspace) if workspace else rows
    return dict(rows.order_by().values_list("workspace").annotate(Count("pk")))


def invited(workspace: Workspace) -> int:
    """How many seats are promised to people who have not come yet."""
    open_ = Invitation.objects.in_workspace(workspace).filter(sent_at__gt=timezone.now() - LASTS)
    return open_.exclude(role=Member.Role.VIEWER).count()


def amounts(workspace: Workspace, kind: Kind, first: date) -> dict[date, float]:
    """How much was used on each day since the first, up to this moment, in the unit that is shown."""
    rows = Usage.objects.in_workspace(workspace).filter(kind=kind, day__gte=first)
    found: dict[date, int] = defaultdict(int, rows.values_list("day", "amount"))
    if kind in HAPPENING:
        for day, amount in since_counted(workspace, kind).items():
            found[day] += amount if day >= first else 0
    else:
        found[today()] = max(found[today()], there(kind, workspace).get(workspace.pk, 0))
    return {day: amount / UNIT.get(kind, 1) for day, amount in found.items()}


def used(workspace: Workspace, kind: Kind, first: date) -> float:
    """How much of a kind happened since a day, or how much is there now."""
    if kind in STANDING:
        return there(kind, workspace).get(workspace.pk, 0)
    return sum(amounts(workspace, kind, first).values())


def _first_messages() -> QuerySet[Message]:
    """Messages of customers with which a conversation begins, or begins anew after it was resolved."""
    own = Message.objects.filter(author=Message.Author.CUSTOMER)
    resolved = Milestone.objects.filter(
        conversation=OuterRef("conversation"),
        kind=Milestone.Kind.RESOLVED,
        after__gte=OuterRef("seq"),
        after__lt=OuterRef(OuterRef("seq")),
    )
    earlier = own.filter(conversation=OuterRef("conversation"), seq__lt=OuterRef("seq")).filter(~Exists(resolved))
    return own.filter(~Exists(earlier)).annotate(place=F("conversation__workspace"))


def _generations() -> QuerySet[Generation]:
    return Generation.objects.annotate(place=F("message__conversation__workspace"))


def _beginning(until: datetime) -> datetime:
    """Before the first row that there is, so that an installation's past is counted as well."""
    first = Message.objects.filter(author=Message.Author.CUSTOMER).aggregate(at=Min("created_at"))["at"]
    return min(until, first) - timedelta(seconds=1) if first else until - timedelta(seconds=1)


def _add(kind: Kind, found: Mapping[Place, int]) -> Iterable[Place]:
    for (place, day), amount in found.items():
        row, _ = Usage.objects.get_or_create(workspace_id=place, kind=kind, day=day)
        Usage.objects.filter(pk=row.pk).update(amount=F("amount") + amount)
    return found.keys()


def _raise(kind: Kind, found: Mapping[int, int]) -> list[Place]:
    """Keep the most of the day; the places where it has grown."""
    day = today()
    known = dict(Usage.objects.filter(kind=kind, day=day).values_list("workspace", "amount"))
    grown = [Usage(workspace_id=place, kind=kind, day=day, amount=amount) for place, amount in found.items()]
    grown = [row for row in grown if row.amount > known.get(row.workspace_id, 0)]
    Usage.objects.bulk_create(
        grown, update_conflicts=True, unique_fields=["workspace", "kind", "day"], update_fields=["amount"]
    )
    return [(row.workspace_id, day) for row in grown]
