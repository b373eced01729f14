"""The bot: writes one reply. It reaches inference/ through `engines`, which a worker opens when it first needs one.

Failure has its one place here: whatever goes wrong, the customer gets an answer, a person, or another attempt.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from supportbot.chat import acting, context, counting, quoting
from supportbot.chat.answering import UNTOLD, Question, Unsupported, best_quotation, checked, consider
from supportbot.chat.attempt import Attempt, TurnLost
from supportbot.chat.categories.learnt import learnt
from supportbot.chat.decision import SMALL_TALK, Decision
from supportbot.chat.drafts import Draft
from supportbot.chat.engines import Engines
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.translation.interpreter import Interpreter, Said, interpreter, joined
from supportbot.chat.versions import registry, serving
from supportbot.chat.voice.service import instructions
from supportbot.chat.words import say
from supportbot.telemetry import tracing
from supportbot.workspaces.experts import switched_off
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.engine import Completion, Engine, Params, ReplyStream, Turn
    from supportbot.actions.dialogue import Step

log = structlog.get_logger(__name__)
ATTEMPTS = 3
CHUNK_EVERY = 0.06  # seconds
LOOK_EVERY = 0.1  # seconds between two looks at who has the turn
SOURCES = 3
AGAIN_AT = 0.7  # temperature of a second try
TRIES = 2  # of the model at one reply, before a passage speaks for it


engines = Engines()


class NoReply(Exception):
    """The engine ended without a text that can be sent."""


def engine(conversation: Conversation | None = None) -> Engine:
    """This process's engine for a conversation, or the one that stands; the first call loads it, which takes seconds.

    A version that is not loaded yet is on its way by `follow`; meanwhile the one that stands answers. In a process that
    has none, one that can't be loaded leaves it to the shipped one; CheckpointError if that can't either.
    """
    path = serving.directory(conversation)
    try:
        return engines.get(path)
    except Exception:
        if path == registry.shipped():
            raise
        log.exception("checkpoint not loaded; the shipped one answers", path=str(path))
        return engines.get(registry.shipped())


def follow() -> None:
    """Load what is to answer beside what answers here, then let it stand; a worker's process does so for ever."""
    if engines.is_stopped:
        return
    step, wanted = serving.latest(), serving.wanted()
    for path in engines.due(wanted):
        try:
            engines.load(path)
        except Exception as error:  # whatever is wrong with its files, what stands goes on
            log.exception("checkpoint not loaded", path=str(path))
            serving.note_problem(step, repr(error))
    if engines.have(wanted):
        serving.note_ready(step)
    else:
        engine()
    engines.keep(wanted)


def loaded() -> Engine | None:
    """The engine that stands in this process, if one is there by now."""
    return engines.standing


def stop() -> None:
    """End the engines; what is being answered stays accepted, for the next process to answer."""
    engines.stop()


def write_reply(message_id: UUID) -> UUID | None:
    """Give a customer's message its outcome; returns a message that came meanwhile and waits.

    Called twice for one message, or for one that somebody works on, it does nothing.
    """
    with suppress(Exception):  # an engine that cannot be loaded fails again below, where somebody takes over
        engine()  # before the claim, which must not run out while the model loads
    attempt = Attempt.begin(message_id)
    if attempt is None:
        return None
    with tracing.span("reply", trace=attempt.message.client_id, message=str(attempt.message.id)):
        attempt.record["trace_id"] = tracing.trace_id()
        _try(attempt)
    return attempt.later_message()


def _try(attempt: Attempt) -> None:
    try:
        _work(attempt)
    except TurnLost:
        attempt.take_back("taken_over")
    except DatabaseError:
        log.exception("reply not saved; the sweep tries again", message=str(attempt.message.id))
    except Exception:
        _give_up(attempt)


