"""The bot: writes one reply. The only door to inference/, which a worker opens when it first needs it.

Failure has its one place here: whatever goes wrong, the customer gets an answer, a person, or another attempt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from supportbot.chat import context
from supportbot.chat.attempt import Attempt, TurnLost
from supportbot.chat.decision import OFF_TOPIC, Decision, Situation, decide
from supportbot.chat.drafts import Draft
from supportbot.chat.models import Message
from supportbot.knowledge import retrieval

if TYPE_CHECKING:
    from inference.engine import Completion, Engine, Reading, ReplyStream, Turn

log = structlog.get_logger(__name__)
ATTEMPTS = 3
CHUNK_EVERY = 0.06  # seconds
LOOK_EVERY = 0.1  # seconds between two looks at who has the turn
SOURCES = 2
NEAR = 0.35  # cosine from which an article is worth showing
UNKNOWN_ORDER = (
    "I can't find an order with the number {number}. "
    "Could you check it? It has five digits and is in your confirmation e-mail."
)


_loading = threading.Lock()


class NoReply(Exception):
    """The engine ended without a text that can be sent."""


def engine() -> Engine:
    """This process's engine; the first call loads it, which takes seconds."""
    with _loading:
        return _engine()


@cache
def _engine() -> Engine:
    path, slots = settings.MODEL_DIR, settings.INFERENCE_THREADS
    if settings.BACKEND:
        from inference import backends  # noqa: PLC0415  (nor load what it does not use)

        key, experts = settings.BACKEND_KEY, settings.BACKEND_EXPERTS
        return backends.load(path, settings.BACKEND, key=key, experts=experts, slots=slots)
    from inference.engine import Engine  # noqa: PLC0415  (a web process must not load torch)

    return Engine.load(path, slots=slots)


def stop() -> None:
    """End the engine; what is being answered stays accepted, for the next process to answer."""
    with _loading:
        if _engine.cache_info().currsize:
            _engine().close()


def write_reply(message_id: UUID) -> UUID | None:
    """Give a customer's message its outcome; returns a message that came meanwhile and waits.

    Called twice for one message, or for one that somebody works on, it does nothing.
    """
    with suppress(Exception):  # an engine that cannot be loaded fails again below, where somebody takes over
        engine()  # before the claim, which must not run out while the model loads
    attempt = Attempt.begin(message_id)
    if attempt is None:
        return None
    try:
        _work(attempt)
    except TurnLost:
        attempt.take_back("taken_over")
    except DatabaseError:
        log.exception("reply not saved; the sweep tries again", message=str(message_id))
    except Exception:
        _give_up(attempt)
    return attempt.later_message()


def _work(attempt: Attempt) -> None:
    from inference.engine import EngineBusy, EngineStopped  # noqa: PLC0415  (a web process must not load torch)

    if attempt.message.attempts >= ATTEMPTS:
        attempt.save_hand_off("failed")
        return
    try:
        _reply(attempt, engine())
    except (EngineBusy, EngineStopped) as error:
        log.warning("no engine; the sweep tries again", message=str(attempt.message.id), error=repr(error))
        attempt.take_back("interrupted")
        attempt.release()


def _reply(attempt: Attempt, model: Engine) -> None:
    attempt.record["wait_s"] = (timezone.now() - attempt.message.created_at).total_seconds()
    said = context.read(attempt.conversation, attempt.waiting)
    decision = _triage(attempt, said, model)
    attempt.record |= {"act": decision.act, "reason": decision.reason, "model_version": model.info.version}
    if decision.act == "hand_off":
        attempt.save_hand_off(decision.reason)
    elif decision.reason == "unknown_order":
        attempt.save_reply(UNKNOWN_ORDER.format(number=said.order_number), [])
    else:
        text = _generate(attempt, said, decision, model)
        attempt.save_reply(text, _sources(attempt, said, model) if decision.act == "answer" else [])


def _triage(attempt: Attempt, said: context.Context, model: Engine) -> Decision:
    """Read what the customer wants and decide; a mere order number belongs to the question before it."""
    begun = time.monotonic()
    reading = model.read(_turns(said))
    attempt.record |= {"read_s": time.monotonic() - begun, "reading": reading.trace.to_bytes()}
    attempt.record["categories"] = {name: round(p, 4) for name, p in reading.categories.items()}
    attempt.triage = {"category": reading.category, "intent": reading.intent, "confidence": reading.confidence}
    if said.taken_up and said.taken_up.intent in model.info.needs_order:
        attempt.triage = {name: getattr(said.taken_up, name) for name in attempt.triage}
    return decide(_situation(attempt, said, reading, model))


