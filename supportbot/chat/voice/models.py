"""The voice of a workspace, one row for each. Knows no texts."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

LINE_LIMIT = 300  # characters


class Voice(models.Model):
    """How a workspace writes to its customers."""

    class Tone(models.TextChoices):
        FRIENDLY = "friendly"
        NEUTRAL = "neutral"
        FORMAL = "formal"

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="voice")
    tone = models.CharField("form of address", max_length=8, choices=Tone, default=Tone.NEUTRAL)
    opening = models.CharField("opening line", max_length=LINE_LIMIT, blank=True)
    closing = models.CharField("closing line", max_length=LINE_LIMIT, blank=True)
    words = models.JSONField(default=list, help_text="Pairs: what is avoided, and what is written instead, if anything")
    longest_sentence = models.PositiveSmallIntegerField(
        "words in a sentence, at most", null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(100)]
    )
    longest_reply = models.PositiveSmallIntegerField(
        "words in a reply, at most", null=True, blank=True, validators=[MinValueValidator(20), MaxValueValidator(600)]
    )

    objects = ScopedQuerySet["Voice"].as_manager()

    def __str__(self) -> str:
        return f"The voice of {self.workspace}"
