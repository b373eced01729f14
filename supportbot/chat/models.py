"""Conversations and what is said in them: the rules of a single row. Knows no events, no queue and no model."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

TOKEN_IDLE = timedelta(days=30)
TOKEN_LIFE = timedelta(days=180)


class Contact(models.Model):
    """A customer: a visitor who is known by a token only, or somebody with a name."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    token_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the visitor's token")
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet["Contact"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "token_hash"], name="one_contact_per_token")]

    def __str__(self) -> str:
        return self.name or self.email or f"Visitor {self.token_hash[:4]}"

    def is_expired(self) -> bool:
        """Whether the token is too old, or was not used for too long."""
        now = timezone.now()
        return self.seen_at < now - TOKEN_IDLE or self.created_at < now - TOKEN_LIFE


class Conversation(models.Model):
    """All that one contact and the shop say to each other, in order."""

    class Status(models.TextChoices):
        PENDING = "pending", "with the assistant"
        OPEN = "open", "with people"
        SNOOZED = "snoozed"
        RESOLVED = "resolved"

    class Handler(models.TextChoices):
        BOT = "bot"
        QUEUE = "queue"
        AGENT = "agent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="conversations")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="conversations")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    handler = models.CharField(max_length=10, choices=Handler, default=Handler.BOT, help_text="Who has the turn")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="conversations")
    category = models.CharField(max_length=40, blank=True, help_text="Of the last message that was triaged")
    last_seq = models.PositiveIntegerField(default=0)
    context_seq = models.PositiveIntegerField(default=0, help_text="The assistant reads only what came after this")
    read_seq = models.PositiveIntegerField(default=0, help_text="Up to here an agent has seen it")
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="Since when the customer waits for a person")
    claim = models.UUIDField(null=True, blank=True, editable=False, help_text="The attempt at a reply that runs now")
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Conversation"].as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            models.Index(fields=["workspace", "status", "-updated_at"], name="inbox_list"),
            models.Index(fields=["workspace", "assignee", "-updated_at"], name="inbox_mine"),
        ]

    def __str__(self) -> str:
        return f"{self.contact}, {self.created_at:%d %B %Y %H:%M}"

    @property
    def unread(self) -> int:
        """Messages that no agent has seen; none while the assistant answers."""
        return 0 if self.handler == self.Handler.BOT else max(0, self.last_seq - self.read_seq)

    def give_to_bot(self) -> None:
        """The assistant has the turn."""
        self.status, self.handler = self.Status.PENDING, self.Handler.BOT
        self.assignee, self.waiting_since = None, None

    def give_to_queue(self) -> None:
        """Any agent may take it."""
        self.status, self.handler, self.assignee = self.Status.OPEN, self.Handler.QUEUE, None
        self.waiting_since = self.waiting_since or timezone.now()
        self.claim = self.claimed_until = None

    def give_to_agent(self, agent: User) -> None:
        """One agent has the turn; whoever else writes a reply has lost it."""
        self.status, self.handler, self.assignee = self.Status.OPEN, self.Handler.AGENT, agent
        self.claim = self.claimed_until = None

    def close(self) -> None:
        """Done; what the customer writes next begins anew with the assistant."""
        self.give_to_bot()
        self.status = self.Status.RESOLVED
        self.context_seq = self.last_seq
        self.claim = self.claimed_until = None


class Message(models.Model):
    """One thing said. Its sequence number orders it; its client id makes it unique."""

    class Author(models.TextChoices):
        CUSTOMER = "customer"
        BOT = "bot"
        AGENT = "agent"
        SYSTEM = "system"

    class Outcome(models.TextChoices):
        PENDING = "pending", "waits for the assistant"
        ANSWERED = "answered", "answered by the assistant"
        HANDED_OFF = "handed_off", "handed to people"
        BY_AGENT = "by_agent", "for the agent who has the turn"

    workspace_path: ClassVar[str] = "conversation__workspace"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    author = models.CharField(max_length=10, choices=Author)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, help_text="The agent who wrote it")
    body = models.TextField()
    client_id = models.UUIDField(null=True, blank=True)
    in_reply_to = models.PositiveIntegerField(null=True, blank=True, help_text="Sequence number that it answers")
    sources = models.JSONField(default=list, blank=True, help_text="title, url and score of each article")
    category = models.CharField(max_length=40, blank=True)
    intent = models.CharField(max_length=60, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, help_text="Of a customer's message only")
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet["Message"].as_manager()

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_message_per_seq"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_message_per_client_id"),
        ]
        indexes = [models.Index(fields=["queued_at"], condition=Q(outcome="pending"), name="waiting_messages")]

    def __str__(self) -> str:
        return f"{self.seq} {self.author}: {self.body[:60]}"


class Generation(models.Model):
    """How the assistant came to one reply: what it read, what it decided, which experts it used."""

    class Act(models.TextChoices):
        ANSWER = "answer"
        ASK = "ask"
        REFUSE = "refuse"
        HAND_OFF = "hand_off"

    workspace_path: ClassVar[str] = "message__conversation__workspace"

    in_reply_to = models.OneToOneField(Message, models.CASCADE, related_name="reply_generation")
    message = models.OneToOneField(Message, models.CASCADE, related_name="generation")
    act = models.CharField(max_length=10, choices=Act)
    reason = models.CharField(max_length=40, help_text="Why it decided for this act")
    model_version = models.CharField(max_length=40, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    wait_s = models.FloatField(default=0, help_text="From the customer's message to the start of the work")
    read_s = models.FloatField(default=0, help_text="Triage")
    first_token_s = models.FloatField(null=True, blank=True, help_text="From the start of generation")
    total_s = models.FloatField(default=0, help_text="From the start of the work to the saved reply")
    mean_logprob = models.FloatField(null=True, blank=True)
    quoted = models.BooleanField(default=False, help_text="Whether a passage answered in its own words")
    objections = models.JSONField(default=list, blank=True, help_text="What spoke against sentences that were not sent")
    categories = models.JSONField(default=dict, blank=True, help_text="Triage's probability of each category")
    reading = models.BinaryField(default=b"", help_text="RoutingTrace of the customer's words")
    routing = models.BinaryField(default=b"", help_text="RoutingTrace of prompt and reply; empty without generation")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Generation"].as_manager()

    def __str__(self) -> str:
        return f"{self.act} ({self.reason})"
