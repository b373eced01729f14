"""Where rules are started, and nowhere else: each rule on an event is a run, written in the event's transaction.

What the chat announces comes to `write`; what only time brings, the sweep finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.models import Conversation, Message, Rule, RuleRun

log = structlog.get_logger(__name__)
AT_ONCE = 500  # conversations that one sweep starts a rule for, or has queued again
Author, Status, When = Message.Author, Conversation.Status, Rule.Event
KINDS = {
    Event.CONVERSATION_HANDED_OVER: When.HANDED_OVER,
    Event.CONVERSATION_RESOLVED: When.RESOLVED,
    Event.CONVERSATION_REOPENED: When.REOPENED,
}
CATCH_UP = timedelta(days=1)  # for which the sweep may have stood still
OURS = (Author.BOT, Author.AGENT)
cause: ContextVar[RuleRun | None] = ContextVar("cause", default=None)


@contextmanager
def caused_by(run: RuleRun) -> Iterator[None]:
    """What is announced meanwhile, this run has done."""
    token = cause.set(run)
    try:
        yield
    finally:
        cause.reset(token)


def write(event: Event, subject: Subject, **_: Any) -> None:
    """A run for each rule that is on for this; what waits for the assistant goes on once it has answered."""
    if isinstance(subject, Message):
        if subject.author == Author.CUSTOMER:
            _start(subject.conversation, [When.CREATED, When.MESSAGE], subject)
        elif subject.author == Author.BOT:
            _go_on(subject.conversation)
    elif isinstance(subject, Conversation) and event in KINDS:
        _start(subject, [KINDS[event]])


def start_due() -> None:
    """Start what time has brought."""
    for rule in Rule.objects.filter(event__in=Rule.TIMED, on_since__isnull=False).select_related("workspace"):
        assert rule.on_since is not None
        for conversation in due(rule, max(rule.on_since, timezone.now() - CATCH_UP))[:AT_ONCE]:
            _begin(rule, conversation, key=conversation.event)


def due(rule: Rule, after: datetime | None = None) -> QuerySet[Any]:
    """The conversations for which a timed rule's time has come; with `after`, not before then, nor for a second time.

    Of each, `since` is from when the time counts, and `event` what a rule runs on once.
    """
    rows: QuerySet[Any] = Conversation.objects.in_workspace(rule.workspace).filter(is_spam=False)
    rows = rows.exclude(status=Status.RESOLVED)
    rows = _silent(rows) if rule.event == When.SILENT else _waiting(rows)
    rows = rows.filter(since__lte=timezone.now() - rule.span)
    if after:
        known = RuleRun.objects.filter(rule=rule, conversation=OuterRef("pk"), key=OuterRef("event"))
        begun = after - rule.span
        rows = rows.filter(active_at__gte=begun, since__gte=begun, event__isnull=False).exclude(Exists(known))
    return rows.order_by("since")


def _waiting(rows: QuerySet[Any]) -> Any:
    """Counted from the first message that waits."""
    first = Message.objects.filter(conversation=OuterRef("pk"), created_at__lte=OuterRef("waiting_since"))
    latest = first.order_by("-seq").values("id")[:1]
    return rows.annotate(since=F("waiting_since"), event=Cast(Subquery(latest), CharField()))


def _silent(rows: QuerySet[Any]) -> Any:
    """Counted from the last thing that we said; once for each message of the customer, however often we remind."""
    said = Message.objects.filter(conversation=OuterRef("pk")).exclude(author=Author.SYSTEM).order_by("-seq")
    asked = said.filter(author=Author.CUSTOMER).values("id")[:1]
    rows = rows.filter(waiting_since=None).exclude(status=Status.SNOOZED)
    last = {"since": Subquery(said.values("created_at")[:1]), "by": Subquery(said.values("author")[:1])}
    return rows.annotate(**last, event=Cast(Subquery(asked), CharField())).filter(by__in=OURS)


def due_runs() -> list[UUID]:
    """The conversations in which a run waits that should have begun."""
    waiting = RuleRun.objects.filter(state=RuleRun.State.WAITING, due_at__lte=timezone.now())
    return list(waiting.order_by().values_list("conversation_id", flat=True).distinct()[:AT_ONCE])


def queue(conversation_id: UUID) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.chat.rules.tasks.run", [str(conversation_id)], expires=60)
    except Exception as error:
        log.warning("rules not queued", conversation=str(conversation_id), error=repr(error))


def _start(conversation: Conversation, events: list[Rule.Event], message: Message | None = None) -> None:
    if conversation.is_spam:
        return
    rules = Rule.objects.in_workspace(conversation.workspace).filter(on_since__isnull=False, event__in=events)
    for rule in rules:
        if rule.event != When.CREATED or _is_first(message):
            _begin(rule, conversation, key=str(uuid4()), message=message)


@transaction.atomic
def _begin(rule: Rule, conversation: Conversation, *, key: str, message: Message | None = None) -> None:
    fields = {"rule_name": rule.name, "conversation": conversation, "message": message, "event": rule.event}
    _, is_new = RuleRun.objects.get_or_create(rule=rule, key=key, defaults={**fields, "origin": cause.get()})
    if is_new:
        transaction.on_commit(partial(queue, conversation.id))


def _is_first(message: Message | None) -> bool:
    if message is None:
        return False
    others = message.conversation.messages.filter(author=Author.CUSTOMER, seq__lt=message.seq)
    return not others.exists()


def _go_on(conversation: Conversation) -> None:
    waiting = RuleRun.objects.filter(conversation=conversation, state=RuleRun.State.WAITING)
    if waiting.update(due_at=timezone.now()):
        transaction.on_commit(partial(queue, conversation.id))
