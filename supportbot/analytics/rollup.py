"""Keeps cases and their packed days equal to what a recount of all rows would give.

A sweep makes anew the cases of every conversation that was changed or that time has settled, then packs every day on
which one of those cases lies, before or after. Marks are read before the rows: what is committed in between has a
mark of its own, which the next sweep reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportbot.analytics.cases import Entry, Raw, cases_of
from supportbot.analytics.columns import packed
from supportbot.analytics.models import Case, Citation, Day, Mark, Preferences, Sweep
from supportbot.chat.models import Conversation, Generation, Message, Milestone, Rating
from supportbot.workspaces.models import Workspace

MARKS, DUE, BATCHES = 5000, 500, 20
Place = tuple[int, date]  # a workspace and a day


def roll_up(batches: int = BATCHES, now: datetime | None = None) -> None:
    """Bring everything up to the time, or as much as that many batches do."""
    Sweep.objects.get_or_create(pk=1)
    _notice_zones()
    while batches and _batch(now or timezone.now()):
        batches -= 1


@transaction.atomic
def _batch(now: datetime) -> bool:
    """Whether there was something to do; another sweep at the same moment does it alone."""
    if not Sweep.objects.select_for_update(skip_locked=True).filter(pk=1).exists():
        return False
    marks = dict(Mark.objects.order_by("id").values_list("id", "conversation_id")[:MARKS])
    settling = Case.objects.filter(settles_at__lte=now).values_list("conversation_id", flat=True)[:DUE]
    changed = set(marks.values()) | set(settling)
    if not changed:
        return False
    made = [pair for raw in _read(changed) for pair in cases_of(raw, now, raw.conversation.workspace.zone)]
    before = Case.objects.filter(conversation_id__in=changed)
    places = set(before.values_list("workspace_id", "day")) | {(case.workspace_id, case.day) for case, _ in made}
    before.delete()
    Citation.objects.filter(conversation_id__in=changed).delete()
    Case.objects.bulk_create(case for case, _ in made)
    Citation.objects.bulk_create(citation for _, cited in made for citation in cited)
    _pack(places)
    Mark.objects.filter(id__in=marks).delete()
    return True


def _pack(places: Iterable[Place]) -> None:
    """Pack these days anew."""
    days: dict[int, list[date]] = defaultdict(list)
    for workspace_id, day in places:
        days[workspace_id].append(day)
    for workspace_id, own in days.items():
        Day.objects.filter(workspace=workspace_id, day__in=own).delete()
        packs = packed(Case.objects.filter(workspace=workspace_id, day__in=own))
        Day.objects.bulk_create(
            Day(workspace_id=workspace_id, day=day, values=values, numbers=numbers) for day, values, numbers in packs
        )


def _read(conversation_ids: Collection[UUID]) -> Iterable[Raw]:
    """All rows of those conversations that still exist."""
    of_these = {"conversation__in": conversation_ids}
    messages = Message.objects.filter(**of_these).defer("body", "choices").order_by("seq")
    generations = {
        row.message_id: row
        for row in Generation.objects.filter(message__conversation__in=conversation_ids).only(
            "message_id", "act", "reason", "objections"
        )
    }
    said: dict[UUID, list[Entry]] = defaultdict(list)
    for message in messages:
        said[message.conversation_id].append((message, generations.get(message.id)))
    done: dict[UUID, list[Milestone]] = defaultdict(list)
    for milestone in Milestone.objects.filter(**of_these):
        done[milestone.conversation_id].append(milestone)
    ratings = {row.conversation_id: row for row in Rating.objects.filter(**of_these)}
    for row in Conversation.objects.filter(id__in=conversation_ids).select_related("workspace"):
        yield Raw(row, said[row.id], done[row.id], ratings.get(row.id))


def _notice_zones() -> None:
    """A workspace that is new here, or whose clocks moved, is counted anew as a whole."""
    for workspace in Workspace.objects.exclude(analytics__zone=F("time_zone")):
        with transaction.atomic():
            ids = Conversation.objects.in_workspace(workspace).values_list("id", flat=True)
            Mark.objects.bulk_create((Mark(conversation_id=id_) for id_ in ids.iterator()), batch_size=MARKS)
            Preferences.objects.update_or_create(workspace=workspace, defaults={"zone": workspace.time_zone})