def _work(attempt: Attempt) -> None:
    from inference.engine import EngineBusy, EngineStopped  # noqa: PLC0415  (a web process must not load torch)

    if attempt.message.attempts >= ATTEMPTS:
        attempt.save_hand_off("failed")
        return
    try:
        _reply(attempt, engine(attempt.conversation))
    except (EngineBusy, EngineStopped) as error:
        log.warning("no engine; the sweep tries again", message=str(attempt.message.id), error=repr(error))
        attempt.take_back("interrupted")
        attempt.release()


def _reply(attempt: Attempt, model: Engine) -> None:
    attempt.record["wait_s"] = (timezone.now() - attempt.message.created_at).total_seconds()
    said = context.read(attempt.conversation, attempt.waiting)
    questions = _consider(attempt, said, model)
    if step := acting.step(attempt, said, questions[0]):
        _tell(attempt, step)
        return
    replies, unanswered = _answers(attempt, said, questions, model)
    if unanswered:
        attempt.save_hand_off(unanswered, lead=joined(replies) if replies else None)
    else:
        told = list(zip(questions, replies, strict=True))
        used = [source for asked, reply in told for source in asked.sources(reply.text)]
        attempt.record["grounds"] = [ground for asked, reply in told for ground in asked.grounds(reply.text)]
        attempt.save_reply(joined(replies), list({source["url"]: source for source in used}.values())[:SOURCES])


def _tell(attempt: Attempt, step: Step) -> None:
    """What was done, or what is asked or proposed before it is."""
    attempt.record |= {"act": Generation.Act.ACT, "reason": step.state}
    if step.hand_off:
        attempt.save_hand_off(step.hand_off, lead=Said(step.text))
    else:
        attempt.save_reply(Said(step.text), [], step.choices)


def _consider(attempt: Attempt, said: context.Context, model: Engine) -> list[Question]:
    """What the customer asks, one by one, with what will be done; the first is what the reply is filed under."""
    begun = time.monotonic()
    questions = _apart([_understood(attempt, said, text, model) for text in said.questions])
    first = questions[0]
    attempt.triage = dict(first.triage)
    attempt.heard = {"sentiment": first.reading.sentiment or "", "language": first.language}
    attempt.record |= {
        "read_s": time.monotonic() - begun,
        "reading": first.reading.trace.to_bytes(),
        "categories": {name: round(p, 4) for name, p in first.reading.categories.items()},
        "act": first.decision.act,
        "reason": first.decision.reason,
        "sureness": first.quotation.sureness if first.quotation else None,
        "model_version": model.info.version,
        "retrieved": [hit for question in questions for hit in question.retrieved],
    }
    return questions


def _understood(attempt: Attempt, said: context.Context, text: str, model: Engine) -> Question:
    """A question as it was written; translated, where that may help and somebody translates."""
    question = _read(attempt, said, text, model, said.language)
    spoken = question.reading.language
    between = interpreter(attempt.conversation, spoken) if question.may_need_interpreter else None
    translated = between.question(text, seconds=attempt.time_left) if between else None
    if not between or not translated:
        return question
    understood = _read(attempt, said, translated, model, attempt.conversation.workspace.language[:2])
    return replace(understood, interpreter=between, language=between.spoken)


def _read(attempt: Attempt, said: context.Context, text: str, model: Engine, home: str) -> Question:
    workspace = attempt.conversation.workspace
    with tracing.span("read"):
        reading = model.read(turns(said.earlier, text), home=home, own=learnt(workspace, model.learn))
    counting.read(reading.trace)
    return consider(said, workspace, text, reading, model)


def _apart(questions: list[Question]) -> list[Question]:
    """Without small talk beside a question, and without a second question that gets the same answer."""
    kept = {
        (q.triage["intent"] or q.text if q.decision.reason != "found" else q.quoted): q for q in reversed(questions)
    }
    matters = [q for q in reversed(kept.values()) if q.decision.act != "refuse"]
    return matters or questions[:1]


def _answers(
    attempt: Attempt, said: context.Context, questions: list[Question], model: Engine
) -> tuple[list[Said], str | None]:
    """The replies to the questions, and why people must answer one of them, if they must."""
    replies, unanswered = [], None
    for question in questions:
        reply = None if question.decision.act == "hand_off" else _write(attempt, said, question, model)
        if reply is None:
            unanswered = question.decision.reason if question.decision.act == "hand_off" else "unsupported"
        else:
            replies.append(reply)
    return replies, unanswered


