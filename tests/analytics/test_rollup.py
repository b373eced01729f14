"""Cases and packed days equal a recount of all rows, whatever was changed and by whom."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from supportbot.analytics.cases import Raw, cases_of
from supportbot.analytics.columns import Columns, Times
from supportbot.analytics.measures import WHICH
from supportbot.analytics.models import Case, Day, Mark
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope
from supportbot.analytics.rollup import roll_up
from supportbot.chat.merging import merge
from supportbot.chat.models import Contact, Conversation, Generation, Message, Milestone, Rating
from supportbot.management.history import Material, Story
from supportbot.workspaces.models import User, Workspace
from tests.analytics.conftest import Shop
from tests.analytics.told import Told

CORPUS: Path = settings.BASE_DIR / "corpus"
BEGUN = datetime(2025, 3, 3, 9, tzinfo=UTC)
DAY = 86_400


def recounted() -> tuple[Counter[Any], Counter[Any], dict[Any, Times]]:
    """All cases, the sums of all days, and how long it took in each language, straight from the raw rows."""
    cases: Counter[Any] = Counter()
    sums: Counter[Any] = Counter()
    took: dict[Any, list[int]] = {}
    for conversation in Conversation.objects.select_related("workspace"):
        messages = [(row, Generation.objects.filter(message=row).first()) for row in conversation.messages.all()]
        rating = Rating.objects.filter(conversation=conversation).first()
        raw = Raw(conversation, messages, list(conversation.milestones.all()), rating)
        for case, _ in cases_of(raw, timezone.now(), conversation.workspace.zone):
            cases[key(case)] += 1
            cell = (case.workspace_id, case.day, *(getattr(case, name) for name in Case.DIMENSIONS))
            sums.update({(*cell, name): getattr(case, name) for name in Case.SUMS})
            for name in Case.TIMES:
                times = took.setdefault((case.workspace_id, name, case.language), [])
                times += [getattr(case, name)] if getattr(case, name) is not None else []
    return cases, +sums, {place: times_of(times) for place, times in took.items()}


def times_of(times: list[int]) -> Times:
    """By the definition, one time after the other."""
    return Times(len(times), *(least(times, share) for share in (0.5, 0.9)))


def least(times: list[int], share: float) -> int | None:
    """The smallest time at or below which that share of all is."""
    return min((one for one in times if sum(other <= one for other in times) >= share * len(times)), default=None)


def kept() -> tuple[Counter[Any], Counter[Any], dict[Any, Times]]:
    """The same as the tables have them."""
    sums: Counter[Any] = Counter()
    times: dict[Any, Times] = {}
    for workspace in Workspace.objects.all():
        packs = Day.objects.in_workspace(workspace).values_list("day", "values", "numbers")
        columns = Columns.of(packs)
        for cell, found in columns.sums("day", *Case.DIMENSIONS).items():
            sums.update({(workspace.pk, *cell, name): value for name, value in found.items()})
        for name in Case.TIMES:
            times |= {(workspace.pk, name, *place): own for place, own in columns.times(name, "language").items()}
    return Counter(key(case) for case in Case.objects.all()), +sums, times


def key(case: Case) -> tuple[Any, ...]:
    """All that a case says."""
    return tuple(getattr(case, field.attname) for field in Case._meta.fields if field.name != "id")


class Meddler:
    """Changes rows at random, by all the ways there are."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def meddle(self) -> None:
        """One change."""
        ways = (self.late, self.reworded, self.unsaid, self.resolved, self.rated, self.spam, self.moved, self.erased)
        self.draw.choice((*ways, self.merged, self.merged))()

    def some(self, model: Any) -> Any:
        """A row."""
        return self.draw.choice(list(model.objects.order_by("pk")))

    def late(self) -> None:
        message, number = self.some(Message), self.draw.randrange(10_000)
        at = message.created_at + timedelta(hours=self.draw.choice((1, 30, 300)))
        Message.objects.create(
            conversation=message.conversation, seq=10_000 + number, author="customer", body="late", created_at=at
        )

    def reworded(self) -> None:
        Message.objects.filter(pk=self.some(Message).pk).update(category="technical", language="it")

    def unsaid(self) -> None:
        self.some(Message).delete()

    def resolved(self) -> None:
        message, kind = self.some(Message), self.draw.choice(Milestone.Kind.values)
        Milestone.objects.create(conversation=message.conversation, kind=kind, after=message.seq, at=message.created_at)

    def rated(self) -> None:
        Rating.objects.update_or_create(conversation=self.some(Conversation), defaults={"score": 1, "of": "bot"})

    def spam(self) -> None:
        row = self.some(Conversation)
        Conversation.objects.filter(pk=row.pk).update(is_spam=not row.is_spam)

    def moved(self) -> None:
        message, other = self.some(Message), self.some(Conversation)
        Message.objects.filter(pk=message.pk).update(conversation=other, seq=20_000 + self.draw.randrange(10_000))

    def merged(self) -> None:
        first = self.some(Conversation)
        other = self.draw.choice(list(Conversation.objects.in_workspace(first.workspace).order_by("pk")))
        Contact.objects.filter(pk=other.contact_id).update(external_id="")
        for one in (first, other):
            last = one.messages.aggregate(last=Max("seq"))["last"] or 0
            Conversation.objects.filter(pk=one.pk).update(last_seq=last, context_seq=0, is_spam=False, assignee=None)
        if first != other:
            merge(conversation_id=first.id, other_id=other.id, agent=self.some(User))

    def erased(self) -> None:
        self.some(Contact).delete()


