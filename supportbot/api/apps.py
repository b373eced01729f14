"""Has the outbox of webhooks, and what was stored of answers, hear what the chat announces."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """`supportbot.api`."""

    name = "supportbot.api"
    verbose_name = "API and webhooks"

    def ready(self) -> None:
        """Listen from the start, in every process."""
        from supportbot.api import idempotency  # noqa: PLC0415  (models are not ready when this module is read)
        from supportbot.api.webhooks import outbox  # noqa: PLC0415  (the same)
        from supportbot.chat.announcements import announced  # noqa: PLC0415  (the same)

        announced.connect(outbox.write, dispatch_uid="webhooks")
        announced.connect(idempotency.forget_erased, dispatch_uid="stored answers")
