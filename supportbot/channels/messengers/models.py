"""A workspace's messengers, who writes there, what came in, and what goes out."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from supportbot.channels.trying import PROBLEM_LENGTH, Attempted
from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.models import Team, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal


def new_key() -> str:
    """What stands in the address to which the provider sends, so that nobody guesses it."""
    return secrets.token_urlsafe(24)


class Messenger(models.Model):
    """A bot, number or app of the workspace at a provider, in which customers write."""

    class Kind(models.TextChoices):
        TELEGRAM = Conversation.Channel.TELEGRAM.value, "Telegram"
        WHATSAPP = Conversation.Channel.WHATSAPP.value, "WhatsApp"
        SLACK = Conversation.Channel.SLACK.value, "Slack"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="messengers")
    kind = models.CharField("provider", max_length=10, choices=Kind)
    name = models.CharField(max_length=100, help_text="For your colleagues, as Sales in Spain")
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="messengers", help_text="Gets new conversations"
    )
    enabled = models.BooleanField("connected", default=True, help_text="Whether messages come and go")
    account = models.CharField(
        "phone number ID",
        max_length=100,
        blank=True,
        help_text="Of the number, in Meta's app under WhatsApp, API setup",
    )
    template = models.CharField(
        "template after 24 hours",
        max_length=200,
        blank=True,
        help_text="Name and language of an approved template, as come_back en. It goes out once the time for answers is"
        " over, and what was written follows when the customer replies. Empty: agents are told that it was not sent",
    )
    sealed_token = models.TextField(editable=False)
    sealed_secret = models.TextField(editable=False, help_text="By which the provider shows that it is the sender")
    key = models.CharField(max_length=40, unique=True, default=new_key, editable=False)
    identity = models.CharField(
        "known there as", max_length=100, blank=True, editable=False, help_text="Told by the provider"
    )
    problem = models.CharField(max_length=PROBLEM_LENGTH, blank=True, editable=False)
    problem_at = models.DateTimeField(null=True, blank=True, editable=False)
    heard_at = models.DateTimeField("last heard", null=True, blank=True, editable=False)
    rests_until = models.DateTimeField(null=True, blank=True, editable=False, help_text="The provider wants a pause")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ScopedQuerySet["Messenger"].as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_kind_display()})"

    def clean(self) -> None:
        """The team is of the workspace."""
        if self.team and self.workspace_id and self.team.workspace_id != self.workspace_id:
            raise ValidationError({"team": "Choose a team of this workspace."})

    @property
    def token(self) -> str:
        """What we sign in with at the provider."""
        return unseal(self.sealed_token)

    @token.setter
    def token(self, token: str) -> None:
        self.sealed_token = seal(token)

    @property
    def secret(self) -> str:
        """What the provider signs with."""
        return unseal(self.sealed_secret)

    @secret.setter
    def secret(self, secret: str) -> None:
        self.sealed_secret = seal(secret)

    @property
    def path(self) -> str:
        """Where the provider sends to."""
        return reverse("messenger", args=[self.key])

    @property
    def verify_token(self) -> str:
        """What Meta repeats when the address is entered there."""
        return hashlib.sha256(f"verify:{self.key}".encode()).hexdigest()[:24]

    def note_problem(self, problem: str) -> None:
        """Tell administrators what does not work; an empty text: it works."""
        at = timezone.now() if problem else None
        Messenger.objects.filter(pk=self.pk).update(problem=problem[:PROBLEM_LENGTH], problem_at=at)


class Thread(models.Model):
    """A chat at the provider, and the conversation that it is here."""

    workspace_path: ClassVar[str] = "messenger__workspace"

    messenger = models.ForeignKey(Messenger, models.CASCADE, related_name="threads")
    address = models.CharField(max_length=120, help_text="Where answers go, in the provider's words")
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="threads")
    heard_at = models.DateTimeField(null=True, blank=True, help_text="When the customer last wrote")
    busy_until = models.DateTimeField(null=True, blank=True, help_text="Until then a worker takes in what came")

    objects = ScopedQuerySet["Thread"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["messenger", "address"], name="one_thread_per_address")]

    def __str__(self) -> str:
        return self.address


class Arrival(models.Model):
    """Something that a provider told us: written down before it is thanked for, taken in after, in its order."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done", "taken in"
        ASIDE = "aside", "kept aside"

    KEPT: ClassVar[timedelta] = timedelta(days=30)
    workspace_path: ClassVar[str] = "messenger__workspace"

    messenger = models.ForeignKey(Messenger, models.CASCADE, related_name="arrivals")
    thread = models.ForeignKey(Thread, models.CASCADE, null=True, related_name="arrivals")
    provider_id = models.CharField("provider's id", max_length=200)
    place = models.FloatField(default=0, help_text="By which those of one chat have their order")
    content = models.JSONField(default=dict, help_text="What came; empty once it is taken in")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=PROBLEM_LENGTH, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField("came at", default=timezone.now)

    objects = ScopedQuerySet["Arrival"].as_manager()

    class Meta:
        verbose_name = "message received"
        verbose_name_plural = "messages received"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["messenger", "provider_id"], name="one_arrival_per_providers_id")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="arrivals_due"),
            models.Index(fields=["created_at"], name="arrivals_by_age"),
        ]

    def __str__(self) -> str:
        return self.provider_id

    @classmethod
    def forget_old(cls) -> None:
        """Delete what is over, after a while: by then no provider sends it again."""
        over = cls.objects.exclude(state=cls.State.WAITING)
        over.filter(created_at__lt=timezone.now() - cls.KEPT).delete()


class Post(Attempted):
    """A message, or the question for a rating, on its way to a messenger."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending", "being sent"
        HELD = "held", "waits for the customer to write"
        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"
        FAILED = "failed", "could not be sent"

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="posts")
    message = models.OneToOneField(
        Message, models.CASCADE, null=True, related_name="post", help_text="None: the question for a rating"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)

    objects = ScopedQuerySet["Post"].as_manager()

    class Meta:
        verbose_name = "message sent"
        verbose_name_plural = "messages sent"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "sending"]), name="posts_due")]

    def __str__(self) -> str:
        return str(self.pk)


class Part(models.Model):
    """A part of a post that is out, under the provider's id: a text that was too long, or a file, is one of its own."""

    workspace_path: ClassVar[str] = "post__conversation__workspace"

    post = models.ForeignKey(Post, models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    provider_id = models.CharField(max_length=200, db_index=True)

    objects = ScopedQuerySet["Part"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="one_part_per_number")]

    def __str__(self) -> str:
        return self.provider_id
