"""What agents write with, and what they have written and not sent: no concern of customers or the assistant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from supportbot.chat import variables
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

BODY_LIMIT = 4000
LONGEST_SNOOZE = 365 * 24  # hours


class CannedResponseQuerySet(ScopedQuerySet["CannedResponse"]):
    """Canned responses by who uses them."""

    def of(self, user: User) -> CannedResponseQuerySet:
        """Everybody's and the user's own."""
        return self.filter(Q(owner=None) | Q(owner=user))


class CannedResponse(models.Model):
    """A text that agents send often, found by its short code; it may name variables of the conversation."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="canned_responses")
    owner = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+", help_text="Who alone uses it; empty is everybody"
    )
    code = models.SlugField("short code", max_length=30, help_text="What one types after /, as refund-sent")
    title = models.CharField(max_length=100)
    body = models.TextField("text", max_length=BODY_LIMIT, help_text="May name {{contact.name}} and other variables")
    updated_at = models.DateTimeField(auto_now=True)

    objects = CannedResponseQuerySet.as_manager()

    class Meta:
        ordering = ["code", "id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "code"], condition=Q(owner=None), name="one_code_for_all"),
            models.UniqueConstraint(fields=["workspace", "owner", "code"], name="one_code_per_owner"),
        ]

    SHOWN: ClassVar[int] = 500  # of one workspace, in the inbox

    def __str__(self) -> str:
        return f"/{self.code} {self.title}"

    def clean(self) -> None:
        """Codes are lower case and each stands for one text; variables are those that there are."""
        self.code = self.code.lower()
        others = CannedResponse.objects.filter(workspace=self.workspace_id, owner=self.owner_id, code=self.code)
        if others.exclude(pk=self.pk).exists():
            raise ValidationError({"code": f"/{self.code} is taken by another text."})
        if unknown := variables.complaint(self.body):
            raise ValidationError({"body": unknown})


def priorities() -> list[tuple[str, str]]:
    """Those of conversations, whose module needs this one."""
    return list(apps.get_model("chat.Conversation").Priority.choices)


class Macro(models.Model):
    """What is done to a conversation with one click, in the order of these fields: all of it or nothing."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="macros")
    name = models.CharField(max_length=60)
    reply = models.ForeignKey(
        CannedResponse,
        models.RESTRICT,
        null=True,
        blank=True,
        help_text="Whoever runs it takes over first",
    )
    label = models.ForeignKey("chat.Label", models.SET_NULL, null=True, blank=True, related_name="+")
    priority = models.CharField(max_length=8, blank=True, choices=priorities)
    takes = models.BooleanField("assign to whoever runs it", default=False)
    assignee = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="assign to"
    )
    snooze_hours = models.PositiveSmallIntegerField("snooze, in hours", null=True, blank=True)
    resolves = models.BooleanField("resolve", default=False)

    objects = ScopedQuerySet["Macro"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_macro_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def steps(self) -> list[str]:
        """What it does, in words and in order."""
        words = {
            f"send /{self.reply.code}" if self.reply else "": self.reply,
            f"add the label {self.label.name}" if self.label else "": self.label,
            f"set the priority to {self.priority}": self.priority,
            "assign it to you": self.takes,
            f"assign it to {self.assignee}": self.assignee,
            f"snooze it for {self.snooze_hours} h": self.snooze_hours,
            "resolve it": self.resolves,
        }
        return [step for step, wanted in words.items() if wanted]

    def clean(self) -> None:
        """It does something, nothing that contradicts itself, and only with what is the workspace's own."""
        if not self.steps:
            raise ValidationError("Choose at least one thing that it does.")
        if self.assignee and (self.takes or self.snooze_hours or self.resolves):
            raise ValidationError("What is assigned to somebody else is theirs to keep, snooze or resolve.")
        if self.snooze_hours and self.snooze_hours > LONGEST_SNOOZE:
            raise ValidationError({"snooze_hours": "A conversation is snoozed for a year at most."})
        if self.snooze_hours and self.resolves:
            raise ValidationError("A conversation is snoozed or resolved, not both.")
        self._demand_own()

    def _demand_own(self) -> None:
        others = Macro.objects.filter(workspace=self.workspace_id, name=self.name)
        if others.exclude(pk=self.pk).exists():
            raise ValidationError({"name": "There is a macro of this name."})
        if self.reply and (self.reply.workspace_id != self.workspace_id or self.reply.owner_id):
            raise ValidationError({"reply": "Choose a text that everybody in this workspace uses."})
        if self.label and self.label.workspace_id != self.workspace_id:
            raise ValidationError({"label": "Choose a label of this workspace."})
        if self.assignee and not self.assignee.memberships.filter(workspace=self.workspace_id).exists():
            raise ValidationError({"assignee": "Choose somebody who works in this workspace."})


class AgentDraft(models.Model):
    """What an agent has written in a conversation and not sent; shown to that agent alone."""

    class Kind(models.TextChoices):
        REPLY = "reply"
        NOTE = "note", "private note"

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="agent_drafts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.REPLY)
    body = models.TextField()

    objects = ScopedQuerySet["AgentDraft"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user", "kind"], name="one_draft_per_agent")]

    def __str__(self) -> str:
        return self.body[:60]


class SuggestionUse(models.Model):
    """What one agent made of something that the assistant proposed: a reply, other words for theirs, a summary."""

    class Kind(models.TextChoices):
        REPLY = "reply", "suggested reply"
        SHORTER = "shorter"
        FRIENDLIER = "friendlier"
        FORMAL = "formal", "more formal"
        SIMPLER = "simpler"
        SUMMARY = "summary"
        LABELS = "labels"
        FOLLOW_UP = "follow_up", "follow-up"

    REWRITES: ClassVar = (Kind.SHORTER, Kind.FRIENDLIER, Kind.FORMAL, Kind.SIMPLER)
    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="suggestion_uses")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name="agent")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REPLY)
    before = models.TextField("instead of", blank=True, help_text="What stood there")
    text = models.TextField("proposed")
    is_written = models.BooleanField(default=True, help_text="Else a worker writes it")
    category = models.CharField(max_length=40, blank=True, help_text="The conversation's")
    expert = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="To which most of the customer's words went"
    )
    helpful = models.BooleanField(null=True, blank=True, help_text="As the agent said; empty is not said")
    inserted_at = models.DateTimeField("inserted", null=True, blank=True)
    rejected_at = models.DateTimeField("rejected", null=True, blank=True)
    message = models.ForeignKey(
        "chat.Message", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="sent as"
    )
    distance = models.PositiveIntegerField(
        "words changed", null=True, blank=True, help_text="Put in, taken out or replaced before it was sent"
    )
    changed = models.FloatField("share changed", null=True, blank=True, help_text="Of its words, from 0 to 1")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["SuggestionUse"].as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], name="suggestion_uses_by_time")]
        verbose_name, verbose_name_plural = "proposal to an agent", "proposals to agents"

    def __str__(self) -> str:
        return self.text[:60]


class HeldMessage(models.Model):
    """An agent's message that waits to be sent, or was taken back; once it is sent, only the message is left."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="held_messages")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    body = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, help_text="When to send it; empty is never, it was taken back")
    reason = models.CharField(max_length=30, blank=True, help_text="Why it was not sent; empty is that it was undone")

    objects = ScopedQuerySet["HeldMessage"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "client_id"], name="one_held_per_client_id")]
        indexes: ClassVar[Any] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="due_held_messages")
        ]

    def __str__(self) -> str:
        return f"{self.client_id} ({self.due_at or 'taken back'})"
