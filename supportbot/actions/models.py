"""What actions leave behind: each call with its state, a workspace's own actions, and what the built-in ones make.

Knows no dialogue; a conversation is a foreign key and nothing more.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.actions.todo import Task, TaskEntry, TaskStep
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import AuditEntry, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.signing import SignedCalls

__all__ = [
    "ActionCall",
    "BuiltInUse",
    "Callback",
    "CallbackSlot",
    "CustomAction",
    "InvoiceMail",
    "Return",
    "Subscription",
    "Task",
    "TaskEntry",
    "TaskStep",
    "Use",
]


class Use(models.TextChoices):
    """Who may have an action done."""

    CHAT = "chat", "in the chat"
    AGENTS = "agents", "agents only"
    OFF = "off", "off"


class ActionCall(models.Model):
    """One wish to do something, from the first question about it to its end."""

    class State(models.TextChoices):
        COLLECTING = "collecting"
        PROPOSED = "proposed"
        CONFIRMED = "confirmed"
        DONE = "done"
        FAILED = "failed"
        DECLINED = "declined"

    class By(models.TextChoices):
        CUSTOMER = "customer"
        AGENT = "agent"

    id = models.UUIDField("idempotency key", primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="action_calls")
    conversation = models.ForeignKey(
        "chat.Conversation", models.CASCADE, null=True, blank=True, related_name="action_calls"
    )
    action = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    result = models.JSONField(default=dict, blank=True)
    by = models.CharField(max_length=10, choices=By, default=By.CUSTOMER)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, help_text="The agent who triggered it")
    is_verified = models.BooleanField(default=False, help_text="The customer has proven who he is")
    asked = models.CharField(max_length=60, blank=True, help_text="The parameter that was asked for last")
    misses = models.PositiveSmallIntegerField(default=0, help_text="Answers in a row that were none")
    is_aside = models.BooleanField(default=False, help_text="The customer talks of something else")
    turn = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the message answered last")
    said = models.JSONField(default=dict, blank=True, help_text="What was answered to it")
    is_test = models.BooleanField(default=False, help_text="Tried out in the admin; the address is told so")
    runs_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["ActionCall"].as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["workspace", "action", "-created_at"], name="calls_of_action")]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(state__in=["collecting", "proposed", "confirmed"], is_aside=False),
                name="one_open_call",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action.replace('_', ' ')} ({self.state})"

    @property
    def title(self) -> str:
        """What it does and, if it is about one, to which order."""
        number = self.arguments.get("order_number", "")
        return f"{self.action.replace('_', ' ').capitalize()} {number}".strip()

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in (self.State.DONE, self.State.FAILED, self.State.DECLINED)

    def enter(self, state: ActionCall.State, **result: Any) -> None:
        """Go into a state; the audit log, which is kept for good, is told without personal data."""
        self.state = state
        self.result = result or self.result
        details = {"state": state, "conversation": str(self.conversation_id or ""), "by": self.by}
        details |= {name: result[name] for name in ("reason", "error") if name in result}
        if number := self.arguments.get("order_number"):
            details["order_number"] = number
        AuditEntry.objects.create(
            workspace=self.workspace,
            actor=self.user,
            action=f"action.{self.action}"[:60],
            target=str(self.id),
            details=details,
        )


class CustomAction(SignedCalls):
    """An action of the workspace's own: a signed call of an address."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="custom_actions")
    name = models.SlugField(max_length=40)
    title = models.CharField(max_length=80, help_text="As the customer reads it: 'Change the delivery day'")
    description = models.CharField(max_length=300, help_text="What exactly happens, as the customer has to confirm it")
    address = models.CharField(max_length=300, help_text="https://, reachable from the internet")
    schema = models.JSONField(default=dict, blank=True, help_text="JSON Schema of the parameters, an object")
    intents = models.JSONField(default=list, blank=True, help_text="Intents that start it, as a list of names")
    changes = models.BooleanField("changes something", default=True, help_text="Then the customer confirms it first")
    needs_identity = models.BooleanField(default=True)
    time_out = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(10)], help_text="Seconds for one try"
    )
    retries = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(3)])
    use = models.CharField(max_length=10, choices=Use, default=Use.CHAT)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["CustomAction"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_action_per_name")]

    def __str__(self) -> str:
        return self.title


class BuiltInUse(models.Model):
    """Who may have a built-in action done, where that is not everybody who chats."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="built_in_uses")
    action = models.CharField(max_length=60)
    use = models.CharField(max_length=10, choices=Use)

    objects = ScopedQuerySet["BuiltInUse"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "action"], name="one_use_per_action")]

    def __str__(self) -> str:
        return f"{self.action}: {self.get_use_display()}"


class Return(models.Model):
    """An order that comes back."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="returns")
    order = models.OneToOneField(Order, models.CASCADE, related_name="return_started")
    call = models.OneToOneField(ActionCall, models.SET_NULL, null=True, editable=False)
    number = models.CharField(max_length=20)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Return"].as_manager()

    def __str__(self) -> str:
        return self.number


class InvoiceMail(models.Model):
    """An invoice that goes out once more; written down first, sent after."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invoice_mails")
    order = models.ForeignKey(Order, models.CASCADE, related_name="invoice_mails")
    call = models.OneToOneField(ActionCall, models.SET_NULL, null=True, editable=False)
    email = models.EmailField()
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["InvoiceMail"].as_manager()

    def __str__(self) -> str:
        return f"{self.order.invoice_number} to {self.email}"


class Subscription(models.Model):
    """Whether an address gets the newsletter."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="subscriptions")
    email = models.EmailField()
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Subscription"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "email"], name="one_subscription_per_email")]

    def __str__(self) -> str:
        return self.email


class CallbackSlot(models.Model):
    """A time in which an agent can call somebody back."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="callback_slots")
    agent = models.ForeignKey(User, models.CASCADE, related_name="callback_slots")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=15)

    objects = ScopedQuerySet["CallbackSlot"].as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["agent", "starts_at"], name="one_slot_per_agent_and_time")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%a %d %B, %H:%M}"

    @classmethod
    def free(cls, workspace: Workspace) -> ScopedQuerySet[Self]:
        """Those that nobody has booked and that are not about to begin."""
        soon = timezone.now() + timedelta(minutes=30)
        return cls.objects.in_workspace(workspace).filter(callback=None, starts_at__gt=soon, agent__is_active=True)


class Callback(models.Model):
    """A booked call-back; a slot has one."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="callbacks")
    slot = models.OneToOneField(CallbackSlot, models.RESTRICT, related_name="callback")
    call = models.OneToOneField(ActionCall, models.SET_NULL, null=True, editable=False)
    phone = models.CharField(max_length=30)
    is_done = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Callback"].as_manager()

    def __str__(self) -> str:
        return f"{self.phone}, {self.slot}"
