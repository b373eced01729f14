"""That a workspace is deleted, and the proof of it; the audit log's triggers look here. Knows no other row."""

from __future__ import annotations

import hashlib
import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

SALT = "supportbot.deletion.asked_by"


class Deletion(models.Model):
    """It outlives the workspace and names nobody. As long as nothing has gone, its end opens the workspace again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace_number = models.BigIntegerField(unique=True, help_text="The id of the workspace, which no other gets")
    name_digest = models.CharField(max_length=64, help_text="SHA-256 of the workspace's name")
    asked_by_digest = models.CharField(max_length=64, help_text="HMAC-SHA-256 of the user's id")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(help_text="Until then it can be undone")
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(default=timezone.now, help_text="When its worker was last heard of")
    counts = models.JSONField(default=dict, help_text="Rows and files that are deleted, by their kind")
    versions = models.JSONField(default=list, help_text="Of the model, which had learnt from this workspace")
    people = models.JSONField(default=list, help_text="Ids of users who are still to be seen to; empty at the end")
    signature = models.CharField(max_length=100, blank=True, help_text="Of the certificate")

    class Meta:
        ordering: ClassVar = ["asked_at"]

    def __str__(self) -> str:
        return f"Deletion {self.pk}"

    @staticmethod
    def digest_of_name(name: str) -> str:
        """What stands for a workspace's name."""
        return hashlib.sha256(name.encode()).hexdigest()

    @staticmethod
    def digest_of_user(pk: int) -> str:
        """What stands for who asked."""
        return salted_hmac(SALT, str(pk), algorithm="sha256").hexdigest()
