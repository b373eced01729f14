"""What a workspace knows: its help articles and its customers' orders. Knows nothing of conversations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from supportbot.knowledge import order_words
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Article(models.Model):
    """A page of the help centre, in Markdown with slots."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="articles")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=40)
    intents = models.JSONField(default=list, blank=True)
    body = models.TextField()
    embedding = models.BinaryField(default=b"", editable=False, help_text="float32, made when first needed")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Article"].as_manager()

    class Meta:
        ordering = ["category", "title"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="one_article_per_slug")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Forget the embedding: it belonged to the old text."""
        self.embedding = b""
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Its public page."""
        return f"/help/{self.workspace.slug}/{self.slug}/"


class Order(models.Model):
    """One order of the workspace's shop, as far as a reply may speak of it."""

    class State(models.TextChoices):
        PLACED = "placed"
        PACKING = "packing"
        SHIPPED = "shipped"
        LATE = "late"
        DELIVERED = "delivered"
        CANCELLED = "cancelled"
        REFUND_PENDING = "refund_pending"
        REFUND_PAID = "refund_paid"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="orders")
    number = models.CharField(max_length=20)
    state = models.CharField(max_length=20, choices=State)
    placed_on = models.DateField()
    due_on = models.DateField(help_text="Expected delivery; of a finished order the day it ended")
    items = models.CharField(max_length=300, help_text="A phrase, as 'a Brisk kettle and two linen pillowcases'")
    total = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="£")
    invoice_number = models.CharField(max_length=30)
    email = models.EmailField(blank=True, help_text="Of the customer; with the number it proves who asks")
    delivery_address = models.CharField(max_length=300, blank=True)

    objects = ScopedQuerySet["Order"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="one_order_per_number")]

    def __str__(self) -> str:
        return self.number

    def slots(self) -> dict[str, str]:
        """What a reply may say of this order, true to its state and to the workspace's settings."""
        settings = self.workspace.settings
        return {
            "order_number": self.number,
            "order_date": order_words.day(self.placed_on),
            "order_items": self.items,
            "order_total": f"{self.currency}{Decimal(self.total):.2f}",
            "order_state": order_words.STATE[self.state],
            "order_next": order_words.next_step(self.state, self.due_on, settings),
            "order_change": order_words.change(self.state, settings),
            "refund_state": order_words.refund(self.state, self.due_on, settings),
            "invoice_number": self.invoice_number,
        }
