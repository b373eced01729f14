"""The rules of tasks: who may have one, what waits for what, and what happens as one ends.

Each use case is one transaction. A conversation is locked before its task, as whoever erases or merges it does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from supportbot.actions.models import ActionCall, Task, TaskEntry, TaskStep
from supportbot.actions.todo import STEP_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from supportbot.chat import events, transcript
from supportbot.chat.doers import Doer, person
from supportbot.chat.events import Frame
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable
from supportbot.workspaces.models import Member, Team, User, Workspace

Status, Tell = Task.Status, Task.Tell
MOST_STEPS, MOST_BLOCKERS = 50, 20
FURTHEST = timedelta(days=3660)
ORPHANS = 500  # tasks that one sweep takes from who works here no more


@dataclass(frozen=True)
class Plan:
    """What a task is to be; each of `steps` has an id, or None if it is new, its words, and whether it is done."""

    title: str
    text: str = ""
    status: str = Status.OPEN
    owner: int | None = None
    team: int | None = None
    due_at: datetime | None = None
    tells: bool = False
    waits_for: Collection[int] = ()
    steps: Sequence[tuple[int | None, str, bool]] = ()


@transaction.atomic
def add(*, workspace: Workspace, agent: Doer, plan: Plan, conversation_id: UUID | None = None) -> Task:
    """Make a task, of a conversation of the workspace if one is named."""
    conversation = transcript.locked(conversation_id) if conversation_id else None
    by = person(agent)
    maker = Task.Maker.AGENT if by else Task.Maker.RULE
    task = Task(workspace=workspace, conversation=conversation, maker=maker, made_by=by)
    _fill(task, plan)
    task.status = Status.WAITING if plan.waits_for and plan.status == Status.OPEN else plan.status
    task.ended_at = timezone.now() if task.is_over else None
    task.save()
    _arrange(task, plan, by)
    _write(task, by, "added the task")
    _tell_conversation(task, agent, "added the task")
    publish(task, given_by=agent if task.owner_id else None)
    return task


@transaction.atomic
def change(*, task_id: int, agent: User, plan: Plan, seen: str = "", sure: bool = False) -> Task:
    """Make a task what the plan says; refused if somebody changed it since `seen` (its version), or if it still waits.

    `sure` ends it although it waits.
    """
    task = _locked(task_id)
    if seen and seen != version(task):
        raise Refused("changed", "Somebody changed this task meanwhile. Save once more if yours is right.")
    before = {name: getattr(task, name) for name in ("owner", "team", "due_at", "title")}
    had = set(task.waits_for.values_list("pk", flat=True))
    _fill(task, plan)
    if task.due_at != before["due_at"]:
        task.reminded_at = None
    _arrange(task, plan, agent)
    blocked = task.waits_for.alive().exclude(pk__in=had).exists()
    is_new = blocked and plan.status == task.status and task.status in (Status.OPEN, Status.IN_PROGRESS)
    _enter(task, Status.WAITING if is_new else plan.status, agent, sure=sure)
    task.save()
    for words in _differences(task, before):
        _write(task, agent, words)
    gave = task.owner_id if task.owner != before["owner"] else None
    publish(task, given_by=agent if gave else None)
    return task


@transaction.atomic
def move(*, task_id: int, agent: User, status: str, sure: bool = False) -> Task:
    """Give a task another status; what still waits for others is done only if the agent is sure."""
    task = _locked(task_id)
    _enter(task, status, agent, sure=sure)
    task.save()
    publish(task)
    return task


@transaction.atomic
def comment(*, task_id: int, agent: User, body: str) -> None:
    """Write something below a task."""
    task = _locked(task_id)
    text = _line(body, TEXT_LIMIT, "comment", keeps_lines=True)
    TaskEntry.objects.create(task=task, user=agent, body=text, is_comment=True)
    publish(task)


def opened_by_bot(call: ActionCall) -> None:
    """Show the task that an action has made, once it is saved."""
    task = Task.objects.filter(call=call).first() if call.action == "open_task" else None
    if task:
        publish(task)


def plan_of(task: Task) -> Plan:
    """What a task is now."""
    return Plan(
        title=task.title,
        text=task.text,
        status=task.status,
        owner=task.owner_id,
        team=task.team_id,
        due_at=task.due_at,
        tells=task.tell != Tell.NO,
        waits_for=[one.pk for one in task.waits_for.all()],
        steps=[(step.pk, step.text, step.is_done) for step in task.steps.all()],
    )


def version(task: Task) -> str:
    """What changes with every change."""
    return task.updated_at.isoformat()


def to_tell(conversation_id: UUID) -> list[Task]:
    """The tasks that are done and that the customer is to hear of; none while another of them is still to be done."""
    wanted = Task.objects.filter(conversation=conversation_id, tell=Tell.WANTED)
    return [] if wanted.alive().exists() else list(wanted.filter(status=Status.DONE))


def can_wait_for(task: Task) -> list[Task]:
    """The open tasks that it may wait for: those of its conversation first, none that waits for it."""
    rows = Task.objects.in_workspace(task.workspace).alive().exclude(pk__in=_downstream(task))
    mine = task.conversation_id
    return sorted(rows.order_by("-pk")[:100], key=lambda one: mine is None or one.conversation_id != mine)


def take_from_who_left() -> None:
    """What somebody has who works here no more has nobody."""
    own = Member.objects.working().filter(workspace=OuterRef("workspace"), user=OuterRef("owner"))
    rows = Task.objects.alive().filter(~Exists(own), owner__isnull=False)
    for task in rows.select_related("owner")[:ORPHANS]:
        if Task.objects.filter(pk=task.pk, owner=task.owner_id).update(owner=None):
            _write(task, None, f"{task.owner} works here no more, so it has nobody")
            publish(task)


def _locked(task_id: int) -> Task:
    conversation_id = Task.objects.filter(pk=task_id).values_list("conversation", flat=True).first()
    if conversation_id:
        transcript.locked(conversation_id)
    rows = Task.objects.select_for_update(of=("self",)).select_related("workspace", "owner", "team")
    if found := rows.filter(pk=task_id).first():
        return found
    raise Refused("not_found", "There is no such task.")


def _fill(task: Task, plan: Plan) -> None:
    """Everything but the status and what hangs on the row."""
    task.title = _line(plan.title, TITLE_LIMIT, "title")
    task.text = _clean(plan.text)
    if len(task.text) > TEXT_LIMIT:
        raise Refused("too_long", f"The text of a task may have {TEXT_LIMIT:,} characters.")
    people = task.workspace.members.working().select_related("user")
    member = people.filter(user=plan.owner).first() if plan.owner else None
    task.team = Team.objects.in_workspace(task.workspace).filter(pk=plan.team).first() if plan.team else None
    task.owner = member.user if member else None
    if (plan.owner and member is None) or (plan.team and task.team is None):
        raise Refused("not_found", "There is no such person or team in this workspace.")
    if plan.due_at and plan.due_at > timezone.now() + FURTHEST:
        raise Refused("bad_time", "A task is due within ten years.")
    task.due_at = plan.due_at
    if plan.tells != (task.tell != Tell.NO):
        task.tell = Tell.WANTED if plan.tells else Tell.NO
    if plan.tells and task.conversation_id is None:
        raise Refused("no_customer", "This task belongs to no conversation, so there is no customer to tell.")


def _arrange(task: Task, plan: Plan, agent: User | None) -> None:
    """Its checklist, and what it waits for."""
    _set_steps(task, plan.steps)
    wanted = set(plan.waits_for)
    if wanted == set(task.waits_for.values_list("pk", flat=True)):
        return
    Workspace.objects.select_for_update(no_key=True).get(pk=task.workspace_id)  # two could make a circle together
    found = list(Task.objects.in_workspace(task.workspace).filter(pk__in=wanted))
    if len(found) != len(wanted) or len(wanted) > MOST_BLOCKERS:
        raise Refused("not_found", f"A task waits for at most {MOST_BLOCKERS} others, all of this workspace.")
    after = _downstream(task)
    if circle := next((one for one in found if one.pk in after), None):
        raise Refused("circle", f"“{circle}” waits for this task itself, so neither could ever begin.")
    task.waits_for.set(found)
    _write(task, agent, "changed what it waits for")


def _set_steps(task: Task, steps: Sequence[tuple[int | None, str, bool]]) -> None:
    kept = [(pk, " ".join(words.replace("\x00", "").split())[:STEP_LIMIT], done) for pk, words, done in steps]
    kept = [one for one in kept if one[1]]
    if len(kept) > MOST_STEPS:
        raise Refused("too_many", f"A checklist has at most {MOST_STEPS} lines.")
    known = {step.pk: step for step in task.steps.all()}
    for pk, words, done in kept:
        step = known.pop(pk, None) if pk else TaskStep(task=task)
        if step:
            step.text, step.is_done = words, done
            step.save()
    TaskStep.objects.filter(pk__in=known).delete()


def _downstream(task: Task) -> set[int]:
    """The task and all that waits for it, however far."""
    found, news = {task.pk}, {task.pk}
    while news:
        waiting = Task.objects.filter(waits_for__in=news).values_list("pk", flat=True)
        news = set(waiting) - found
        found |= news
    return found


def _enter(task: Task, status: str, agent: User, *, sure: bool) -> None:
    if status not in Status.values:
        raise Refused("bad_status", f"The status of a task is one of: {', '.join(Status.values)}.")
    if status == task.status:
        return
    blockers = [f"“{one}”" for one in task.waits_for.alive()[:5]]
    if status == Status.DONE and blockers and not sure:
        raise Refused("waits", f"It still waits for {', '.join(blockers)}.")
    was_over, task.status = task.is_over, status
    task.ended_at = timezone.now() if task.is_over else None
    if was_over and not task.is_over and task.tell == Tell.TOLD:
        task.tell = Tell.WANTED  # what comes of it now is news
    title = Status(status).label.lower()
    _write(task, agent, f"set it to {title}")
    if task.is_over or was_over:
        _tell_conversation(task, agent, "reopened the task" if was_over and not task.is_over else f"set to {title}:")
    if task.is_over and not was_over:
        _free(task)


def _free(ended: Task) -> None:
    """Whoever waited for this task alone can begin, and is told so."""
    ended.save()
    for task in ended.blocks.filter(status=Status.WAITING).select_related("owner", "workspace"):
        if not task.waits_for.alive().exists():
            task.status = Status.OPEN
            task.save()
            _write(task, None, f"waits no longer: “{ended}” is {ended.get_status_display().lower()}")
            publish(task)
            _call(task, f"“{task}” can begin: “{ended}” is {ended.get_status_display().lower()}")


def _differences(task: Task, before: dict[str, object]) -> list[str]:
    """What the history says of changed fields."""
    said = []
    if task.owner != before["owner"]:
        said.append(f"gave it to {task.owner}" if task.owner else "took it from its owner")
    if task.team != before["team"]:
        said.append(f"gave it to the team {task.team}" if task.team else "took it from its team")
    if task.due_at != before["due_at"]:
        local = task.due_at and task.due_at.astimezone(task.workspace.zone)
        said.append(f"set it due on {local:%d %B %Y, %H:%M}" if local else "took its due time")
    if task.title != before["title"]:
        said.append("changed the title")
    return said


def _write(task: Task, agent: User | None, body: str) -> None:
    TaskEntry.objects.create(task=task, user=agent, body=body)


def _tell_conversation(task: Task, agent: Doer, done: str) -> None:
    """A line for agents in the conversation, whose lock is held."""
    if task.conversation_id:
        conversation = transcript.locked(task.conversation_id)
        transcript.note_activity(conversation, f"{agent.get_short_name()} {done} {task.title[:200]}", person(agent))
        transcript.save_among_agents(conversation)


def publish(task: Task, given_by: Doer | None = None) -> None:
    """Tell every open inbox on commit, and the owner if somebody else gave it to them."""
    frame = _frame("tasks.changed", task)
    transaction.on_commit(partial(events.publish, events.inbox_group(task.workspace_id), frame))
    if given_by and task.owner_id != given_by.pk:
        _call(task, f"{given_by.get_short_name()} gave you a task: {task}")


def _call(task: Task, words: str) -> None:
    if task.owner_id is None:
        return
    frame = _frame("task.called", task) | {"words": words}
    transaction.on_commit(partial(events.publish, events.agent_group(task.workspace_id, task.owner_id), frame))


def _frame(kind: str, task: Task) -> Frame:
    return {"type": kind, "task": task.pk, "conversation": str(task.conversation_id) if task.conversation_id else None}


def _line(text: str, limit: int, what: str, *, keeps_lines: bool = False) -> str:
    found = _clean(text) if keeps_lines else " ".join(_clean(text).split())
    if not found:
        raise Refused("empty", f"Write a {what} first.")
    if len(found) > limit:
        raise Refused("too_long", f"The {what} may have {limit:,} characters; this one has {len(found):,}.")
    return found


def _clean(text: str) -> str:
    return storable(text).replace("\r\n", "\n").strip()