def _write(attempt: Attempt, said: context.Context, question: Question, model: Engine) -> Said | None:
    """One reply: fixed words, the model's, or a passage's; None if nothing that we know supports one."""
    decision, language, between = question.decision, question.language, question.interpreter
    if decision.reason in ("unknown_order", *SMALL_TALK):
        shop = attempt.conversation.workspace.name
        return Said(say(decision.reason, language, number=said.order_number, shop=shop))
    if decision.act != "answer":  # there are fixed words in the customer's language
        text = None if between else _written(attempt, said, question, model)
        return Said(text or say(decision.reason, language, shop=attempt.conversation.workspace.name))
    if reply := _spoken(attempt, _written(attempt, said, question, model), between):
        return reply
    if state := _order_state(attempt, said, question):
        return Said(state)
    text = _quoted(attempt, said, question, model)
    return _spoken(attempt, text, between) or (between.failed(text) if text and between else None)


def _spoken(attempt: Attempt, text: str | None, between: Interpreter | None) -> Said | None:
    """The text as the customer gets it; None where there is none, or none that was translated well."""
    if text and between:
        return between.answer(text, seconds=attempt.time_left)
    return Said(text) if text else None


def _written(attempt: Attempt, said: context.Context, question: Question, model: Engine) -> str | None:
    """What the model writes, as far as it holds; what only a passage answers is for a model that reads passages."""
    may_write = question.decision.reason != "found" or model.reads_passages
    if may_write and settings.ANSWERS != "quote":
        for seed in range(TRIES):
            try:
                with tracing.span("write", model=model.info.version, attempt=seed + 1):
                    return _generate(attempt, said, question, model, seed)
            except Unsupported as objection:
                log.info("sentence not sent", message=str(attempt.message.id), objection=str(objection))
                attempt.record["objections"] = [*attempt.record.get("objections", []), str(objection)[:200]]
                attempt.take_back("corrected")
    return None


def _order_state(attempt: Attempt, said: context.Context, question: Question) -> str | None:
    """What the action that looks orders up says of the one that is asked about."""
    step = acting.look_up(attempt, said, question) if question.is_sure else None
    if step is None:
        return None
    attempt.record |= {"act": Generation.Act.ACT, "reason": step.state}
    return step.text


def _quoted(attempt: Attempt, said: context.Context, question: Question, model: Engine) -> str | None:
    """What a passage says, if it answers surely enough."""
    workspace = attempt.conversation.workspace
    if not question.quotation:
        question.quotation = best_quotation(said, question.text, workspace, question.passages, question.reading, model)
    if not question.quotation or question.quotation.sureness < quoting.threshold(workspace):
        return None
    least = min(question.quotation.sureness, attempt.record.get("sureness") or 1.0)
    attempt.record |= {"quoted": True, "sureness": least}
    return question.quoted


def turns(earlier: Iterable[Message], text: str) -> list[Turn]:
    """What the engine reads: earlier messages, then the customer's words."""
    from inference.engine import Turn  # noqa: PLC0415  (a web process must not load torch)

    before = [Turn("customer" if m.author == Message.Author.CUSTOMER else "agent", m.body) for m in earlier]
    return [*before, Turn("customer", text)]


def _prompt(said: context.Context, question: Question, params: Params, slots: Mapping[str, str]) -> dict[str, Any]:
    """What `rewriting` needs to write the reply again."""
    return {
        "earlier": [message.seq for message in said.earlier],
        "question": question.text,
        "brief": [params.brief.category, params.brief.intent, params.brief.act],
        "slots": slots,
        "temperature": params.temperature,
        "seed": params.seed,
    }


