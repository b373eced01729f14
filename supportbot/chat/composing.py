"""What agents write with, and what they have written and not sent: no concern of customers or the assistant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from supportbot.chat.variables import NAMES, names_in
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

BODY_LIMIT = 4000


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
        if unknown := [name for name in names_in(self.body) if name not in NAMES]:
            known = ", ".join(f"{{{{{name}}}}}" for name in NAMES)
            raise ValidationError({"body": f"There is no variable {{{{{unknown[0]}}}}}. Use one of {known}."})


class AgentDraft(models.Model):
    """What an agent has written in a conversation and not sent; shown to that agent alone."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="agent_drafts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    body = models.TextField()

    objects = ScopedQuerySet["AgentDraft"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="one_draft_per_agent")]

    def __str__(self) -> str:
        return self.body[:60]


class HeldMessage(models.Model):
    """An agent's message that waits to be sent, or was taken back; once it is sent, only the message is left."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="held_messages")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    body = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, help_text="When to send it; empty is never, it was taken back")

    objects = ScopedQuerySet["HeldMessage"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "client_id"], name="one_held_per_client_id")]
        indexes: ClassVar[Any] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="due_held_messages")
        ]

    def __str__(self) -> str:
        return f"{self.client_id} ({self.due_at or 'taken back'})"
