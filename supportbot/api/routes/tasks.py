"""Tasks: what agents have to do, for a conversation or on its own. Every rule is the chat's."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from supportbot.actions.models import Task
from supportbot.actions.todo import STEP_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Id, Page, one, page
from supportbot.api.routes.conversations import again
from supportbot.api.schemas import In, Moment, OneOf
from supportbot.api.schemas_of_tasks import TaskOut
from supportbot.chat import todo

router = Router(tags=["Tasks"])
READ, WRITE = needs(Scope.CONVERSATIONS_READ), needs(Scope.CONVERSATIONS_WRITE)


class Wanted(Schema):
    """Which tasks are wanted; what is empty is not asked for."""

    status: Annotated[str, OneOf(Task.Status)] | None = None
    owner: Id | None = Field(None, description="The agent's id")
    team: Id | None = None
    conversation: UUID | None = None
    due_before: Moment | None = None


class Step(In):
    """A line of the checklist; the id of one that there is changes that one."""

    id: Id | None = None
    text: str = Field(min_length=1, max_length=STEP_LIMIT)
    is_done: bool = False


class Changed(In):
    """What a task shall be; what is left out stays, and a checklist is replaced as a whole."""

    title: str | None = Field(None, min_length=1, max_length=TITLE_LIMIT)
    text: str | None = Field(None, max_length=TEXT_LIMIT)
    status: Annotated[str, OneOf(Task.Status)] | None = None
    owner: Id | None = None
    team: Id | None = None
    due_at: Moment | None = None
    tells: bool | None = Field(None, description="Whether an agent is to tell the customer once it is done")
    waits_for: list[Id] | None = Field(None, max_length=todo.MOST_BLOCKERS)
    steps: list[Step] | None = Field(None, max_length=todo.MOST_STEPS)
    sure: bool = Field(False, description="Done although it waits for others")

    def plan(self, before: todo.Plan) -> todo.Plan:
        """The plan of before with what was given."""
        given = self.model_dump(exclude_unset=True, exclude={"sure", "conversation", "steps"})
        may_be_none = {"owner", "team", "due_at"}
        given = {name: value for name, value in given.items() if value is not None or name in may_be_none}
        if self.steps is not None:
            given["steps"] = [(step.id, step.text, step.is_done) for step in self.steps]
        return replace(before, **given)


class New(Changed):
    """A task to be made."""

    title: str = Field(min_length=1, max_length=TITLE_LIMIT)
    conversation: UUID | None = None


def tasks(call: Call) -> Any:
    """Those that the key reaches."""
    rows = Task.objects.in_workspace(call.auth.workspace).select_related("owner", "workspace")
    return rows.prefetch_related("waits_for", "steps", "entries__user")


@router.get("/tasks", response=Page[TaskOut], operation_id="list_tasks", **READ)
def list_tasks(request: Call, at: At, wanted: Query[Wanted]) -> dict[str, Any]:
    """The tasks of the workspace, those made last first."""
    asked = wanted.model_dump(exclude_none=True)
    named = {"due_at__lt" if name == "due_before" else name: value for name, value in asked.items()}
    return page(tasks(request).filter(**named), "-pk", at)


@router.get("/tasks/{task_id}", response=TaskOut, operation_id="get_task", **READ)
def get_task(request: Call, task_id: Id) -> Any:
    """One task."""
    return one(tasks(request), "task", id=task_id)


@router.post("/tasks", response={201: TaskOut}, operation_id="add_task", **WRITE)
def add_task(request: Call, given: New) -> Status[Any]:
    """Make a task."""
    place = again(request, given.conversation).id if given.conversation else None
    plan, who = given.plan(todo.Plan(given.title)), request.auth.user
    made = todo.add(workspace=request.auth.workspace, agent=who, plan=plan, conversation_id=place)
    return Status(201, get_task(request, made.pk))


@router.patch("/tasks/{task_id}", response=TaskOut, operation_id="change_task", **WRITE)
def change_task(request: Call, task_id: Id, given: Changed) -> Any:
    """Change a task; what still waits for others is done only if you are sure."""
    found = one(tasks(request), "task", id=task_id)
    plan = given.plan(todo.plan_of(found))
    todo.change(task_id=found.pk, agent=request.auth.user, plan=plan, sure=given.sure)
    return get_task(request, found.pk)
