"""Conversations and what is said in them: the rules of a single row. Knows no events, no queue and no model."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.chat.attachments.models import Attachment, DoomedFile
from supportbot.chat.authoring.models import ArticleDraft
from supportbot.chat.categories.models import Category, Example
from supportbot.chat.composing import AgentDraft, CannedResponse, HeldMessage, Macro, SuggestionUse
from supportbot.chat.corrections.models import Correction
from supportbot.chat.joining import Browser, MergedConversation, Participant
from supportbot.chat.milestones import Milestone
from supportbot.chat.policies import SlaPolicy
from supportbot.chat.routed import Routed, RoutingAlert, RoutingDay, WhatIf
from supportbot.chat.rules.models import Rule, RuleRun
from supportbot.chat.sorting import Label
from supportbot.chat.translation.models import Translation, Translator
from supportbot.chat.versions.models import ComparedReply, ExpertTraining, Serving, VersionComparison
from supportbot.chat.voice.models import Voice
from supportbot.workspaces.models import Team, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

__all__ = [
    "AgentDraft",
    "ArticleDraft",
    "Attachment",
    "Browser",
    "CannedResponse",
    "ComparedReply",
    "Category",
    "Contact",
    "Conversation",
    "Correction",
    "DoomedFile",
    "EmailCopy",
    "ExpertTraining",
    "Example",
    "Generation",
    "HeldMessage",
    "Label",
    "Macro",
    "Mention",
    "MergedConversation",
    "Message",
    "Milestone",
    "Participant",
    "Rating",
    "Remark",
    "Routed",
    "RoutingAlert",
    "RoutingDay",
    "Rule",
    "RuleRun",
    "Serving",
    "SignIn",
    "SlaPolicy",
    "SuggestionUse",
    "TranscriptMail",
    "Translation",
    "Translator",
    "VersionComparison",
    "Voice",
    "WhatIf",
]

TOKEN_IDLE = timedelta(days=30)
TOKEN_LIFE = timedelta(days=180)
RATING_OPEN = timedelta(hours=24)
FAILURE_LENGTH = 300


class Contact(models.Model):
    """A customer: a visitor who is known by a token only, or somebody for whom the shop vouches."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True, help_text="Where answers go; claimed, unless it is the verified one")
    verified_email = models.EmailField(blank=True, help_text="For which the shop vouches")
    external_id = models.CharField(
        max_length=128,
        blank=True,
        help_text="Who it is for the shop (`sub` of its token); empty: unverified",
    )
    attributes = models.JSONField(default=dict, blank=True, help_text="What the page says of it; not verified")
    page = models.URLField(max_length=500, blank=True, help_text="Where the visitor last wrote, without its query")
    language = models.CharField(max_length=10, blank=True, help_text="That the visitor's widget speaks")
    token_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of an unverified visitor's token"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)
    blocked_at = models.DateTimeField(null=True, blank=True, help_text="Since then what the contact writes is refused")

    objects = ScopedQuerySet["Contact"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "token_hash"], condition=~Q(token_hash=""), name="one_contact_per_token"
            ),
            models.UniqueConstraint(
                fields=["workspace", "external_id"], condition=~Q(external_id=""), name="one_contact_per_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or f"Visitor {self.token_hash[:4]}"

    @property
    def is_verified(self) -> bool:
        """Whether the shop has said who it is; only browsers in which it did so open the conversation."""
        return bool(self.external_id)

    @property
    def has_verified_email(self) -> bool:
        """Whether answers go to the address for which the shop vouches."""
        return bool(self.email) and self.email == self.verified_email

    def is_expired(self) -> bool:
        """Whether an unverified visitor's token is too old, or was not used for too long."""
        if self.is_verified:
            return False
        now = timezone.now()
        return self.seen_at < now - TOKEN_IDLE or self.created_at < now - TOKEN_LIFE


class SignIn(models.Model):
    """One token by which the shop signed a customer in, and the browser that used it; kept so that no other may.

    Signed out or erased, it names nobody any more.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sign_ins")
    jti = models.CharField(max_length=128)
    token_hash = models.CharField(max_length=64, help_text="SHA-256 of the browser's own token")
    external_id = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(help_text="How long the browser stays signed in")

    objects = ScopedQuerySet["SignIn"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "jti"], name="one_browser_per_sign_in_token")]
        indexes = [models.Index(fields=["workspace", "token_hash"], name="sign_ins_of_browser")]

    def __str__(self) -> str:
        return self.external_id


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

    class Priority(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"
        URGENT = "urgent"

    class Alarm(models.TextChoices):
        SOON = "soon", "due soon"
        BREACHED = "breached"

    class Channel(models.TextChoices):
        WIDGET = "widget", "chat on the site"
        API = "api", "API"
        EMAIL = "email", "e-mail"
        TELEGRAM = "telegram", "Telegram"
        WHATSAPP = "whatsapp", "WhatsApp"
        SLACK = "slack", "Slack"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="conversations")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="conversations")
    channel = models.CharField(
        max_length=10, choices=Channel, default=Channel.WIDGET, db_default="widget", help_text="By which it began"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    handler = models.CharField(max_length=10, choices=Handler, default=Handler.BOT, help_text="Who has the turn")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="conversations")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="conversations")
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.MEDIUM)
    labels = models.ManyToManyField(Label, blank=True, related_name="conversations")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    is_spam = models.BooleanField("spam", default=False)
    category = models.CharField(max_length=40, blank=True, help_text="Of the last message that was triaged")
    spoken = models.CharField("language", max_length=10, blank=True, help_text="Of the last message that was triaged")
    last_remark = models.PositiveIntegerField(default=0, help_text="Number of the last line that only agents see")
    last_seq = models.PositiveIntegerField(default=0)
    context_seq = models.PositiveIntegerField(default=0, help_text="The assistant reads only what came after this")
    read_seq = models.PositiveIntegerField(default=0, help_text="Up to here an agent has seen it")
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="Since when the customer waits for a person")
    with_people_since = models.DateTimeField(null=True, blank=True, help_text="Since when people have it, if they do")
    reply_due_at = models.DateTimeField(null=True, blank=True, help_text="By when a person has to answer")
    reply_alarm = models.CharField(max_length=8, choices=Alarm, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True, help_text="By when it has to be resolved")
    resolution_alarm = models.CharField(max_length=8, choices=Alarm, blank=True)
    received_seq = models.PositiveIntegerField(default=0, help_text="Up to here a browser of the customer has it")
    seen_seq = models.PositiveIntegerField(default=0, help_text="Up to here the customer has seen it")
    asks_email = models.BooleanField(default=False, help_text="Handed off while nobody was there")
    handed_off_at = models.DateTimeField(null=True, blank=True)
    response_s = models.FloatField(null=True, blank=True, help_text="From the hand-off to a person's first message")
    summary = models.JSONField(default=dict, blank=True, help_text="For the agent, as of the last hand-off")
    note = models.CharField(max_length=500, blank=True, help_text="From the agent who handed it back to the assistant")
    attributes = models.JSONField(default=dict, blank=True, help_text="What the page says of it; not verified")
    asks_rating = models.BooleanField(default=False, help_text="It was resolved in a way that asks for a rating")
    claim = models.UUIDField(null=True, blank=True, editable=False, help_text="The attempt at a reply that runs now")
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(default=timezone.now, help_text="When something was last said")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Conversation"].as_manager()

    class Meta:
        ordering = ["-active_at"]
        indexes = [
            models.Index(fields=["workspace", "-handed_off_at"], name="hand_offs"),
            models.Index(fields=["workspace", "-active_at", "-id"], name="inbox_all"),
            models.Index(
                fields=["workspace", "-active_at", "-id"],
                condition=Q(is_spam=False) & ~Q(status="resolved"),
                name="inbox_live",
            ),
            models.Index(fields=["workspace", "status", "-active_at", "-id"], name="inbox_list"),
            models.Index(fields=["workspace", "assignee", "-active_at", "-id"], name="inbox_mine"),
            models.Index(fields=["workspace", "-updated_at"], name="inbox_changes"),
            models.Index(fields=["workspace", "-active_at"], condition=Q(is_spam=True), name="inbox_spam"),
            models.Index(fields=["snoozed_until"], condition=Q(status="snoozed"), name="snoozed"),
            models.Index(fields=["reply_due_at"], condition=Q(reply_due_at__isnull=False), name="replies_due"),
            models.Index(
                fields=["resolution_due_at"], condition=Q(resolution_due_at__isnull=False), name="resolutions_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact}, {self.created_at:%d %B %Y %H:%M}"

    @property
    def unread(self) -> int:
        """Messages that no agent has seen; none while the assistant answers."""
        return 0 if self.handler == self.Handler.BOT else max(0, self.last_seq - self.read_seq)

    @property
    def spoken_language(self) -> str:
        """That of the customer's last message of which it is known; empty if there is none."""
        known = self.messages.filter(author=Message.Author.CUSTOMER).exclude(language="")
        return known.values_list("language", flat=True).order_by("seq").last() or ""

    @property
    def language(self) -> str:
        """The customer's, by what was said, else by what the widget speaks; else the workspace's."""
        return self.spoken_language or self.contact.language or self.workspace.language

    @property
    def reaches_customer(self) -> bool:
        """Whether answers go to where the customer reads them later, too, rather than to a page that may be closed."""
        return self.channel not in (self.Channel.WIDGET, self.Channel.API)

    def give_to_bot(self) -> None:
        """The assistant has the turn."""
        self.status, self.handler = self.Status.PENDING, self.Handler.BOT
        self.assignee, self.waiting_since, self.asks_email, self.snoozed_until = None, None, False, None

    def give_to_queue(self) -> None:
        """Any agent may take it."""
        self.status, self.handler, self.assignee = self.Status.OPEN, self.Handler.QUEUE, None
        self.snoozed_until = None
        self.handed_off_at = timezone.now()
        self.response_s = None
        self.waiting_since = self.waiting_since or self.handed_off_at
        self.claim = self.claimed_until = None

    def give_to_agent(self, agent: User) -> None:
        """One agent has the turn; whoever else writes a reply has lost it."""
        self.status, self.handler, self.assignee = self.Status.OPEN, self.Handler.AGENT, agent
        self.claim = self.claimed_until = self.snoozed_until = None

    def snooze(self, until: datetime) -> None:
        """Out of the way until then, or until the customer writes; who has the turn stays."""
        self.status, self.snoozed_until = self.Status.SNOOZED, until

    def wake(self) -> None:
        """Back in its place."""
        self.status = self.Status.PENDING if self.handler == self.Handler.BOT else self.Status.OPEN
        self.snoozed_until = None

    def put_among_spam(self) -> None:
        """Nobody answers it any more, nor does the assistant; the customer isn't asked for a rating."""
        self.give_to_bot()
        self.status, self.handler, self.is_spam = self.Status.RESOLVED, self.Handler.QUEUE, True
        self.asks_rating = False
        self.claim = self.claimed_until = None

    def confirm(self) -> None:
        """Done, says the customer: the assistant's answer helped. What comes next still belongs to it."""
        self.status, self.asks_rating, self.snoozed_until = self.Status.RESOLVED, True, None

    def close(self) -> None:
        """Done; what the customer writes next begins anew with the assistant."""
        self.give_to_bot()
        self.status, self.asks_rating = self.Status.RESOLVED, True
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

    class Verdict(models.TextChoices):
        ASKED = "asked", "the customer was asked whether it helped"
        HELPED = "helped"
        DID_NOT_HELP = "did_not_help"

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
    choices = models.JSONField(default=list, blank=True, help_text="The answers that the assistant offers as buttons")
    category = models.CharField(max_length=40, blank=True)
    intent = models.CharField(max_length=60, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    sentiment = models.CharField(max_length=8, blank=True, help_text="Of a customer's message: calm, unhappy, angry")
    language = models.CharField(max_length=10, blank=True, help_text="Of a customer's message")
    masked = models.BooleanField(default=False, help_text="A part was hidden before it was saved")
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True, help_text="Of the assistant's answer only")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, help_text="Of a customer's message only")
    failure = models.CharField(
        max_length=FAILURE_LENGTH, blank=True, db_default="", help_text="Why it has not reached the customer"
    )
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
        indexes = [
            models.Index(fields=["queued_at"], condition=Q(outcome="pending"), name="waiting_messages"),
            models.Index(fields=["created_at"], condition=Q(author="customer"), name="customer_messages_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.author}: {self.body[:60]}"


class Remark(models.Model):
    """A line among the messages that only agents see: a note, or what somebody did. No customer's surface reads it."""

    class Kind(models.TextChoices):
        NOTE = "note", "private note"
        ACTIVITY = "activity"

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="remarks")
    number = models.PositiveIntegerField()
    after = models.PositiveIntegerField(help_text="Sequence number of the message below which it stands")
    kind = models.CharField(max_length=8, choices=Kind)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, help_text="Who wrote or did it")
    body = models.TextField()
    client_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet["Remark"].as_manager()

    class Meta:
        ordering = ["conversation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="one_remark_per_number"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_remark_per_client_id"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}: {self.body[:60]}"


