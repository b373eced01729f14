"""What analytics keeps beside the raw rows: a row for each case, their sums by day, and what a workspace chose.

A case is what the pages call a conversation: a stretch of one from the customer's first message until it is settled.
Everything here but `Preferences` can be deleted; the next sweep makes it anew.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.analytics.boards.models import Chart, Dashboard, Tile
from supportbot.analytics.datasets.models import Dataset, Forgotten, Upload
from supportbot.chat.models import Conversation
from supportbot.chat.versions.models import JOB_OPEN, JobState
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Member, User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

__all__ = ["Alert", "Case", "Chart", "Citation", "Dashboard", "Dataset", "Day", "Forgotten", "Gap", "Handler", "Mark"]
__all__ += ["Outcome", "Preferences", "Report", "Sweep", "Tile", "Topic", "Upload", "VersionEvaluation"]
WEEK = 7  # days


class Mark(models.Model):
    """A conversation that was changed since its cases were made; triggers write it with the change itself."""

    id = models.BigAutoField(primary_key=True)
    conversation_id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.conversation_id)


class Sweep(models.Model):
    """The one row that a sweep locks, so that there is but one at a time."""

    def __str__(self) -> str:
        return "sweep"


class Preferences(models.Model):
    """What a workspace's administrators chose for analytics, and the time zone of its days as they stand now."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="analytics")
    minute_cost = models.DecimalField(
        "cost of an agent’s minute",
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="From which the cost of a conversation is reckoned; empty shows none",
    )
    currency = models.CharField(max_length=3, default="£")
    teams_only = models.BooleanField(
        "teams only", default=False, help_text="The page of agents and teams shows no single agent"
    )
    zone = models.CharField(max_length=50, blank=True, editable=False, help_text="Of which the days are")
    gaps_at = models.DateTimeField(null=True, editable=False, help_text="When content gaps were last looked for")

    objects = ScopedQuerySet["Preferences"].as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "analytics settings"

    def __str__(self) -> str:
        return f"Analytics settings of {self.workspace}"

    @classmethod
    def of(cls, workspace: Workspace) -> Preferences:
        """The workspace's own, or the usual ones where no sweep has made a row yet."""
        return cls.objects.in_workspace(workspace).first() or cls(workspace=workspace)

    @property
    def minute(self) -> float:
        """The cost of an agent's minute; 0 where none is set."""
        return float(self.minute_cost or 0)


class Citation(models.Model):
    """An article under the bot's replies of one case, and what became of it; made anew with the case."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    day = models.DateField(help_text="Of the case")
    conversation_id = models.UUIDField(db_index=True)
    number = models.PositiveSmallIntegerField(help_text="Of the case")
    url = models.CharField(max_length=500)
    title = models.CharField(max_length=200)
    resolved = models.PositiveSmallIntegerField(help_text="1: the bot resolved the case")
    handed_off = models.PositiveSmallIntegerField(help_text="1: people got it")
    helped = models.PositiveSmallIntegerField(default=0, help_text="Answers with it of which the customer said so")
    did_not_help = models.PositiveSmallIntegerField(default=0)

    objects = ScopedQuerySet["Citation"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "day"], name="citations_of_day")]

    def __str__(self) -> str:
        return self.title


class Gap(models.Model):
    """Questions alike that no article answered. It has their messages' ids alone, so that what is erased is gone."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    size = models.PositiveIntegerField(help_text="How many questions")
    messages = models.JSONField(help_text="Their ids, the one that is nearest to all first")
    article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="+", help_text="That comes nearest")
    nearness = models.FloatField(null=True, help_text="Cosine of its passage")

    objects = ScopedQuerySet["Gap"].as_manager()

    class Meta:
        ordering: ClassVar = ["-size", "id"]

    def __str__(self) -> str:
        return f"{self.size} questions"