@pytest.fixture
def year(shop: Shop, other_shop: Shop) -> list[Workspace]:
    """Two shops with some conversations each."""
    workspaces, material = [shop.workspace, other_shop.workspace], Material.read(CORPUS)
    for workspace in workspaces:
        Story(workspace, material, until=datetime(2025, 6, 1, tzinfo=UTC)).write(30, 20)
    return workspaces


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_the_sums_equal_a_recount(year: list[Workspace], seed: int) -> None:
    meddler = Meddler(seed)
    roll_up()
    assert kept() == recounted()
    for _ in range(4):
        for _ in range(6):
            meddler.meddle()
        roll_up()
        assert kept() == recounted()
    Workspace.objects.filter(pk=year[0].pk).update(time_zone="Pacific/Auckland")
    roll_up()
    assert kept() == recounted()
    assert not Mark.objects.exists()
    whole = Scope(year[1], Period(date(2025, 1, 1), date(2027, 12, 31)), {"language": "en"})
    for which in WHICH:
        asked = whole.of(which)
        assert asked.sums()["conversations"] == asked.cases().count(), which


def test_the_same_seed_tells_the_same_story(year: list[Workspace], shop: Shop) -> None:
    first = list(Message.objects.filter(conversation__contact__external_id="history-3").values_list("id", "body"))
    Contact.objects.all().delete()
    Story(shop.workspace, Material.read(CORPUS), until=datetime(2025, 6, 1, tzinfo=UTC)).write(30, 20)
    assert {*Message.objects.filter(conversation__contact__external_id="history-3").values_list("id", "body")} < {
        *first
    }


def outcomes(conversation: Conversation) -> list[str]:
    """Of a conversation's cases, in order."""
    cases = Case.objects.filter(conversation_id=conversation.id).order_by("number")
    return list(cases.values_list("outcome", flat=True))


def test_time_alone_settles_what_nobody_challenges(shop: Shop) -> None:
    now = timezone.now()
    answered = Told(shop.workspace, now).bot(1).conversation
    asked = Told(shop.workspace, now).bot(1, "ask", "order_needed").conversation
    with_people = Told(shop.workspace, now).bot(1, "hand_off", "unsure").conversation
    by_rule = Told(shop.workspace, now).bot(1).note(2, "resolved", "rule").conversation
    roll_up()
    assert [outcomes(row) for row in (answered, asked, with_people, by_rule)] == [["going"]] * 4
    roll_up(now=now + timedelta(hours=23))
    assert outcomes(answered) == ["going"]
    roll_up(now=now + timedelta(hours=25))
    assert [outcomes(row) for row in (answered, asked, with_people)] == [["assumed"], ["left"], ["going"]]
    assert outcomes(by_rule) == ["assumed"], "a rule that closes what the bot answered is no person"


def test_a_return_within_a_week_reopens_and_a_later_one_begins_anew(shop: Shop) -> None:
    soon = Told(shop.workspace, BEGUN).bot(5).customer(6 * DAY).bot(6 * DAY + 5)
    late = Told(shop.workspace, BEGUN).bot(5).customer(8 * DAY).bot(8 * DAY + 5)
    waits = Told(shop.workspace, BEGUN).bot(5, "hand_off", "asked").customer(30 * DAY)
    roll_up()
    assert outcomes(soon.conversation) == ["assumed"]
    assert Case.objects.get(conversation_id=soon.conversation.id).reopened == 1
    assert outcomes(late.conversation) == ["assumed", "assumed"]
    assert outcomes(waits.conversation) == ["going"]


def test_what_was_given_back_to_the_bot_and_answered_counts_for_people(shop: Shop, superuser: User) -> None:
    told = Told(shop.workspace, BEGUN).bot(5, "hand_off", "asked").agent(60, shop.agent).note(70, "released")
    told.customer(100).bot(105)
    roll_up()
    case = Case.objects.get(conversation_id=told.conversation.id)
    assert (case.outcome, case.handler, case.confirmed, case.assumed) == ("people", "people", 0, 0)
