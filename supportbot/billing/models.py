"""Plans that an operator offers, which workspace has which, what it has used, and what it paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.billing.periods import Period, period_at
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal

CURRENCY = RegexValidator(r"^[A-Z]{3}$", "Write three capital letters, as EUR.")


class Plan(models.Model):
    """What a workspace may use, and its price. What no allowance names is unlimited."""

    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=200, blank=True, help_text="One line for who chooses")
    price = models.DecimalField("price a month", max_digits=10, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, default="EUR", validators=[CURRENCY])
    is_default = models.BooleanField(
        "for workspaces without a subscription",
        default=False,
        help_text="At most one; without such a plan they have no limits",
    )
    is_offered = models.BooleanField("owners may choose it", default=False)
    position = models.PositiveSmallIntegerField(default=0, help_text="Its place among the plans that are offered")
    stripe_price = models.CharField(
        "Stripe price", max_length=100, blank=True, help_text="The id of a monthly price, as price_…"
    )

    class Meta:
        ordering = ["position", "price", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="one_default_plan",
                violation_error_message="Another plan is for workspaces without a subscription.",
            ),
            models.UniqueConstraint(
                fields=["stripe_price"],
                condition=~Q(stripe_price=""),
                name="one_plan_per_price",
                violation_error_message="Another plan has this price of Stripe.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price_words(self) -> str:
        """As a page says it."""
        return f"{self.price:,.2f} {self.currency} a month" if self.price else "no charge"


class Allowance(models.Model):
    """How much of one kind a plan includes."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="allowances")
    kind = models.CharField(max_length=13, choices=Kind)
    included = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    soft_percent = models.PositiveSmallIntegerField(
        "tell from (%)",
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Of what is included; owners and administrators are told once in a period",
    )
    hard_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Beyond it there is no more; empty is no such limit"
    )
    overage = models.DecimalField(
        "price of each beyond", max_digits=10, decimal_places=4, default=0, help_text="What is included is not charged"
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "kind"], name="one_allowance_per_kind")]

    def __str__(self) -> str:
        return f"{self.included:,} {self.get_kind_display()}"

    def clean(self) -> None:
        """A limit below what is included would take back what was promised."""
        if self.hard_limit is not None and self.included and self.hard_limit < self.included:
            raise ValidationError({"hard_limit": "The hard limit can't be below what is included."})

    def beyond(self, amount: float) -> float:
        """How much of it is to be charged; what the hard limit leaves to people is not."""
        most = amount if self.hard_limit is None else min(amount, self.hard_limit)
        return max(0.0, most - self.included)

    def charge(self, amount: float) -> Decimal:
        """What so much of it costs beyond the price of the plan."""
        return (Decimal(str(self.beyond(amount))) * self.overage).quantize(Decimal("0.01"))


class Subscription(models.Model):
    """The plan that a workspace has."""

    class State(models.TextChoices):
        TRIAL = "trial"
        ACTIVE = "active"
        PAST_DUE = "past_due", "past due"
        CANCELLED = "cancelled"

    class Provider(models.TextChoices):
        MANUAL = "manual", "invoices by hand"
        STRIPE = "stripe", "Stripe"

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="subscription")
    plan = models.ForeignKey(Plan, models.RESTRICT, related_name="subscriptions")
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE)
    provider = models.CharField(max_length=6, choices=Provider, default=Provider.MANUAL)
    started_on = models.DateField(
        "periods begin on the day of", default=timezone.localdate, help_text="Each period is a month from there, by UTC"
    )
    ends_on = models.DateField(
        null=True, blank=True, help_text="First day without the plan: after a trial, or after it was cancelled"
    )
    customer = models.CharField("Stripe customer", max_length=50, blank=True, editable=False)
    external_id = models.CharField("Stripe subscription", max_length=50, blank=True, editable=False)
    billed_until = models.DateField(null=True, editable=False, help_text="First day of what is not billed yet")
    synced_at = models.DateTimeField(null=True, editable=False, help_text="When Stripe was asked for what stands here")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Subscription"].as_manager()

    class Meta:
        ordering = ["workspace__name"]

    def __str__(self) -> str:
        return f"{self.plan} of {self.workspace}"

    def holds(self, day: date) -> bool:
        """Whether the workspace has the plan on this day; one that is past due keeps it until somebody cancels."""
        is_over = self.ends_on is not None and self.ends_on <= day
        return not is_over and (self.state != self.State.CANCELLED or self.ends_on is not None)

    def period(self, day: date) -> Period:
        """The one in which the day lies."""
        return period_at(day, self.started_on)