class Mention(models.Model):
    """A colleague who is called to a note."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    remark = models.ForeignKey(Remark, models.CASCADE, related_name="mentions")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["Mention"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["remark", "user"], name="one_mention_per_person")]
        indexes = [models.Index(fields=["user", "conversation"], name="mentions_of")]

    def __str__(self) -> str:
        return f"{self.user} in {self.remark_id}"


class Generation(models.Model):
    """How the assistant came to one reply: what it read, what it decided, which experts it used."""

    class Act(models.TextChoices):
        ANSWER = "answer"
        ASK = "ask"
        ACT = "act", "do something for the customer"
        REFUSE = "refuse"
        HAND_OFF = "hand_off"

    class Traces(models.IntegerChoices):
        NEW = 0, "not counted yet"
        COUNTED = 1, "counted"
        DELETED = 2, "counted and deleted"

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
    sureness = models.FloatField(
        null=True, blank=True, help_text="Probability that what would be quoted answers, if passages were read"
    )
    objections = models.JSONField(default=list, blank=True, help_text="What spoke against sentences that were not sent")
    categories = models.JSONField(default=dict, blank=True, help_text="Triage's probability of each category")
    grounds = models.JSONField(default=list, blank=True, help_text="The passages that its sentences rest on")
    reading = models.BinaryField(default=b"", help_text="RoutingTrace of the customer's words")
    routing = models.BinaryField(default=b"", help_text="RoutingTrace of prompt and reply; empty without generation")
    traces = models.PositiveSmallIntegerField(choices=Traces, default=Traces.NEW)
    prompt = models.JSONField(default=dict, blank=True, help_text="What the reply was written from, to write it again")
    retrieved = models.JSONField(default=list, blank=True, help_text="title, heading and nearness of what was found")
    trace_id = models.CharField(max_length=32, blank=True, help_text="Of its trace and its lines in the logs")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Generation"].as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(traces=0), name="uncounted_traces"),
            models.Index(fields=["created_at"], condition=Q(traces=1), name="counted_traces"),
            models.Index(fields=["created_at"], name="generations_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.act} ({self.reason})"


class Rating(models.Model):
    """What the customer thinks of a conversation, once it was resolved; 4 and 5 are positive."""

    class Of(models.TextChoices):
        BOT = "bot", "the assistant"
        PEOPLE = "people"

    SCORES: ClassVar[range] = range(1, 6)
    POSITIVE: ClassVar[int] = 4
    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="rating")
    score = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=1000, blank=True)
    of = models.CharField(max_length=6, choices=Of, help_text="Who answered the customer")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Rating"].as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="score_from_1_to_5")]

    def __str__(self) -> str:
        return f"{self.score} of 5"

    @property
    def is_open(self) -> bool:
        """Whether the customer may still change it."""
        return timezone.now() < self.created_at + RATING_OPEN


class TranscriptMail(models.Model):
    """A conversation that its customer wants by e-mail; written down first, sent after."""

    ATTEMPTS: ClassVar[int] = 5
    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="transcript_mails")
    client_id = models.UUIDField()
    email = models.EmailField()
    last_seq = models.PositiveIntegerField(help_text="Up to here it goes")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["TranscriptMail"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_transcript_mail_per_client_id")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at=None), name="due_transcript_mails")]

    def __str__(self) -> str:
        return f"{self.conversation_id} to {self.email}"


class EmailCopy(models.Model):
    """An agent's answer on its way to the customer's e-mail address, should nobody look at the chat."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits, the customer may look at the chat"
        SENDING = "sending", "being sent"
        SENT = "sent"
        SEEN = "seen", "not sent: the customer has seen it in the chat"
        FAILED = "failed", "could not be sent"

    workspace_path: ClassVar[str] = "message__conversation__workspace"

    message = models.OneToOneField(Message, models.CASCADE, related_name="email_copy")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True, editable=False)

    objects = ScopedQuerySet["EmailCopy"].as_manager()

    class Meta:
        verbose_name_plural = "e-mail copies"
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="due_email_copies")]

    def __str__(self) -> str:
        return f"{self.message_id} ({self.state})"
