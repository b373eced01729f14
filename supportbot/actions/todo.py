"""Rows of tasks: what somebody has to do, alone or after something else, for a customer or not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from supportbot.workspaces.models import Team, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

TITLE_LIMIT, TEXT_LIMIT, STEP_LIMIT = 500, 4000, 300


class Tasks(ScopedQuerySet["Task"]):
    """Tasks of a workspace."""

    def alive(self) -> Tasks:
        """What is still to be done."""
        return self.filter(status__in=Task.ALIVE)

    def overdue(self) -> Tasks:
        """What should be done by now."""
        return self.alive().filter(due_at__lt=timezone.now())

    def counted(self) -> Tasks:
        """Each with the steps it has, those that are done, and the tasks it still waits for."""
        blocking = Count("waits_for", filter=Q(waits_for__status__in=Task.ALIVE), distinct=True)
        steps, done = Count("steps", distinct=True), Count("steps", filter=Q(steps__is_done=True), distinct=True)
        return self.annotate(step_count=steps, steps_done=done, blocking=blocking)


class Task(models.Model):
    """Something to do: by an agent, by whoever of a team takes it, or by anybody."""

    class Status(models.TextChoices):
        OPEN = "open"
        IN_PROGRESS = "in_progress", "In progress"
        WAITING = "waiting"
        DONE = "done"
        DROPPED = "dropped"

    class Maker(models.TextChoices):
        AGENT = "agent"
        BOT = "bot"
        RULE = "rule"

    class Tell(models.TextChoices):
        NO = "no"
        WANTED = "wanted"
        TOLD = "told"

    ALIVE: ClassVar = (Status.OPEN, Status.IN_PROGRESS, Status.WAITING)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=TITLE_LIMIT)
    text = models.TextField(blank=True, max_length=TEXT_LIMIT)
    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, null=True, blank=True, related_name="tasks")
    call = models.OneToOneField("actions.ActionCall", models.SET_NULL, null=True, editable=False)
    maker = models.CharField(max_length=10, choices=Maker, default=Maker.AGENT)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="tasks_made")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="tasks")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="tasks")
    due_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    waits_for = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="blocks")
    tell = models.CharField(max_length=8, choices=Tell, default=Tell.NO, help_text="Whether the customer hears of it")
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = Tasks.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "status", "due_at"], name="tasks_by_due"),
            models.Index(fields=["owner", "status"], name="tasks_of_owner"),
        ]

    def __str__(self) -> str:
        return self.title[:60]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.status not in self.ALIVE

    @property
    def is_overdue(self) -> bool:
        """Whether it should be done by now."""
        return not self.is_over and self.due_at is not None and self.due_at < timezone.now()


class TaskStep(models.Model):
    """One line of a task's checklist."""

    workspace_path: ClassVar[str] = "task__workspace"

    task = models.ForeignKey(Task, models.CASCADE, related_name="steps")
    text = models.CharField(max_length=STEP_LIMIT)
    is_done = models.BooleanField(default=False)

    objects = ScopedQuerySet["TaskStep"].as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class TaskEntry(models.Model):
    """A line of a task's history: what somebody did, or wrote."""

    workspace_path: ClassVar[str] = "task__workspace"

    task = models.ForeignKey(Task, models.CASCADE, related_name="entries")
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    body = models.TextField(max_length=TEXT_LIMIT)
    is_comment = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["TaskEntry"].as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.body[:60]