class Topic(models.Model):
    """Messages alike of which the routing does not fit their category; as with a gap, only their messages' ids."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    size = models.PositiveIntegerField(help_text="How many messages")
    messages = models.JSONField(help_text="Their ids, the one that is nearest to all first")
    name = models.CharField(max_length=40, blank=True, help_text="From their own words; empty where these share none")
    nearest = models.CharField(max_length=40, help_text="The category that most of them are routed like")
    agreeing = models.PositiveIntegerField(help_text="How many of them are")
    is_dismissed = models.BooleanField(default=False, help_text="Comes back only if it grows")

    objects = ScopedQuerySet["Topic"].as_manager()

    class Meta:
        ordering: ClassVar = ["-size", "id"]

    def __str__(self) -> str:
        return self.name or f"{self.size} messages"


class Handler(models.TextChoices):
    """Who had a case in the end."""

    BOT = "bot", "the bot alone"
    PEOPLE = "people"


class Outcome(models.TextChoices):
    """How a case stands."""

    GOING = "going", "going on"
    CONFIRMED = "confirmed", "resolved by the bot, confirmed"
    ASSUMED = "assumed", "resolved by the bot, unchallenged"
    PEOPLE = "people", "resolved by people"
    LEFT = "left", "left without an answer"


class Case(models.Model):
    """One case: what it counts for, its times and who had it. Times are whole seconds."""

    DIMENSIONS: ClassVar = (
        *("channel", "category", "language", "handler", "team_id", "reason"),
        *("agent_id", "outcome", "weekday", "hour"),
    )
    SUMS: ClassVar = (
        *("conversations", "involved", "confirmed", "assumed", "by_people", "left", "going"),
        *("handed_off", "resolved", "reopened", "rated", "satisfied", "score_sum", "kept", "missed"),
        *("customer_messages", "bot_messages", "agent_messages", "agent_seconds"),
        *("helped", "did_not_help", "stopped"),
    )
    TIMES: ClassVar = ("first_s", "people_s", "resolution_s")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    day = models.DateField(help_text="On which the cases began, where the workspace is")
    channel = models.CharField(
        max_length=10, choices=Conversation.Channel, default=Conversation.Channel.WIDGET, db_default="widget"
    )
    category = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True)
    handler = models.CharField(max_length=6, choices=Handler)
    team_id = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True, help_text="Of the first hand-over")

    conversations = models.PositiveIntegerField(default=1)
    involved = models.PositiveIntegerField(default=0, help_text="With which the bot dealt")
    confirmed = models.PositiveIntegerField(default=0)
    assumed = models.PositiveIntegerField(default=0)
    by_people = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    going = models.PositiveIntegerField(default=0)
    handed_off = models.PositiveIntegerField(default=0)
    resolved = models.PositiveIntegerField(default=0, help_text="Resolved at any time, also if reopened since")
    reopened = models.PositiveIntegerField(default=0, help_text="In which the customer wrote again after that")
    rated = models.PositiveIntegerField(default=0)
    satisfied = models.PositiveIntegerField(default=0, help_text="With 4 or 5")
    score_sum = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0, help_text="SLA clocks that ended in time")
    missed = models.PositiveIntegerField(default=0)
    customer_messages = models.PositiveIntegerField(default=0)
    bot_messages = models.PositiveIntegerField(default=0)
    agent_messages = models.PositiveIntegerField(default=0)
    agent_seconds = models.PositiveIntegerField(default=0)
    helped = models.PositiveIntegerField(default=0, help_text="Answers of which the customer said so")
    did_not_help = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0, help_text="Sentences that nothing supported")

    conversation_id = models.UUIDField(help_text="No foreign key: the case has to outlive it until its day is summed")
    number = models.PositiveSmallIntegerField(help_text="Among those of its conversation, from 1")
    began_at = models.DateTimeField()
    hour = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField(help_text="Monday is 0")
    outcome = models.CharField(max_length=10, choices=Outcome)
    agent_id = models.BigIntegerField(null=True, blank=True, help_text="Who wrote last, else who has it")
    first_s = models.PositiveIntegerField(null=True, blank=True, help_text="To the first answer of anybody")
    people_s = models.PositiveIntegerField(null=True, blank=True, help_text="From the hand-over to a person's answer")
    resolution_s = models.PositiveIntegerField(null=True, blank=True, help_text="To the last resolution")
    with_people_at = models.DateTimeField(null=True, blank=True, help_text="When people first had it")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it goes on")
    settles_at = models.DateTimeField(null=True, blank=True, help_text="When time alone will change its outcome")

    objects = ScopedQuerySet["Case"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation_id", "number"], name="one_case_per_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "day", "began_at"], name="cases_of_day"),
            models.Index(fields=["settles_at"], condition=Q(settles_at__isnull=False), name="cases_to_settle"),
            models.Index(
                fields=["workspace", "ended_at"], condition=Q(with_people_at__isnull=False), name="cases_of_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.number}: {self.outcome}"


class Day(models.Model):
    """The cases of one day, packed as columns of numbers, from which all figures are reckoned (`columns.py`)."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    day = models.DateField(help_text="On which the cases began, where the workspace is")
    values = models.JSONField(help_text="Of each dimension those that there are")
    numbers = models.BinaryField(help_text="A column for each field, deflated")

    objects = ScopedQuerySet["Day"].as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "day"], name="one_pack_per_day")]

    def __str__(self) -> str:
        return str(self.day)