class Usage(models.Model):
    """How much of a kind a workspace used on a day of UTC: what happened, or the most that was there.

    Days and not periods, for a subscription may begin on any day, and move.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="usage")
    kind = models.CharField(max_length=13, choices=Kind)
    day = models.DateField()
    amount = models.PositiveBigIntegerField(default=0, help_text="Of model minutes: milliseconds")

    objects = ScopedQuerySet["Usage"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind", "day"], name="one_usage_per_day")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.day}"


class Meter(models.Model):
    """Up to when everything is counted; one row."""

    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"counted until {self.until}"


class Notice(models.Model):
    """What administrators were told of a kind in a period, so that they are told once."""

    class Level(models.TextChoices):
        SOFT = "soft", "much of the plan is used"
        HARD = "hard", "the plan's limit is reached"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="usage_notices")
    kind = models.CharField(max_length=13, choices=Kind)
    level = models.CharField(max_length=4, choices=Level)
    period_start = models.DateField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Notice"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind", "level", "period_start"], name="one_notice_per_period")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(mailed_at=None), name="notices_to_mail")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.level}"

    @property
    def can_be_hidden(self) -> bool:
        """What hands conversations to people stays in sight; seats that are all taken are no alarm."""
        return self.level == self.Level.SOFT or self.kind in (Kind.SEATS, Kind.KNOWLEDGE)


class Invoice(models.Model):
    """What a workspace is to pay, written by the operator or by Stripe."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft, not shown to the owner"
        OPEN = "open", "to be paid"
        PAID = "paid"
        VOID = "void", "withdrawn"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invoices")
    number = models.CharField(max_length=60)
    issued_on = models.DateField(default=timezone.localdate)
    text = models.CharField(max_length=200, blank=True, help_text="What it is for, as 'Team, November 2026'")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR", validators=[CURRENCY])
    state = models.CharField(max_length=5, choices=State, default=State.OPEN)
    paid_on = models.DateField(null=True, blank=True)
    address = models.URLField(max_length=500, blank=True, help_text="Where the owner sees or pays it")
    external_id = models.CharField(max_length=50, blank=True, editable=False)

    objects = ScopedQuerySet["Invoice"].as_manager()

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="one_invoice_per_number"),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="one_invoice_per_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        """What is paid was paid on a day, and only that."""
        if (self.state == self.State.PAID) != (self.paid_on is not None):
            raise ValidationError({"paid_on": "Name the day of the payment if it is paid, and only then."})


class StripeAccount(models.Model):
    """The operator's account at Stripe; one row, without which nothing of Stripe is shown."""

    sealed_key = models.TextField(editable=False)
    sealed_webhook_secret = models.TextField(editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    ONLY: ClassVar[int] = 1

    class Meta:
        verbose_name = "Stripe account"

    def __str__(self) -> str:
        return "Stripe account"

    @property
    def key(self) -> str:
        """The secret API key."""
        return unseal(self.sealed_key)

    @key.setter
    def key(self, key: str) -> None:
        self.sealed_key = seal(key)

    @property
    def webhook_secret(self) -> str:
        """What Stripe signs its events with."""
        return unseal(self.sealed_webhook_secret)

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self.sealed_webhook_secret = seal(secret)


class StripeEvent(models.Model):
    """An event that was handled; it comes again now and then."""

    event_id = models.CharField(max_length=60, unique=True)
    type = models.CharField(max_length=60)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return self.type
