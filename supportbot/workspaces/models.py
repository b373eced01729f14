"""Tenants, the people who work in them, and the record of what they did. Knows nothing of conversations."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from supportbot.workspaces.deletion import Deletion
from supportbot.workspaces.experts import ExpertSetting
from supportbot.workspaces.hours import Hours
from supportbot.workspaces.invitation import Invitation
from supportbot.workspaces.role import ADMINISTERING, HELP, Role
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal
from supportbot.workspaces.sessions import Login
from supportbot.workspaces.sign_on.provider import SignOn

__all__ = [
    "Assignment",
    "AuditEntry",
    "Deletion",
    "ExpertSetting",
    "HiddenPattern",
    "Holiday",
    "Invitation",
    "Login",
    "Member",
    "OpeningTime",
    "ProactiveMessage",
    "SignOn",
    "Team",
    "User",
    "Workspace",
]

ONLINE_FOR = timedelta(seconds=60)


def public_key() -> str:
    """A new public widget key."""
    return f"pk_{secrets.token_urlsafe(18)}"


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail in any case of letters."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user who logs in with this e-mail."""
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user; without a password nobody can log in."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in, with an e-mail address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep one spelling of each address, and let who signs in be reached there: whoever gave it vouches for it."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)
        fields = kwargs.get("update_fields")
        if fields is None or "email" in fields:
            self._vouch()

    def _vouch(self) -> None:
        """allauth's row of the address; the only one, but for one to which it is about to change."""
        known = EmailAddress.objects.filter(user=self)
        if not known.filter(email=self.email, primary=True, verified=True).exists():
            known.filter(Q(primary=True) | Q(email=self.email)).delete()
            EmailAddress.objects.create(user=self, email=self.email, primary=True, verified=True)

    def get_full_name(self) -> str:
        """The name as the admin shows it."""
        return str(self)

    def get_short_name(self) -> str:
        """The first name, as a customer sees it."""
        return str(self).split()[0].split("@")[0]

    def administers(self) -> models.QuerySet[Workspace]:
        """The workspaces whose admin pages the user may open: all for a superuser."""
        if not self.is_active:
            return Workspace.objects.none()
        if self.is_superuser:
            return Workspace.objects.open()
        return Workspace.objects.open().filter(members__user=self, members__role__in=ADMINISTERING)

    @cached_property
    def is_administrator(self) -> bool:
        """Whether the admin is open to the user at all."""
        return self.is_active and (self.is_superuser or self.administers().exists())


class Assignment(models.TextChoices):
    """How agents get what waits for a person."""

    OFF = "off", "agents take it themselves"
    ROUND_ROBIN = "round_robin", "in turn"
    LEAST_LOAD = "least_load", "to who has least"


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    """Tenants by whether they are open."""

    def open(self) -> WorkspaceQuerySet:
        """All but those whose deletion was asked for: nobody chats or works there."""
        return self.filter(closed_at=None)


