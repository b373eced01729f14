"""A workspace's mailboxes, what came into them, and what goes out: each mail is written down before it is sent."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.channels.messengers.models import Arrival, Messenger, Part, Post, Thread
from supportbot.channels.trying import PROBLEM_LENGTH, Attempted
from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.models import Team, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal

__all__ = [
    "Arrival",
    "MailThread",
    "Mailbox",
    "Messenger",
    "OutgoingMail",
    "Part",
    "Post",
    "ReceivedMail",
    "Thread",
]

PORT = (MinValueValidator(1), MaxValueValidator(65_535))
FOLDER = RegexValidator(r'^[^"\\\x00-\x1f\x7f-\uffff]+$', "Write the folder's name in plain letters, as INBOX.")


def new_token() -> str:
    """What stands in the subject of a conversation's mails, for programs that drop its references."""
    return secrets.token_hex(4)


class Mailbox(models.Model):
    """An address of the workspace: mails to it are read by IMAP, answers go out by SMTP."""

    class Security(models.TextChoices):
        TLS = "tls", "TLS"
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", "none, within a network of your own"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="mailboxes")
    address = models.EmailField(help_text="To which customers write, and from which they are answered")
    sender = models.CharField(
        "sender's name", max_length=100, blank=True, help_text="That customers see; empty is the workspace's"
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="mailboxes", help_text="Gets new conversations"
    )
    enabled = models.BooleanField(default=True, help_text="Whether mails are read and sent")
    imap_host = models.CharField("IMAP host", max_length=200)
    imap_port = models.PositiveIntegerField("IMAP port", default=993, validators=PORT)
    imap_security = models.CharField("IMAP security", max_length=8, choices=Security, default=Security.TLS)
    imap_user = models.CharField("IMAP user", max_length=200)
    sealed_imap_password = models.TextField(editable=False)
    folder = models.CharField(max_length=100, default="INBOX", validators=[FOLDER], help_text="That is read")
    smtp_host = models.CharField("SMTP host", max_length=200)
    smtp_port = models.PositiveIntegerField("SMTP port", default=587, validators=PORT)
    smtp_security = models.CharField("SMTP security", max_length=8, choices=Security, default=Security.STARTTLS)
    smtp_user = models.CharField("SMTP user", max_length=200, blank=True, help_text="Empty: the server asks for none")
    sealed_smtp_password = models.TextField(blank=True, editable=False)
    problem = models.CharField(max_length=PROBLEM_LENGTH, blank=True, editable=False)
    problem_at = models.DateTimeField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField("last read", null=True, blank=True, editable=False)
    due_at = models.DateTimeField(default=timezone.now, editable=False, help_text="When it is read next")
    uid_validity = models.BigIntegerField(default=0, editable=False, help_text="For which its numbers hold")
    last_uid = models.BigIntegerField(default=0, editable=False, help_text="Up to here it was read")
    created_at = models.DateTimeField(default=timezone.now, editable=False, help_text="Older mails are not read")

    objects = ScopedQuerySet["Mailbox"].as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        ordering = ["address"]
        constraints = [models.UniqueConstraint(fields=["workspace", "address"], name="one_mailbox_per_address")]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        """The team is of the workspace."""
        if self.team and self.workspace_id and self.team.workspace_id != self.workspace_id:
            raise ValidationError({"team": "Choose a team of this workspace."})

    @property
    def imap_password(self) -> str:
        """What the IMAP user signs in with."""
        return unseal(self.sealed_imap_password)

    @imap_password.setter
    def imap_password(self, password: str) -> None:
        self.sealed_imap_password = seal(password)

    @property
    def smtp_password(self) -> str:
        """What the SMTP user signs in with, if there is one."""
        return unseal(self.sealed_smtp_password) if self.sealed_smtp_password else ""

    @smtp_password.setter
    def smtp_password(self, password: str) -> None:
        self.sealed_smtp_password = seal(password) if password else ""

    def note_problem(self, problem: str) -> None:
        """Tell administrators what does not work; an empty text: it works."""
        at = timezone.now() if problem else None
        Mailbox.objects.filter(pk=self.pk).update(problem=problem[:PROBLEM_LENGTH], problem_at=at)


class MailThread(models.Model):
    """What a conversation of the channel `email` is as mails: from where it is answered, and under which subject."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="mail_thread")
    mailbox = models.ForeignKey(Mailbox, models.SET_NULL, null=True, related_name="threads")
    subject = models.CharField(max_length=200, blank=True)
    token = models.CharField(max_length=8, default=new_token, db_index=True)

    objects = ScopedQuerySet["MailThread"].as_manager()

    def __str__(self) -> str:
        return self.subject or self.token


class ReceivedMail(models.Model):
    """A mail that was read, and what became of it. The mail itself stays in the mailbox."""

    class State(models.TextChoices):
        MESSAGE = "message"
        AUTOMATIC = "automatic"
        BOUNCE = "bounce", "not delivered"
        ASIDE = "aside", "kept aside"

    KEPT: ClassVar[timedelta] = timedelta(days=30)
    workspace_path: ClassVar[str] = "mailbox__workspace"

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="received")
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="received_mails")
    message = models.OneToOneField(Message, models.SET_NULL, null=True, related_name="received_mail")
    rfc_id = models.CharField("Message-ID", max_length=255)
    sender = models.CharField("from", max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=PROBLEM_LENGTH, blank=True)
    created_at = models.DateTimeField("read at", default=timezone.now)

    objects = ScopedQuerySet["ReceivedMail"].as_manager()

    class Meta:
        verbose_name = "mail received"
        verbose_name_plural = "mails received"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["mailbox", "rfc_id"], name="one_mail_per_message_id")]
        indexes = [
            models.Index(fields=["rfc_id"], name="received_by_message_id"),
            models.Index(fields=["mailbox", "sender", "created_at"], name="received_by_sender"),
            models.Index(fields=["created_at"], condition=Q(conversation=None), name="received_by_age"),
        ]

    def __str__(self) -> str:
        return self.subject or self.rfc_id

    @classmethod
    def forget_old(cls) -> None:
        """Delete what led to no conversation, after a while; the rest goes with its conversation."""
        cls.objects.filter(conversation=None, created_at__lt=timezone.now() - cls.KEPT).delete()


class OutgoingMail(Attempted):
    """A message on its way to a customer; its Message-ID is the same in every try."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent"
        FAILED = "failed", "could not be sent"
        BOUNCED = "bounced", "was not delivered"

    workspace_path: ClassVar[str] = "message__conversation__workspace"

    message = models.OneToOneField(Message, models.CASCADE, related_name="outgoing_mail")
    rfc_id = models.CharField("Message-ID", max_length=255, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)

    objects = ScopedQuerySet["OutgoingMail"].as_manager()

    class Meta:
        verbose_name = "mail sent"
        verbose_name_plural = "mails sent"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "sending"]), name="outgoing_mails_due")
        ]

    def __str__(self) -> str:
        return self.rfc_id
