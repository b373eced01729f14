"""Runs what was started: all of a run is one transaction under its conversation's lock, so it happens once.

A rule does what an agent could; what is refused is written into the log, and the actions after it are still done.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportbot.chat import transcript
from supportbot.chat.models import Conversation, Message, Rule, RuleRun
from supportbot.chat.refusals import Refused
from supportbot.chat.rules import actions, conditions, raising
from supportbot.chat.rules.conditions import FIELDS
from supportbot.chat.rules.moments import Moment

log = structlog.get_logger(__name__)
PATIENCE = timedelta(minutes=10)  # with the assistant, for what it has to read first
LOOK_AGAIN = timedelta(seconds=5)
AGAIN = timedelta(seconds=30)
TRIES = 5
DEEPEST = 3  # runs that may follow from one another
HOURLY = 20  # runs that do something, in one conversation
State = RuleRun.State


def run(conversation_id: UUID) -> None:
    """Do what waits in a conversation, in its order."""
    waiting = RuleRun.objects.filter(conversation=conversation_id, state=State.WAITING, due_at__lte=timezone.now())
    for run_id in list(waiting.order_by("id").values_list("id", flat=True)):
        try:
            _run(run_id, conversation_id)
        except Conversation.DoesNotExist:  # its customer had it deleted meanwhile
            return
        except Exception as error:  # whatever it is, the run must not be tried for ever
            log.exception("rule failed", run=run_id)
            _fail(run_id, repr(error))


@transaction.atomic
def _run(run_id: int, conversation_id: UUID) -> None:
    """Look again under the lock: another worker may have done it."""
    conversation = transcript.locked(conversation_id)
    found = RuleRun.objects.select_related("rule", "message").filter(id=run_id, state=State.WAITING).first()
    if found is None:
        return
    if found.rule is None or found.rule.on_since is None:
        _end(found, State.STOPPED, problem="The rule was switched off before it could run.")
    elif _must_wait(found, found.rule, conversation):
        RuleRun.objects.filter(id=run_id).update(due_at=timezone.now() + LOOK_AGAIN)
    else:
        _judge(found, found.rule, conversation)


def _judge(found: RuleRun, rule: Rule, conversation: Conversation) -> None:
    workspace = conversation.workspace
    moment = Moment.now(conversation, found.created_at, found.message)
    judged = [(conditions.in_words(one, workspace), conditions.holds(one, moment)) for one in rule.conditions]
    found.held = [{"text": text, "held": is_so} for text, is_so in judged]
    if rule.is_timed and not raising.due(rule).filter(pk=conversation.pk).exists():
        _end(found, State.NOT_HELD, problem="Somebody wrote in the meantime.")
    elif not all(is_so for _, is_so in judged):
        _end(found, State.NOT_HELD)
    elif objection := _objection(found):
        _end(found, State.STOPPED, problem=objection)
    else:
        _act(found, rule, conversation)


def _act(found: RuleRun, rule: Rule, conversation: Conversation) -> None:
    with raising.caused_by(found):
        for index, action in enumerate(rule.actions):
            text = actions.in_words(action, conversation.workspace)
            found.done.append({"text": text, "problem": _perform(action, found, index)})
    _end(found, State.FAILED if all(one["problem"] for one in found.done) else State.DONE)


def _perform(action: actions.Action, found: RuleRun, index: int) -> str:
    """What was in its way; nothing if it is done."""
    try:
        with transaction.atomic():
            actions.perform(action, found, index)
    except Refused as refusal:
        return str(refusal)
    return ""


def _must_wait(found: RuleRun, rule: Rule, conversation: Conversation) -> bool:
    """Whether the assistant has still to read what the rule asks about, or to answer what the rule may answer."""
    waits = any(FIELDS[name].is_read for name, *_ in rule.conditions) or any(
        name == "reply" for name, _ in rule.actions
    )
    pending = conversation.messages.filter(outcome=Message.Outcome.PENDING)
    pending = pending.filter(pk=found.message_id) if found.message_id else pending
    return waits and found.created_at > timezone.now() - PATIENCE and pending.exists()


def _objection(found: RuleRun) -> str:
    """Why it may not run, so that rules don't start each other without end."""
    before = found.chain()
    if again := next((one for one in before if one.rule_id == found.rule_id), None):
        between = [one.rule_name for one in before[: before.index(again)]]
        return f"A loop: what it did started it again{' by way of ' + ', '.join(between) if between else ''}."[:300]
    if len(before) >= DEEPEST:
        return f"{DEEPEST} rules had already started each other."
    since = timezone.now() - timedelta(hours=1)
    rows = RuleRun.objects.filter(conversation=found.conversation_id, state=State.DONE, ended_at__gte=since)
    return f"{HOURLY} rules have run in this conversation within an hour." if rows.count() >= HOURLY else ""


def _end(found: RuleRun, state: State, problem: str = "") -> None:
    found.state, found.problem, found.ended_at = state, problem, timezone.now()
    found.save(update_fields=["state", "problem", "ended_at", "held", "done"])


def _fail(run_id: int, why: str) -> None:
    """Another try later, or none any more."""
    rows = RuleRun.objects.filter(id=run_id, state=State.WAITING)
    rows.update(attempts=F("attempts") + 1, due_at=timezone.now() + AGAIN, problem=why[:300])
    rows.filter(attempts__gte=TRIES).update(state=State.FAILED, ended_at=timezone.now())