def _slots(attempt: Attempt, said: context.Context, decision: Decision) -> dict[str, str]:
    """What a reply may say of the customer and the order, beside what the workspace says of itself."""
    slots: dict[str, str] = {}
    if name := attempt.conversation.contact.name:
        slots["customer_name"] = name.split()[0]
    if said.order and decision.act == "answer":
        slots |= {name: UNTOLD for name in said.order.PRIVATE} | said.order_slots
    return slots


def own_slots(workspace: Workspace) -> dict[str, str]:
    """What a reply may say of the workspace."""
    return {"shop_name": workspace.name, **workspace.settings}


def _generate(attempt: Attempt, said: context.Context, question: Question, model: Engine, seed: int) -> str:
    """Stream the model's reply to whoever looks on, sentence by sentence as each is checked; its text."""
    params = _params(attempt, said, question, model, seed)
    attempt.record["prompt"] = _prompt(said, question, params, _slots(attempt, said, question.decision))
    stream = model.stream(turns(said.earlier, question.text), params)
    attempt.draft = Draft(attempt.conversation.id, attempt.message.seq)
    attempt.draft.start()
    return _follow(attempt, attempt.draft, stream, question)


def _params(attempt: Attempt, said: context.Context, question: Question, model: Engine, seed: int) -> Params:
    from inference.engine import Brief, Params  # noqa: PLC0415  (a web process must not load torch)

    decision, workspace = question.decision, attempt.conversation.workspace
    is_found = decision.reason == "found"  # then triage does not know what is wanted
    category, intent = ("", "") if is_found else (question.triage["category"], question.triage["intent"])
    passages = question.passages if model.reads_passages and decision.act == "answer" else ()
    return Params(
        brief=Brief(category, intent, decision.act),  # type: ignore[arg-type]
        slots={**own_slots(workspace), **_slots(attempt, said, decision)},
        passages=[(passage.heading, passage.text) for passage in passages],
        voice=instructions(workspace) if model.reads_passages else "",
        temperature=AGAIN_AT if seed else 0.0,
        seed=seed,
        deadline=attempt.time_left,
        off=switched_off(workspace, model.info.version),
    )


def _follow(attempt: Attempt, draft: Draft, stream: ReplyStream, question: Question) -> str:
    """Publish what has been checked in pieces of some 60 ms, as long as the bot has the turn; the whole text."""
    whole, fresh, sent_at, looked_at = "", "", 0.0, time.monotonic()
    try:
        for piece in checked(stream, question.evidence):
            if not isinstance(piece, str):
                counting.wrote(piece)
                attempt.record |= measures(piece)
                return _text(whole, piece)
            whole, fresh = whole + piece, fresh + piece
            now = time.monotonic()
            if now - looked_at >= LOOK_EVERY:
                looked_at = now
                attempt.demand_turn()
            if now - sent_at >= CHUNK_EVERY and not question.interpreter:
                draft.extend(fresh)
                if not sent_at:
                    counting.shown(attempt.message)
                fresh, sent_at = "", now
    finally:
        stream.close()
    raise NoReply("the engine's stream ended without a completion")


def measures(completion: Completion) -> dict[str, Any]:
    """What is kept of how the model wrote a reply, as fields of `Generation`."""
    names = ("finish_reason", "prompt_tokens", "completion_tokens", "first_token_s", "mean_logprob")
    routing = completion.trace.to_bytes() if completion.trace.ids.size else b""
    return {**{name: getattr(completion, name) for name in names}, "routing": routing}


def _text(text: str, completion: Completion) -> str:
    """The reply; one that grew too long ends with its last whole sentence."""
    text = text.strip()
    if completion.finish_reason == "length":
        text = text[: max(text.rfind(mark) for mark in ".!?") + 1]
    if not text or completion.finish_reason in ("cancelled", "deadline"):
        raise NoReply(f"the engine ended with {completion.finish_reason}")
    return text


def _give_up(attempt: Attempt) -> None:
    """Called while handling an error: people answer, never silence."""
    log.exception("reply failed", message=str(attempt.message.id))
    attempt.take_back("failed")
    with suppress(TurnLost, DatabaseError):
        attempt.save_hand_off("failed")
