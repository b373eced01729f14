"""Who may use the API, what was answered to whom, and the conversations that it began. Webhooks: `webhooks/models`."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.api.webhooks.models import Delivery, Endpoint
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

__all__ = ["ApiChat", "ApiKey", "Delivery", "Endpoint", "Scope", "StoredAnswer"]

PREFIX = 10  # characters of a key that stay readable
USED_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a key may do."""

    CONVERSATIONS_READ = "conversations:read", "read conversations"
    CONVERSATIONS_WRITE = "conversations:write", "write in conversations"
    CONTACTS_READ = "contacts:read", "read and export contacts"
    CONTACTS_WRITE = "contacts:write", "change and erase contacts"
    KNOWLEDGE_READ = "knowledge:read", "read articles"
    KNOWLEDGE_WRITE = "knowledge:write", "write and delete articles"
    SETTINGS_READ = "settings:read", "read labels, teams and texts"
    SETTINGS_WRITE = "settings:write", "write labels and texts"
    MEMBERS_READ = "members:read", "read members"
    MEMBERS_WRITE = "members:write", "remove members"
    ORDERS_READ = "orders:read", "read orders"
    ORDERS_WRITE = "orders:write", "write and delete orders"
    ANALYTICS_READ = "analytics:read", "read figures"
    USAGE_READ = "usage:read", "read plan and usage"
    AUDIT_READ = "audit:read", "read the audit log"
    CHAT = "chat", "talk to the assistant"


class ApiKey(models.Model):
    """What another machine signs in with; what it does bears the name of a member, and ends with that membership."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_keys")
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="api_keys", help_text="Whose name bears what is done with this key"
    )
    name = models.CharField(max_length=60, help_text="What it is for, as 'Warehouse'")
    start = models.CharField("begins with", max_length=PREFIX, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the key")
    scopes = models.JSONField(default=list)
    per_minute = models.PositiveIntegerField(
        "requests a minute", default=300, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty is never")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["ApiKey"].as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Whose name it bears works in its workspace."""
        if self.member_id and self.workspace_id and self.member.workspace_id != self.workspace_id:
            raise ValidationError({"member": "Choose somebody who works in this workspace."})

    @property
    def user(self) -> User:
        """Who does what is done with this key."""
        return self.member.user

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything now."""
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not is_over and self.user.is_active

    def make(self) -> str:
        """Choose the key itself, to be saved; the only time that it can be read."""
        key = f"sk_{secrets.token_urlsafe(32)}"
        self.start, self.token_hash = key[:PREFIX], hashlib.sha256(key.encode()).hexdigest()
        return key

    def revoke(self, by: User) -> None:
        """End it for good."""
        if self.revoked_at is None:
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])
            self.note("api_key.revoked", by)

    def note(self, action: str, by: User, **details: object) -> None:
        """Tell the audit log."""
        where = {"workspace": self.workspace, "target": f"{self.name} ({self.start}…)"}
        AuditEntry.objects.create(**where, actor=by, action=action, details=details)

    @classmethod
    def of(cls, key: str) -> ApiKey | None:
        """The row of a key that opens something now."""
        token_hash = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        found = cls.objects.select_related("workspace", "member__user").filter(token_hash=token_hash).first()
        if found is None or not found.is_valid:
            return None
        now = timezone.now()
        if found.last_used_at is None or found.last_used_at < now - USED_EVERY:
            cls.objects.filter(pk=found.pk).update(last_used_at=now)
        return found


class StoredAnswer(models.Model):
    """What was answered to a request with an idempotency key, so that a repetition gets the same."""

    KEPT: ClassVar[timedelta] = timedelta(days=1)
    workspace_path: ClassVar[str] = "key__workspace"

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="stored_answers")
    name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["StoredAnswer"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="one_answer_per_idempotency_key")]
        indexes = [models.Index(fields=["created_at"], name="stored_answers_by_age")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def forget_old(cls) -> None:
        """Delete what nobody asks for again."""
        cls.objects.filter(created_at__lt=timezone.now() - cls.KEPT).delete()


class ApiChat(models.Model):
    """A conversation of the channel `api`: another machine speaks for the customer."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_chats")
    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="api_chat")
    user = models.CharField(max_length=128, blank=True, help_text="What the machine calls the customer")
    said = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of all that was said, by which a client without memory goes on"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["ApiChat"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], condition=~Q(user=""), name="one_api_chat_per_user")
        ]
        indexes = [models.Index(fields=["workspace", "said"], condition=~Q(said=""), name="api_chats_by_words")]

    def __str__(self) -> str:
        return self.user or str(self.conversation_id)