class VersionEvaluation(models.Model):
    """A version of the model judged on the project's two companies, in a process of its own; it is of no workspace."""

    State = JobState
    OPEN: ClassVar = JOB_OPEN

    version = models.CharField(max_length=40, db_index=True)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    percent = models.PositiveSmallIntegerField(default=0)
    figures = models.JSONField(default=dict, help_text="As `benchmarks.evaluation` writes them")
    problem = models.TextField(blank=True, help_text="The end of its log")
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(default=timezone.now, help_text="When its worker was last heard of")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.version


class Report(models.Model):
    """The overview's figures by e-mail, every day or every week."""

    class Rhythm(models.TextChoices):
        DAILY = "daily", "every day, about the day before"
        WEEKLY = "weekly", "every Monday, about the week before"
        DIGEST = "digest", "every Monday, what changed, with conversations that show it"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="reports")
    rhythm = models.CharField(max_length=6, choices=Rhythm, default=Rhythm.WEEKLY)
    hour = models.PositiveSmallIntegerField(
        default=7, validators=[MaxValueValidator(23)], help_text="0 to 23, in the workspace’s time zone"
    )
    recipients = models.ManyToManyField(Member, related_name="+")
    next_at = models.DateTimeField(null=True, editable=False, help_text="Empty: to be set by the next sweep")

    objects = ScopedQuerySet["Report"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["next_at"], name="reports_due")]

    def __str__(self) -> str:
        return f"{self.get_rhythm_display().capitalize()}, at {self.hour:02}:00"


class Alert(models.Model):
    """A threshold of a figure; whoever is named gets an e-mail when it is passed, and again only after it was not."""

    class Side(models.TextChoices):
        ABOVE = "above"
        BELOW = "below"
        UNUSUAL = "unusual", "unusual, above or below"

    class Watched(models.TextChoices):
        BACKLOG = "backlog", "Backlog"
        CONVERSATIONS = "conversations", "Conversations"
        RESOLUTION = "resolution", "Resolved by the bot, %"
        HANDOVER = "handover", "Handed over, %"
        FIRST = "first", "First response, median in minutes"
        PEOPLE = "people", "First response of people, median in minutes"
        CSAT = "csat", "CSAT, %"
        SLA = "sla", "SLA met, %"
        REOPENED = "reopened", "Reopened, %"
        HELPED = "helped", "Answers that helped, %"
        ROUTING = "routing", "Expert routing, open alarms"
        CHART = "chart", "A saved chart’s figure"

    AS_OF_NOW: ClassVar = (Watched.BACKLOG, Watched.ROUTING)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="alerts")
    figure = models.CharField(max_length=13, choices=Watched)
    chart = models.ForeignKey(
        Chart,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alerts",
        help_text="Whose figure; it has its own days, shares in per cent and times in minutes",
    )
    side = models.CharField(
        max_length=7,
        choices=Side,
        help_text="Unusual: far from the median of the same weekdays in the 8 weeks before",
    )
    threshold = models.FloatField(
        validators=[MinValueValidator(0)],
        help_text="In the unit of the figure. If unusual: how many times farther from the median than usual; 4 is a "
        "good start, less tells of more",
    )
    days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="Of how many days, with today. If unusual: of the last 1 to 7 that are settled",
    )
    recipients = models.ManyToManyField(Member, related_name="+")
    raised_at = models.DateTimeField("passed since", null=True, editable=False)
    told_on = models.DateField(null=True, editable=False, help_text="So that the unusual is told once a day at most")
    checked_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedQuerySet["Alert"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["checked_at"], name="alerts_to_check")]

    def __str__(self) -> str:
        by = " by" if self.side == self.Side.UNUSUAL else ""
        return f"{self.watched} {self.side}{by} {self.threshold:g}"

    @property
    def watched(self) -> str:
        """What it looks at, in words."""
        return str(self.chart) if self.chart else self.get_figure_display()

    def clean(self) -> None:
        """What has no history is never unusual; a chart is named where one is meant."""
        if (self.figure == self.Watched.CHART) != (self.chart is not None):
            raise ValidationError({"chart": "Choose a chart if its figure is watched, and only then."})
        if self.side != self.Side.UNUSUAL:
            return
        if self.figure in (*self.AS_OF_NOW, self.Watched.CHART):
            name = self.get_figure_display()
            raise ValidationError({"figure": f"{name} has no history to compare with. Choose above or below."})
        if self.days and self.days > WEEK:
            raise ValidationError({"days": "Choose at most 7 days; they are compared with those of other weeks."})
        if self.threshold is not None and self.threshold < 1:
            raise ValidationError({"threshold": "Choose at least 1; below that every day is unusual."})