class Workspace(models.Model):
    """A tenant: one shop with its own knowledge, people and conversations."""

    class Details(models.TextChoices):
        NOTHING = "", "nothing"
        NAME = "name"
        EMAIL = "email", "e-mail address"
        BOTH = "name email", "name and e-mail address"

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    key = models.CharField("public widget key", max_length=40, unique=True, default=public_key)
    settings = models.JSONField(default=dict, blank=True, help_text="Slot by slot, what a reply may say")
    colour = models.CharField(max_length=7, default="#1c2420")
    greeting = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10, default="en")
    allowed_origins = models.JSONField(
        default=list, blank=True, help_text='Where the widget may stand; "*" is anywhere, empty is this host only'
    )
    hand_off_below = models.FloatField(
        null=True, blank=True, help_text="Confidence under which a person answers; empty is the checkpoint's own"
    )
    quote_from = models.FloatField(
        null=True,
        blank=True,
        help_text="Probability from which a passage answers in its own words; empty is the product's own",
    )
    reserved = models.JSONField(
        default=list, blank=True, help_text='Categories and intents that only people answer, as ["invoice", "complain"]'
    )
    time_zone = models.CharField(max_length=50, default="UTC", help_text="Of the business hours, as Europe/London")
    assignment = models.CharField(
        max_length=12,
        choices=Assignment,
        default=Assignment.OFF,
        help_text="To agents who are there, not away, and have less than their capacity",
    )
    routing_days_kept = models.PositiveSmallIntegerField(
        "days that expert routing is kept",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Of each single reply; sums of each day stay",
    )
    hides_phones = models.BooleanField("hide phone numbers", default=False)
    hides_emails = models.BooleanField("hide e-mail addresses", default=False)
    asks_before = models.CharField(
        "asked before the chat",
        max_length=10,
        choices=Details,
        blank=True,
        help_text="Of who is not verified",
    )
    demands_before = models.BooleanField("without an answer there is no chat", default=False)
    requires_identity = models.BooleanField(
        "only verified customers may chat", default=False, help_text="Those for whom your site signs a token"
    )
    sealed_identity_secret = models.TextField(blank=True, editable=False)
    identity_secret_at = models.DateTimeField("identity secret made at", null=True, blank=True, editable=False)
    has_first_steps = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, editable=False, help_text="When its deletion was asked for")

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Where its clocks are."""
        return ZoneInfo(self.time_zone)

    @property
    def asked_before(self) -> list[str]:
        """What an unverified visitor is asked before the chat: `name`, `email`."""
        return self.asks_before.split()

    @property
    def identity_secret(self) -> str:
        """What the site signs its customers' tokens with; empty if there is none yet."""
        return unseal(self.sealed_identity_secret) if self.sealed_identity_secret else ""

    def renew_identity_secret(self, actor: User | None = None) -> str:
        """Make a new secret and save it; the only time that it is shown. What the old one signed is void at once."""
        secret = f"ids_{secrets.token_urlsafe(32)}"
        self.sealed_identity_secret, self.identity_secret_at = seal(secret), timezone.now()
        self.save(update_fields=["sealed_identity_secret", "identity_secret_at"])
        AuditEntry.objects.create(workspace=self, actor=actor, action="identity.secret_renewed", target=self.slug)
        return secret

    def hours(self) -> Hours | None:
        """The business hours of everybody; None where nobody has set any."""
        times, holidays = self.opening_times.filter(team=None), self.holidays.filter(team=None)
        return _hours(self.zone, times, holidays)

    def agents_online(self) -> int:
        """How many people have the inbox open now and are not away."""
        return self.members.present().count()


def _hours(zone: ZoneInfo, times: QuerySet[OpeningTime], holidays: QuerySet[Holiday]) -> Hours | None:
    week = list(times.values_list("weekday", "opens", "closes"))
    return Hours(zone, week, frozenset(holidays.values_list("day", flat=True))) if week else None


class MemberQuerySet(ScopedQuerySet["Member"]):
    """Members by what they do, and whether they are at work."""

    def working(self) -> MemberQuerySet:
        """Who can have a conversation: everybody but viewers."""
        return self.filter(user__is_active=True).exclude(role=Member.Role.VIEWER)

    def present(self) -> MemberQuerySet:
        """Who has the inbox open and is not away."""
        now = timezone.now()
        is_here = models.Q(is_away=False) | models.Q(back_at__lte=now)
        return self.working().filter(is_here, seen_at__gt=now - ONLINE_FOR)


