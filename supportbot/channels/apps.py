"""Has the outboxes hear what the chat announces."""

from __future__ import annotations

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """`supportbot.channels`; its label is another one, for `channels` is Django Channels'."""

    name = "supportbot.channels"
    label = "outside_channels"
    verbose_name = "Channels"

    def ready(self) -> None:
        """Listen from the start, in every process."""
        from supportbot.channels import outbox  # noqa: PLC0415  (models are not ready when this module is read)
        from supportbot.channels.messengers import outbox as posts  # noqa: PLC0415  (the same)
        from supportbot.chat.announcements import announced  # noqa: PLC0415  (the same)

        announced.connect(outbox.write, dispatch_uid="e-mail")
        announced.connect(posts.write, dispatch_uid="messengers")
