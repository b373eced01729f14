"""Has the limits of plans asked by the layers below."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """`supportbot.billing`."""

    name = "supportbot.billing"
    verbose_name = "Plans"

    def ready(self) -> None:
        """From the start, in every process."""
        from supportbot.billing import enforcing  # noqa: PLC0415  (models are not ready when this module is read)
        from supportbot.workspaces import limits  # noqa: PLC0415  (the same)

        limits.go_by(enforcing.objection)