class Member(models.Model):
    """A user's place in a workspace."""

    Role = Role

    class Digest(models.TextChoices):
        OFF = "off"
        HOURLY = "hourly", "at most hourly"
        DAILY = "daily", "at most daily"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT, help_text=HELP)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life from an open inbox")
    is_away = models.BooleanField("away", default=False, help_text="Gets nothing automatically")
    back_at = models.DateTimeField(null=True, blank=True, help_text="When being away ends by itself")
    capacity = models.PositiveSmallIntegerField(
        default=5, help_text="Open conversations up to which more are assigned automatically"
    )
    skills = models.JSONField(
        "categories", default=list, blank=True, help_text='Assigned automatically, as ["delivery"]; empty is any'
    )
    assigned_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Last automatic assignment")

    digest = models.CharField(
        "e-mail digest",
        max_length=6,
        choices=Digest,
        default=Digest.DAILY,
        help_text="Of what waits meanwhile",
    )
    digest_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="The last digest")
    digest_due_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Before then there is none")

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def is_away_now(self) -> bool:
        """Whether they are away, and not back by now."""
        return self.is_away and (self.back_at is None or self.back_at > timezone.now())


class Team(models.Model):
    """Members who look after the same conversations."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="teams")
    name = models.CharField(max_length=60)
    members = models.ManyToManyField(Member, related_name="teams", blank=True)
    assignment = models.CharField(
        max_length=12, choices=Assignment, blank=True, help_text="Among its members; empty is as the workspace"
    )
    time_zone = models.CharField(
        max_length=50, blank=True, help_text="Of business hours of its own; empty is as the workspace"
    )

    objects = ScopedQuerySet["Team"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name

    def hours(self) -> Hours | None:
        """Its own business hours in its zone, else those of the workspace; its holidays come to the workspace's."""
        shared = self.workspace.holidays.filter(team=None)
        if self.opening_times.exists():
            zone = ZoneInfo(self.time_zone) if self.time_zone else self.workspace.zone
            return _hours(zone, self.opening_times.all(), shared | self.holidays.all())
        times = self.workspace.opening_times.filter(team=None)
        return _hours(self.workspace.zone, times, shared | self.holidays.all())


class InCalendar(models.Model):
    """A row of the calendar of a workspace, or of one of its teams."""

    workspace: models.ForeignKey[Workspace]
    team: models.ForeignKey[Team | None]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What is a team's is of the team's workspace."""
        if self.team:
            self.workspace = self.team.workspace
        super().save(*args, **kwargs)


class OpeningTime(InCalendar):
    """One span of a weekday in which people answer; a day may have several."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="opening_times")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="opening_times")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField(help_text="00:00 is midnight at the end of the day")

    objects = ScopedQuerySet["OpeningTime"].as_manager()

    class Meta:
        ordering = ["weekday", "opens"]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Holiday(InCalendar):
    """A day on which nobody answers, whatever the weekday."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="holidays")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=60, blank=True)

    objects = ScopedQuerySet["Holiday"].as_manager()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "day"], condition=Q(team=None), name="one_holiday_per_day"),
            models.UniqueConstraint(fields=["team", "day"], name="one_holiday_per_team_and_day"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.day:%d %B %Y}"


class HiddenPattern(models.Model):
    """What else this workspace hides in the messages of its customers, before they are saved."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="hidden_patterns")
    name = models.SlugField(max_length=30, help_text="Stands in the message instead, as [member-number hidden]")
    pattern = models.CharField(max_length=200, help_text=r"A regular expression, as \bM-\d{6}\b")

    objects = ScopedQuerySet["HiddenPattern"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_hidden_pattern_per_name")]

    def __str__(self) -> str:
        return self.name


class ProactiveMessage(models.Model):
    """A few words that the widget says by itself beside its launcher, once to each visitor."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="proactive_messages")
    text = models.CharField(max_length=200)
    page = models.CharField(
        max_length=200, default="*", help_text="Path of the page, as /lamps/*; * stands for anything, also for a part"
    )
    after = models.PositiveSmallIntegerField("seconds on the page", default=10)
    visits = models.PositiveSmallIntegerField("from visit", default=1, help_text="A visit lasts until the browser ends")
    is_active = models.BooleanField(default=True)

    objects = ScopedQuerySet["ProactiveMessage"].as_manager()

    class Meta:
        ordering = ["after", "id"]

    def __str__(self) -> str:
        return self.text


class AuditEntry(models.Model):
    """Who did what, kept for good."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=100, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["AuditEntry"].as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
