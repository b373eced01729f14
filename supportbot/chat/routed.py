"""What is kept of the experts' work: sums of each day for ever, a line to find each reply again, alarms, what-ifs."""

from __future__ import annotations

import zlib
from typing import ClassVar

import numpy as np
from django.db import models
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

MILLION = 1_000_000  # shares are whole numbers of it, so that sums are exact in any order
TRACES = ("generation__reading", "generation__routing")  # from `Routed`; lists of many do without them


def width(experts: int) -> int:
    """How many numbers a row's `sums` have."""
    return 3 * experts + experts * (experts - 1) // 2


def pack(sums: NDArray[np.int64]) -> bytes:
    """Sums as they are kept."""
    return zlib.compress(sums.astype("<i8").tobytes(), 1)


def unpack(data: bytes | memoryview) -> NDArray[np.int64]:
    """The opposite of `pack`."""
    return np.frombuffer(zlib.decompress(data), "<i8").astype(np.int64)


class RoutingDay(models.Model):
    """The routing of one category's messages on one day (UTC), summed; nobody's words or data.

    `sums` holds whole numbers, packed. E experts: the sum of the messages' shares of the router's weight in millionths
    [E], how many messages each led [E], how often a token chose it in any layer [E], and how often a token chose both
    of two, for each pair 0-1, 0-2, ... [E * (E - 1) / 2].
    """

    class Stretch(models.TextChoices):
        WORDS = "words", "customer’s words"
        REPLY = "reply", "replies"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="routing_days")
    day = models.DateField()
    version = models.CharField(max_length=40)
    stretch = models.CharField(max_length=5, choices=Stretch)
    category = models.CharField(max_length=40)
    messages = models.PositiveIntegerField(default=0)
    strays = models.PositiveIntegerField(default=0, help_text="Messages whose routing does not fit their category")
    experts = models.PositiveSmallIntegerField()
    sums = models.BinaryField()

    objects = ScopedQuerySet["RoutingDay"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "version", "stretch", "category"], name="one_sum_per_day_and_category"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.category} ({self.stretch})"


class Routed(models.Model):
    """One counted reply, small enough to find it by its expert without reading a trace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    generation = models.OneToOneField("chat.Generation", models.CASCADE, related_name="routed")
    leader = models.PositiveSmallIntegerField(null=True, help_text="The expert with most of the reply's weight")
    nearest = models.CharField(max_length=40, blank=True, help_text="The category that the words' routing is most like")
    gap = models.FloatField(default=0, help_text="How much more like it than like its own, in bits")
    is_stray = models.BooleanField(default=False, help_text="It fits another category clearly better")

    objects = ScopedQuerySet["Routed"].as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "leader", "-generation"], name="replies_of_an_expert"),
            models.Index(fields=["workspace", "-generation"], condition=Q(is_stray=True), name="stray_messages"),
        ]

    def __str__(self) -> str:
        return f"reply {self.generation_id}, led by expert {self.leader}"


class RoutingAlert(models.Model):
    """A figure of the routing that is past its threshold, from the day on which that was seen until it was over."""

    class Kind(models.TextChoices):
        CATEGORIES = "categories", "customers ask about other things than the model was trained on"
        CHANGE = "change", "customers ask about other things than before"
        ROUTING = "routing", "messages of a category go to other experts than in training"
        DEAD = "dead", "an expert has next to no work"
        OVERLOADED = "overloaded", "an expert has far more work than the others"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="routing_alerts")
    version = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=40, blank=True, help_text="The expert's number, if it is about one")
    value = models.FloatField()
    threshold = models.FloatField()
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["RoutingAlert"].as_manager()

    class Meta:
        ordering = ["kind", "subject"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "subject"], condition=Q(until=None), name="one_open_routing_alert"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class WhatIf(models.Model):
    """A reply written once more with some experts switched off, as an administrator wanted to see."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    workspace_path: ClassVar[str] = "generation__message__conversation__workspace"

    generation = models.ForeignKey("chat.Generation", models.CASCADE, related_name="what_ifs")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True)
    title = models.CharField(max_length=120)
    off = models.JSONField(help_text="Numbers of the experts")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    usual = models.TextField(blank=True)
    changed = models.TextField(blank=True)
    usual_logprob = models.FloatField(null=True, help_text="Of the usual reply, mean of its tokens")
    changed_logprob = models.FloatField(null=True, help_text="Of the changed reply")
    recited_logprob = models.FloatField(null=True, help_text="Of the usual reply's tokens without the experts")
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["WhatIf"].as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title
