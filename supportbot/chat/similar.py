"""Earlier conversations of the workspace that are like one: by meaning, and by the routing of the customer's words.

Only the newest resolved ones are looked at, so the cost does not grow with history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from supportbot.chat.decision import WANTS_PERSON
from supportbot.chat.experts import stored_trace
from supportbot.chat.models import Conversation, Generation, Message, Milestone, Rating
from supportbot.knowledge.retrieval import Embed

SIMILAR = 3
CANDIDATES = 120  # messages that are put beside one by meaning, the newest; each is embedded
TRACES = 200  # replies whose words' routing is put beside one, the newest
NEAR = 0.4  # cosine from which they are about the same


@dataclass(frozen=True)
class Similar:
    """A resolved conversation: what its customer wrote, how near it is from 0 to 1, and how it ended."""

    id: UUID
    sentence: str
    ending: str
    nearness: float | None = None


def by_meaning(about: Message, embed: Embed, sentence_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Of resolved conversations of this workspace, the nearest first, as a summary keeps them."""
    resolved = {"conversation__status": Conversation.Status.RESOLVED, "conversation__is_spam": False}
    rows = Message.objects.in_workspace(about.conversation.workspace).filter(author=Message.Author.CUSTOMER, **resolved)
    rows = rows.exclude(conversation=about.conversation_id).exclude(intent=WANTS_PERSON).exclude(body="")
    others = list(rows.order_by("-created_at")[:CANDIDATES])
    if not others:
        return []
    vectors = embed([about.body, *(other.body for other in others)])
    found = _nearest(others, vectors[1:] @ vectors[0])
    return [{"id": str(m.conversation_id), "sentence": sentence_of(m.body)} for near, m in found if near >= NEAR]


def shown(conversation: Conversation) -> list[Similar]:
    """What a worker found by meaning when people got it, as far as it is still there and resolved."""
    kept = {UUID(one["id"]): one["sentence"] for one in conversation.summary.get("similar") or []}
    rows = Conversation.objects.in_workspace(conversation.workspace).filter(status=Conversation.Status.RESOLVED)
    there = rows.in_bulk(list(kept))
    return [Similar(id_, sentence, _ending(there[id_])) for id_, sentence in kept.items() if id_ in there]


def by_routing(conversation: Conversation) -> list[Similar]:
    """Resolved conversations whose words went to the same experts, the nearest first."""
    own = Generation.objects.filter(message__conversation=conversation).exclude(reading=b"").order_by("-id").first()
    mine = _vector(own) if own else None
    if own is None or mine is None:
        return []
    rows = Generation.objects.in_workspace(conversation.workspace).filter(model_version=own.model_version)
    rows = rows.filter(message__conversation__status=Conversation.Status.RESOLVED).exclude(reading=b"")
    rows = rows.exclude(message__conversation=conversation).select_related("in_reply_to__conversation")
    traced = [(row.in_reply_to, _vector(row)) for row in rows.order_by("-id")[:TRACES]]
    alike = [(message, float(mine @ vector)) for message, vector in traced if vector is not None]
    found = _nearest([message for message, _ in alike], np.array([near for _, near in alike]))
    return [Similar(m.conversation_id, m.body, _ending(m.conversation), near) for near, m in found]


def _nearest(messages: list[Message], nearness: NDArray[Any]) -> list[tuple[float, Message]]:
    """The nearest conversations, each by its nearest message."""
    best: dict[UUID, tuple[float, Message]] = {}
    for message, near in zip(messages, nearness.tolist(), strict=True):
        if message.conversation_id not in best or near > best[message.conversation_id][0]:
            best[message.conversation_id] = (near, message)
    return sorted(best.values(), key=lambda entry: -entry[0])[:SIMILAR]


def _vector(generation: Generation) -> NDArray[np.float64] | None:
    """The routing of the words as a unit vector; None where the trace is damaged or empty."""
    try:
        share = stored_trace(generation.reading).share.ravel().astype(np.float64)
    except ValueError:
        return None
    length = float(np.linalg.norm(share))
    return share / length if length else None


def _ending(conversation: Conversation) -> str:
    """Who resolved it last, and what the customer thought of it."""
    kinds = (Milestone.Kind.RESOLVED, Milestone.Kind.CONFIRMED)
    last = conversation.milestones.filter(kind__in=kinds).select_related("user").last()
    how = "resolved"
    if last and last.kind == Milestone.Kind.CONFIRMED:
        how = "the bot’s answer helped"
    elif last and last.user:
        how = f"resolved by {last.user.get_short_name()}"
    rating = Rating.objects.filter(conversation=conversation).first()
    return f"{how}, rated {rating.score} of 5" if rating else how
