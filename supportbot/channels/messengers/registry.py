"""Which adapter speaks to which provider."""

from __future__ import annotations

from supportbot.channels.messengers.adapter import Adapter
from supportbot.channels.messengers.models import Messenger
from supportbot.channels.messengers.slack import Slack
from supportbot.channels.messengers.telegram import Telegram
from supportbot.channels.messengers.whatsapp import WhatsApp

Kind = Messenger.Kind
ADAPTERS: dict[str, Adapter] = {Kind.TELEGRAM: Telegram(), Kind.WHATSAPP: WhatsApp(), Kind.SLACK: Slack()}


def adapter_of(messenger: Messenger) -> Adapter:
    """The one of its provider."""
    return ADAPTERS[messenger.kind]
