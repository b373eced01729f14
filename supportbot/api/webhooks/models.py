"""Where events go, and every event on its way: a delivery is written with what it tells, and sent after."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.chat.announcements import Event
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import AuditEntry, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.signing import SignedCalls

TEST = "webhook.test"
EVENTS = [event.value for event in Event]


class Endpoint(SignedCalls):
    """An address of the workspace that hears of events."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="webhook_endpoints")
    address = models.CharField(max_length=300, help_text="https://, reachable from the internet")
    description = models.CharField(max_length=100, blank=True)
    events = models.JSONField(default=list)
    is_active = models.BooleanField("sends", default=True)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="In a row")
    free_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then somebody sends, or it rests after a failure"
    )
    off_because = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Endpoint"].as_manager()

    class Meta:
        verbose_name = "webhook"
        ordering = ["address", "id"]

    def __str__(self) -> str:
        return self.address

    def begin_anew(self) -> None:
        """Forget earlier failures, to be saved: an administrator has looked at it."""
        self.failing_since, self.failures, self.free_at, self.off_because = None, 0, None, ""

    def note(self, action: str, by: User | None, **details: object) -> None:
        """Tell the audit log."""
        where = {"workspace": self.workspace, "target": self.address[:100]}
        AuditEntry.objects.create(**where, actor=by, action=action, details=details)


class Delivery(models.Model):
    """One event for one address: the outbox and, afterwards, the log. Its id is the `webhook-id` of every try."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    KEPT: ClassVar[timedelta] = timedelta(days=30)

    id = models.UUIDField("webhook-id", primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="webhook_deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, related_name="+", help_text="Erased with it"
    )
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.JSONField(default=list, help_text="When, how long, which status or error, and what was answered")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], condition=Q(state="waiting"), name="webhooks_due"),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
            models.Index(fields=["workspace", "-created_at"], name="deliveries_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"

    @classmethod
    def forget_old(cls) -> None:
        """Delete the log of what is over, and what waits for an address that stays off."""
        is_over = ~Q(state=cls.State.WAITING) | Q(endpoint__is_active=False)
        cls.objects.filter(is_over, created_at__lt=timezone.now() - cls.KEPT).delete()
