"""What the API tells of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from supportbot.actions.models import Task, TaskEntry, TaskStep
from supportbot.api.schemas import OneOf, PersonOut
from supportbot.workspaces.models import User


class TaskStepOut(Schema):
    """A line of the checklist."""

    id: int
    text: str
    is_done: bool


class TaskEntryOut(Schema):
    """A line of the history: what somebody did, or wrote."""

    agent: PersonOut | None
    body: str
    is_comment: bool
    created_at: datetime

    @staticmethod
    def resolve_agent(entry: TaskEntry) -> User | None:
        """Who it was."""
        return entry.user


class TaskOut(Schema):
    """Something to do."""

    id: int
    conversation: UUID | None
    title: str
    text: str
    status: Annotated[str, OneOf(Task.Status)]
    maker: Annotated[str, OneOf(Task.Maker)]
    owner: PersonOut | None
    team: int | None
    due_at: datetime | None
    waits_for: list[int]
    steps: list[TaskStepOut]
    history: list[TaskEntryOut]
    tell: Annotated[str, OneOf(Task.Tell)] = Field(description="Whether the customer hears of it once it is done")
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @staticmethod
    def resolve_conversation(task: Task) -> UUID | None:
        """Its id."""
        return task.conversation_id

    @staticmethod
    def resolve_team(task: Task) -> int | None:
        """Its id."""
        return task.team_id

    @staticmethod
    def resolve_waits_for(task: Task) -> list[int]:
        """Their ids."""
        return [other.pk for other in task.waits_for.all()]

    @staticmethod
    def resolve_steps(task: Task) -> list[TaskStep]:
        """In their order."""
        return list(task.steps.all())

    @staticmethod
    def resolve_history(task: Task) -> list[TaskEntry]:
        """The oldest first."""
        return list(task.entries.all())
