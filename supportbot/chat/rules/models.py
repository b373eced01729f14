"""Rules of a workspace, and every run of one: a run is written down with what starts it, and is its log afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Rule(models.Model):
    """When something happens to a conversation and all conditions hold, something is done to it."""

    class Event(models.TextChoices):
        CREATED = "created", "A conversation begins"
        MESSAGE = "message", "The customer writes"
        HANDED_OVER = "handed_over", "It is handed over to people"
        RESOLVED = "resolved", "It is resolved"
        REOPENED = "reopened", "It is reopened"
        WAITING = "waiting", "The customer has waited for a person for"
        SILENT = "silent", "The customer has not answered us for"

    TIMED: ClassVar[tuple[str, ...]] = ("waiting", "silent")
    LONGEST: ClassVar[int] = 30 * 24 * 60  # minutes
    MOST: ClassVar[int] = 50  # of one workspace

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField(default=0, help_text="Those with a lower one run first")
    event = models.CharField(max_length=12, choices=Event)
    minutes = models.PositiveIntegerField(null=True, blank=True, help_text="How long, of what is waited for")
    conditions = models.JSONField(default=list, blank=True, help_text="[field, is or not, value] of each")
    actions = models.JSONField(default=list, blank=True, help_text="[name, value] of each, in order")
    on_since = models.DateTimeField(null=True, blank=True, help_text="Empty is off")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Rule"].as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_rule_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_timed(self) -> bool:
        """Whether it runs once some time has passed."""
        return self.event in self.TIMED

    @property
    def span(self) -> timedelta:
        """How long a timed rule waits."""
        return timedelta(minutes=self.minutes or 0)


class RuleRun(models.Model):
    """One rule on one event of one conversation."""

    class State(models.TextChoices):
        WAITING = "waiting", "about to run"
        DONE = "done"
        NOT_HELD = "not_held", "a condition did not hold"
        STOPPED = "stopped", "stopped, not to run without end"
        FAILED = "failed"

    workspace_path: ClassVar[str] = "conversation__workspace"
    KEPT_UNHELD: ClassVar[timedelta] = timedelta(days=7)

    rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="runs")
    rule_name = models.CharField("rule", max_length=80, help_text="As it was called then")
    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="rule_runs")
    message = models.ForeignKey(
        "chat.Message", models.SET_NULL, null=True, blank=True, related_name="+", help_text="That started it"
    )
    event = models.CharField(max_length=12, choices=Rule.Event)
    key = models.CharField(max_length=100, help_text="Of the event; a rule runs on each once")
    origin = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", help_text="The run that caused the event"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    held = models.JSONField("conditions", default=list, help_text="Each in words, and whether it held")
    done = models.JSONField(default=list, help_text="Each action in words, and what was in its way")
    problem = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["RuleRun"].as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "run of a rule"
        verbose_name_plural = "runs of rules"
        constraints = [models.UniqueConstraint(fields=["rule", "key"], name="one_run_per_rule_and_event")]
        indexes: ClassVar[Any] = [
            models.Index(fields=["conversation", "due_at"], condition=Q(state="waiting"), name="rule_runs_due"),
            models.Index(fields=["conversation", "ended_at"], condition=Q(state="done"), name="rule_runs_done"),
            models.Index(fields=["created_at"], condition=Q(state="not_held"), name="rule_runs_unheld"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_name}: {self.get_state_display()}"

    def chain(self) -> list[RuleRun]:
        """The runs that led to this one, the nearest first."""
        found: list[RuleRun] = []
        run = self.origin
        while run and len(found) < 10:
            found.append(run)
            run = run.origin
        return found

    @classmethod
    def forget_old(cls) -> None:
        """Delete what only says that a condition did not hold; the rest is kept as long as its conversation."""
        until = timezone.now() - cls.KEPT_UNHELD
        cls.objects.filter(state=cls.State.NOT_HELD, created_at__lt=until).delete()
