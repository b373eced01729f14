"""What stands beside a conversation: who asks, which order it is about, why the assistant acted as it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, When

from supportbot.actions.models import ActionCall, Task
from supportbot.chat import attributes, context, events, similar, suggested, todo
from supportbot.chat.models import Contact, Conversation, EmailCopy, Rating, SuggestionUse, Translator
from supportbot.chat.reasons import ACTS, REASONS
from supportbot.chat.similar import Similar
from supportbot.chat.translation.models import language_name
from supportbot.chat.translation.service import customers_language
from supportbot.dashboard.why import Why, latest
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import User

TASKS = 30
SHOWN = 5  # earlier conversations, and actions
SENTIMENTS = {"calm": "Calm", "unhappy": "Unhappy", "angry": "Angry"}


@dataclass(frozen=True)
class HandOver:
    """The summary of the last hand-off, in words; what a worker adds later may still be missing."""

    summary: dict[str, Any]

    @property
    def reason(self) -> str:
        """Why it came to people."""
        return REASONS.get(self.summary["reason"], str(self.summary["reason"]))

    @property
    def wanted(self) -> str:
        """The intent, else the category, as people write it."""
        name: str = self.summary["intent"] or self.summary["category"]
        return name.replace("_", " ").capitalize()

    @property
    def sentiment(self) -> str:
        """How the customer sounds."""
        return SENTIMENTS.get(self.summary["sentiment"], "")

    @property
    def tried(self) -> list[str]:
        """What the assistant did, and why, in order."""
        return [
            f"{ACTS.get(act['act'], act['act'])}. {REASONS.get(act['reason'], '')}" for act in self.summary["tried"]
        ]


@dataclass(frozen=True)
class Languages:
    """What the customer writes in, what agents read, and whether anything translates between them."""

    customer: str
    agents: str | None  # None where no translation is configured

    @classmethod
    def of(cls, conversation: Conversation) -> Languages:
        """In the words of English."""
        translator = Translator.objects.in_workspace(conversation.workspace).first()
        spoken = language_name(customers_language(conversation))
        return cls(spoken, language_name(translator.language) if translator else None)


@dataclass(frozen=True)
class Facts:
    """All of it, as the template shows it."""

    contact: Contact
    contact_attributes: list[tuple[str, str]]
    conversation_attributes: list[tuple[str, str]]
    earlier: list[tuple[Conversation, str]]  # the customer's other conversations, each with its last words
    calls: list[ActionCall]
    order_number: str | None
    order: Order | None
    why: Why | None
    hand_over: HandOver | None
    rating: Rating | None
    email_copy: EmailCopy | None
    languages: Languages
    similar: list[Similar]
    tasks: list[Task]
    tells: bool  # all that was to be done for the customer is done, and nobody has told it yet
    suggestion: str  # the suggested reply, as the agent would send it
    helpful: bool | None  # whether the suggested reply is, says the agent


def facts_of(conversation: Conversation, agent: User) -> Facts:
    """Gather the facts of one conversation; unlike the bot, people still see the order of what was closed."""
    suggestion = suggested.offered(conversation, agent)
    conversation.context_seq = 0
    read = context.read(conversation, [])
    return Facts(
        contact=conversation.contact,
        contact_attributes=attributes.shown(conversation.contact.attributes),
        conversation_attributes=attributes.shown(conversation.attributes),
        earlier=_earlier(conversation),
        calls=list(conversation.action_calls.select_related("user")[:SHOWN]),
        order_number=read.order_number,
        order=read.order,
        why=latest(conversation),
        hand_over=HandOver(conversation.summary) if conversation.summary else None,
        rating=Rating.objects.filter(conversation=conversation).first(),
        email_copy=EmailCopy.objects.filter(message__conversation=conversation).order_by("message__seq").last(),
        languages=Languages.of(conversation),
        similar=similar.shown(conversation),
        tasks=_tasks(conversation),
        tells=bool(todo.to_tell(conversation.id)),
        suggestion=suggestion,
        helpful=_helpful(conversation, agent),
    )


def _tasks(conversation: Conversation) -> list[Task]:
    """What is still to be done comes first."""
    rows = Task.objects.filter(conversation=conversation).counted().select_related("owner", "team")
    is_over = Case(When(Q(status__in=Task.ALIVE), then=0), default=1)
    return list(rows.order_by(is_over, F("due_at").asc(nulls_last=True), "id")[:TASKS])


def _earlier(conversation: Conversation) -> list[tuple[Conversation, str]]:
    others = conversation.contact.conversations.exclude(id=conversation.id).order_by("-active_at")[:SHOWN]
    return [(other, events.preview(other.messages.last())) for other in others]


def _helpful(conversation: Conversation, agent: User) -> bool | None:
    """Of the suggestion that is shown now."""
    text = (conversation.summary.get("reply") or {}).get("text")
    own = SuggestionUse.objects.filter(conversation=conversation, user=agent, kind=SuggestionUse.Kind.REPLY)
    uses = own.filter(text=text) if text else None
    return uses.values_list("helpful", flat=True).first() if uses else None
