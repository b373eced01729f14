"""Why the bot said what it said, in words: its decision, what it rests on, the experts, and what agents make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from supportbot.chat.experts import LEAST_SHARE, Cell, installed, leaders, stored_trace
from supportbot.chat.models import Category, Conversation, Correction, Generation, Message
from supportbot.chat.reasons import ACTS, REASONS
from supportbot.chat.refusals import Refused
from supportbot.knowledge.models import Article

CANDIDATES = 3  # categories that are shown with their probability
EXPERTS = 3


@dataclass(frozen=True)
class Why:
    """How one reply came about."""

    generation: Generation

    @property
    def said(self) -> Message:
        """The reply."""
        return self.generation.message

    @property
    def message(self) -> Message:
        """What it answers."""
        return self.generation.in_reply_to

    @property
    def act(self) -> str:
        """What the bot did."""
        return ACTS[self.generation.act]

    @property
    def reason(self) -> str:
        """Why it did so."""
        return REASONS.get(self.generation.reason, self.generation.reason)

    @property
    def category(self) -> str:
        """What the message was about, as people write it."""
        return spelt(self.said.category or self.message.category)

    @property
    def intent(self) -> str:
        """What the customer wanted, as people write it."""
        return spelt(self.said.intent or self.message.intent)

    @property
    def percent(self) -> int:
        """Its confidence in the intent."""
        return round(100 * (self.said.confidence or self.message.confidence or 0))

    @property
    def candidates(self) -> list[tuple[str, int]]:
        """The likeliest categories with their per cent."""
        ranked = sorted(self.generation.categories.items(), key=lambda item: -item[1])[:CANDIDATES]
        return [(spelt(name), percent) for name, value in ranked if (percent := round(100 * value))]

    @property
    def sure(self) -> int | None:
        """How surely the passage answers, in per cent, where one was read."""
        sureness = self.generation.sureness
        return None if sureness is None else round(100 * sureness)

    @property
    def grounds(self) -> list[dict[str, Any]]:
        """The passages that it rests on, with the address of each that has a page."""
        kept = Article.objects.in_workspace(self.said.conversation.workspace).select_related("workspace")
        found = kept.in_bulk([ground["article"] for ground in self.generation.grounds])
        pages = {pk: article.get_absolute_url() for pk, article in found.items() if article.is_public}
        return [{**ground, "url": pages.get(ground["article"], "")} for ground in self.generation.grounds]

    @property
    def experts(self) -> list[Cell]:
        """Those with the most weight for the reply's words, or for the customer's where none were generated."""
        try:
            trace = stored_trace(self.generation.routing or self.generation.reading)
            if self.generation.routing:
                trace = trace.part(slice(trace.prompt_tokens, None))
            found = leaders(trace, installed().experts(trace.n_experts), EXPERTS) if trace.tokens else []
            return [cell for cell in found if cell.share >= LEAST_SHARE]
        except (ValueError, IndexError):
            return []

    @property
    def routing_page(self) -> str:
        """Where an administrator sees every token's experts."""
        return reverse("admin:routing-conversation", args=[self.said.conversation_id])

    @property
    def correction(self) -> Correction | None:
        """What an agent says that it should have been."""
        return Correction.objects.filter(message=self.said).select_related("author").first()

    @property
    def categories(self) -> list[tuple[str, str]]:
        """Those that a correction may name: all that triage knows, and those of the workspace's articles."""
        own = Article.objects.in_workspace(self.said.conversation.workspace).exclude(category="")
        made = Category.objects.in_workspace(self.said.conversation.workspace).values_list("name", flat=True)
        known = {*self.generation.categories, *made, *own.values_list("category", flat=True), self.said.category} - {""}
        return [(name, spelt(name)) for name in sorted(known)]


def latest(conversation: Conversation) -> Why | None:
    """The bot's last decision."""
    found = _made(conversation).defer("reading", "routing").order_by("message__seq").last()
    return Why(found) if found else None


def why(conversation: Conversation, seq: int) -> Why:
    """How the reply with this number came about."""
    if found := _made(conversation).filter(message__seq=seq).first():
        return Why(found)
    raise Refused("not_found", "The bot has made no such reply.")


def spelt(name: str) -> str:
    """A name as people write it."""
    return name.replace("_", " ").capitalize()


def _made(conversation: Conversation) -> Any:
    made = Generation.objects.in_workspace(conversation.workspace).filter(message__conversation=conversation)
    return made.select_related("in_reply_to", "message__conversation__workspace")
