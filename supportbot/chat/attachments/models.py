"""Files that customers and agents send with a message, and those that are still to be deleted. Knows no storage."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class AttachmentQuerySet(ScopedQuerySet["Attachment"]):
    """Attachments by how far they have come."""

    def unsent(self) -> AttachmentQuerySet:
        """In no message yet, nor in one that is held back."""
        return self.filter(message=None, held=None)


class Attachment(models.Model):
    """A file. Until it is sent it belongs to whoever uploaded it: a visitor's token, or an agent in a conversation."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        PDF = "pdf", "PDF"

    class State(models.TextChoices):
        SCANNING = "scanning", "being checked for viruses"
        READY = "ready"
        REFUSED = "refused", "refused: a virus was found"
        FAILED = "failed", "could not be checked for viruses"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="attachments")
    conversation = models.ForeignKey(
        "chat.Conversation", models.CASCADE, null=True, related_name="attachments", help_text="Of an agent's upload"
    )
    message = models.ForeignKey("chat.Message", models.CASCADE, null=True, related_name="attachments")
    held = models.ForeignKey("chat.HeldMessage", models.SET_NULL, null=True, related_name="attachments")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", help_text="The agent who uploaded it")
    token_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the visitor's token who uploaded it")
    position = models.PositiveSmallIntegerField(default=0, help_text="Its place in the message")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=5, choices=Kind)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="Bytes")
    width = models.PositiveIntegerField(null=True, help_text="Of an image, in pixels")
    height = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="At a check for viruses")
    due_at = models.DateTimeField(null=True, help_text="When it is checked for viruses next")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "created_at"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(message=None, held=None), name="unsent_attachments"),
            models.Index(fields=["due_at"], condition=Q(state="scanning"), name="unscanned_attachments"),
            models.Index(fields=["token_hash"], condition=Q(message=None), name="uploads_of_visitor"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the storage has it; the browser's name for the file is no part of it."""
        return f"attachments/{self.workspace_id}/{self.id.hex}"

    @property
    def small_path(self) -> str:
        """Where the storage has an image's thumbnail."""
        return f"{self.path}.small"


class DoomedFile(models.Model):
    """A file whose attachment is gone: written down in the same transaction, so that the storage loses it, too."""

    path: ClassVar[models.CharField[str, str]] = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.path
