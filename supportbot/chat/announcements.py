"""What has happened to conversations, told to other parts of the product in the transaction that makes it so.

Who listens writes rows that are saved with it or not at all; events for browsers are hints, and go by `events`.
"""

from __future__ import annotations

from enum import StrEnum

from django.dispatch import Signal

from supportbot.chat.models import Contact, Conversation, Message, Rating, RuleRun


class Event(StrEnum):
    """What is announced, in the past tense."""

    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_HANDED_OVER = "conversation.handed_over"
    CONVERSATION_ASSIGNED = "conversation.assigned"
    CONVERSATION_SNOOZED = "conversation.snoozed"
    CONVERSATION_RESOLVED = "conversation.resolved"
    CONVERSATION_REOPENED = "conversation.reopened"
    CONVERSATION_MERGED = "conversation.merged"
    MESSAGE_CREATED = "message.created"
    RATING_CREATED = "rating.created"
    CONTACT_ERASED = "contact.erased"
    RULE_RAN = "rule.ran"


Subject = Conversation | Message | Rating | Contact | RuleRun
announced = Signal()  # event: Event, subject: Subject


def announce(event: Event, subject: Subject) -> None:
    """Tell it, once the subject's row stands as it will be saved."""
    announced.send(sender=Event, event=event, subject=subject)