def _situation(attempt: Attempt, said: context.Context, reading: Reading, model: Engine) -> Situation:
    own = attempt.conversation.workspace.hand_off_below
    return Situation(
        **attempt.triage,
        off_topic=reading.categories.get(OFF_TOPIC, 0.0),
        threshold=model.info.hand_off_below if own is None else own,
        needs_order=attempt.triage["intent"] in model.info.needs_order,
        order_named=said.order_number is not None,
        order_known=said.order is not None,
        asks_before=len(said.asked),
    )


def _turns(said: context.Context) -> list[Turn]:
    from inference.engine import Turn  # noqa: PLC0415  (a web process must not load torch)

    earlier = [Turn("customer" if m.author == Message.Author.CUSTOMER else "agent", m.body) for m in said.earlier]
    return [*earlier, Turn("customer", said.question)]


def _slots(attempt: Attempt, said: context.Context, decision: Decision) -> Mapping[str, str]:
    slots = dict(attempt.conversation.workspace.settings)
    if name := attempt.conversation.contact.name:
        slots["customer_name"] = name.split()[0]
    if said.order and decision.act == "answer":
        slots |= said.order.slots()
    return slots


def _generate(attempt: Attempt, said: context.Context, decision: Decision, model: Engine) -> str:
    """Stream the reply to whoever looks on; its text."""
    from inference.engine import Brief, Params  # noqa: PLC0415  (a web process must not load torch)

    brief = Brief(attempt.triage["category"], attempt.triage["intent"], decision.act)  # type: ignore[arg-type]
    slots = _slots(attempt, said, decision)
    stream = model.stream(_turns(said), Params(brief=brief, slots=slots, deadline=attempt.time_left))
    attempt.draft = Draft(attempt.conversation.id, attempt.message.seq)
    attempt.draft.start()
    completion = _follow(attempt, attempt.draft, stream)
    return _text(completion)


def _follow(attempt: Attempt, draft: Draft, stream: ReplyStream) -> Completion:
    """Publish what comes in pieces of some 60 ms, as long as the bot has the turn."""
    text, sent_at, looked_at = "", 0.0, time.monotonic()
    try:
        for piece in stream:
            if not isinstance(piece, str):
                attempt.record |= _measures(piece)
                return piece
            text += piece
            now = time.monotonic()
            if now - looked_at >= LOOK_EVERY:
                looked_at = now
                attempt.demand_turn()
            if now - sent_at >= CHUNK_EVERY:
                draft.extend(text)
                text, sent_at = "", now
    finally:
        stream.close()
    raise NoReply("the engine's stream ended without a completion")


def _measures(completion: Completion) -> dict[str, Any]:
    names = ("finish_reason", "prompt_tokens", "completion_tokens", "first_token_s", "mean_logprob")
    routing = completion.trace.to_bytes() if completion.trace.ids.size else b""
    return {**{name: getattr(completion, name) for name in names}, "routing": routing}


def _text(completion: Completion) -> str:
    """The reply; one that grew too long ends with its last whole sentence."""
    text: str = completion.text.strip()
    if completion.finish_reason == "length":
        text = text[: max(text.rfind(mark) for mark in ".!?") + 1]
    if not text or completion.finish_reason in ("cancelled", "deadline"):
        raise NoReply(f"the engine ended with {completion.finish_reason}")
    return text


def _sources(attempt: Attempt, said: context.Context, model: Engine) -> list[dict[str, Any]]:
    hits = retrieval.find(attempt.conversation.workspace, said.question, embed=model.embed)
    near = {hit.passage.article: hit for hit in hits if hit.passage.article.is_public and hit.cosine >= NEAR}
    return [
        {"title": article.title, "url": article.get_absolute_url(), "score": round(hit.cosine, 3)}
        for article, hit in [*near.items()][:SOURCES]
    ]


def _give_up(attempt: Attempt) -> None:
    """Called while handling an error: people answer, never silence."""
    log.exception("reply failed", message=str(attempt.message.id))
    attempt.take_back("failed")
    with suppress(TurnLost, DatabaseError):
        attempt.save_hand_off("failed")
