"""What an agent is told about a conversation that comes to people: only what was said, done or written before.

The summary is made with the hand-off, under its lock; suggestions need the model, so a worker adds them a moment later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.db.models import QuerySet

from supportbot.actions.words import yes_or_no
from supportbot.celery import app
from supportbot.chat import quoting, similar
from supportbot.chat.decision import OFF_TOPIC, WANTS_PERSON
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.quoting import Find, Quote
from supportbot.knowledge import retrieval
from supportbot.knowledge.retrieval import Embed

log = structlog.get_logger(__name__)
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
SENTENCE_LIMIT = 240
WORD = re.compile(r"\w{4,}|\d+")
SENTIMENTS = ("calm", "unhappy", "angry")


def summary(conversation: Conversation, reason: str) -> dict[str, Any]:
    """What is wanted, what was tried and how the customer sounds, since the assistant last began anew."""
    said = list(_said(conversation))
    about = _about(said)
    return {
        "reason": reason,
        "category": about.category if about else "",
        "intent": about.intent if about else "",
        "sentence": key_sentence([about.body] if about else []),
        "sentiment": _sentiment(said),
        "tried": _tried(conversation),
    }


def suggestions(conversation: Conversation, embed: Embed, find: Find) -> dict[str, Any]:
    """A passage that may answer the last question, and resolved conversations that were about the same."""
    about = _about(list(_said(conversation)))
    if about is None:
        return {"reply": None, "similar": []}
    hits = retrieval.find(conversation.workspace, about.body, embed=embed, language=conversation.language[:2])
    shown = [hit.passage for hit in hits if hit.passage.article.is_public]
    found = quoting.best(about.body, shown, find)
    is_sure = found and found.sureness >= quoting.threshold(conversation.workspace)
    return {
        "reply": _reply(found.quotes[0] if found and is_sure else None),
        "similar": similar.by_meaning(about, embed, lambda body: key_sentence([body])),
    }


def ask_for_suggestions(conversation_id: UUID) -> None:
    """Ask a worker for them; without a queue the agent has the summary alone."""
    try:
        app.send_task("supportbot.chat.tasks.suggest", [str(conversation_id)])
    except Exception as error:
        log.warning("suggestions not queued", conversation=str(conversation_id), error=repr(error))


def key_sentence(bodies: Iterable[str]) -> str:
    """The customer's own sentence that says most, as it was written; a long one is cut."""
    sentences = [found.strip() for body in bodies for found in SENTENCE.findall(body) if found.strip()]
    best = max(sentences, key=lambda sentence: len(_words(sentence)), default="")
    return best if len(best) <= SENTENCE_LIMIT else f"{best[: SENTENCE_LIMIT - 1]}…"


def _said(conversation: Conversation) -> QuerySet[Message]:
    after = conversation.messages.filter(seq__gt=conversation.context_seq)
    return after.filter(author=Message.Author.CUSTOMER).exclude(body="").order_by("seq")


def _about(said: Sequence[Message]) -> Message | None:
    """The last message that says what it is about; small talk, a bare yes or no and the mere wish for a person don't.

    Of those the wish still says more than the others.
    """
    serious = [m for m in said if m.category != OFF_TOPIC and not yes_or_no(m.body)]
    telling = [message for message in serious if message.intent != WANTS_PERSON]
    named = [message for message in telling if message.intent]
    return next(reversed(named or telling or serious or list(said)), None)


def _sentiment(said: Sequence[Message]) -> str:
    """The worst of what was read in the customer's messages; nothing where none was read."""
    read = [SENTIMENTS.index(message.sentiment) for message in said if message.sentiment in SENTIMENTS]
    return SENTIMENTS[max(read)] if read else ""


def _tried(conversation: Conversation) -> list[dict[str, str]]:
    made = Generation.objects.filter(message__conversation=conversation, message__seq__gt=conversation.context_seq)
    acts = made.exclude(act=Generation.Act.HAND_OFF).order_by("message__seq")
    return [{"act": act, "reason": reason} for act, reason in acts.values_list("act", "reason")]


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}


def _reply(quote: Quote | None) -> dict[str, str] | None:
    """What the article says, in its own words."""
    if quote is None:
        return None
    article = quote.passage.article
    return {"text": quote.text, "title": article.title, "url": article.get_absolute_url()}
