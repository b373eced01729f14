"""Which checkpoint answers, step by step, and comparisons of two. Knows no file and no engine."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.chat.sorting import Label
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class JobState(models.TextChoices):
    """How far something is that a process of its own does."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


JOB_OPEN = (JobState.WAITING, JobState.RUNNING)


class Serving(models.Model):
    """One decision on the model of the whole installation; the latest one holds, and none is ever changed.

    Of the conversations that begin while it holds, `share` in 100 go to the candidate.
    """

    class Step(models.TextChoices):
        PROMOTED = "promoted"
        ROLLED_BACK = "rolled_back", "rolled back"
        CANARY = "canary", "canary set"
        ENDED = "canary_ended", "canary ended"

    step = models.CharField(max_length=12, choices=Step)
    version = models.CharField(max_length=40, help_text="That answers from here on")
    before = models.CharField(max_length=40, help_text="That answered until here")
    candidate = models.CharField(max_length=40, blank=True)
    share = models.PositiveSmallIntegerField(default=0, help_text="Per cent of new conversations for the candidate")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, help_text="When the first worker had loaded it")
    problem = models.CharField(max_length=300, blank=True, help_text="Why a worker could not load it")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(share__lte=100), name="share_of_100")]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.version}"


class VersionComparison(models.Model):
    """Two checkpoints asked to answer a workspace's latest questions once more."""

    State = JobState
    OPEN: ClassVar = JOB_OPEN

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    left = models.CharField(max_length=40)
    right = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    day = models.DateField(null=True, help_text="Whose questions, where the workspace is; empty: the latest ones")
    total = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(default=timezone.now, help_text="When its worker was last heard of")

    objects = ScopedQuerySet["VersionComparison"].as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.left} and {self.right}"


class ComparedReply(models.Model):
    """What both say to one question; it goes with the reply that was really sent."""

    workspace_path: ClassVar[str] = "comparison__workspace"

    comparison = models.ForeignKey(VersionComparison, models.CASCADE, related_name="replies")
    generation = models.ForeignKey("chat.Generation", models.CASCADE, related_name="+")
    left = models.JSONField(help_text="text, category, expert (number), sure (mean log-probability of a token)")
    right = models.JSONField()

    objects = ScopedQuerySet["ComparedReply"].as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "generation"], name="one_compared_reply_per_reply")
        ]

    def __str__(self) -> str:
        return f"reply {self.generation_id}"


class ExpertTraining(models.Model):
    """An expert that learns a new category from a workspace's own words, in a process of its own."""

    State = JobState
    OPEN: ClassVar = JOB_OPEN

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    category = models.CharField(max_length=40)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    base = models.CharField(max_length=40, help_text="The checkpoint that gets one more expert")
    label = models.ForeignKey(Label, models.SET_NULL, null=True, related_name="+", help_text="Of the conversations")
    corrections = models.PositiveIntegerField(default=0, help_text="Tickets from approved corrections")
    conversations = models.PositiveIntegerField(default=0, help_text="Tickets from labelled conversations")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    stage = models.CharField(max_length=80, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    version = models.CharField(max_length=40, blank=True, help_text="That came of it")
    problem = models.TextField(blank=True, help_text="The end of its log")
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(default=timezone.now, help_text="When its worker was last heard of")
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet["ExpertTraining"].as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.category} of {self.workspace}"
