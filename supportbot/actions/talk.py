"""One call as it is talked about: the next question, what an answer means, the proposal, the deed and its report.

A change happens only out of the state `confirmed`, and that state is entered only by a clear yes to the proposal. What
is done in our own database is one transaction with the state `done`; what is done elsewhere carries the call's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from supportbot.actions import custom, identity, words
from supportbot.actions.form import PAIR, Form
from supportbot.actions.identity import Visitor
from supportbot.actions.models import ActionCall
from supportbot.actions.registry import Action, Refused, Said

log = structlog.get_logger(__name__)
State = ActionCall.State
MISSES = 2
NO_TOPIC = {"smalltalk_greeting", "smalltalk_thanks", "nonsense", "hostile", "prompt_injection"}


@dataclass(frozen=True)
class Step:
    """What the customer is told next; `hand_off` is the reason why a person takes over, if one does."""

    text: str
    choices: Sequence[str]
    state: str
    call: ActionCall
    hand_off: str | None = None


def said_before(call: ActionCall) -> Step:
    """The answer that this turn had when it came the first time."""
    said = call.said
    return Step(said.get("text", ""), said.get("choices", ()), call.state, call, said.get("hand_off"))


def is_elsewhere(text: str, intent: str, own: Sequence[str] = ()) -> bool:
    """Whether words that are no answer are about another subject than the action's `own` intents."""
    return intent not in NO_TOPIC and intent not in own if intent else "?" in text


@dataclass
class Talk:
    """A call, whoever talks of it, and the number of the message that is being answered."""

    call: ActionCall
    action: Action
    visitor: Visitor
    turn: int | None = None
    form: Form = field(init=False)

    def __post_init__(self) -> None:
        self.form = Form(self.call, self.action, self.visitor)

    def learn(self, known: Mapping[str, Any]) -> None:
        """Take over what is known already, as far as it is valid."""
        own = self.action.parameters.names
        if "email" in own and self.visitor.known_email:
            known = {"email": self.visitor.known_email, **known}
        for name, value in known.items():
            if name in {*own, *self._identifying}:
                self.form.take(name, str(value))

    def go_on(self) -> Step | None:
        """The next question or the proposal; None once nothing is missing and it may be done at once."""
        for name in self._identifying:
            if name not in self.call.arguments and not (name == "email" and self._is_proven()):
                return self._ask(name)
        if refusal := self._demand_identity():
            return refusal
        try:
            self.action.check(self.form.case)
            missing = [name for name in self.action.parameters.names if name not in self.call.arguments]
            if missing:
                return self._ask(missing[0])
            if self.action.changes:
                return self._propose()
        except Refused as refused:
            return self._refuse(refused)
        self._allow()
        return None

    def hear(self, text: str, intent: str) -> Step | None:
        """What the customer's words make of it; None if they are no answer, or a yes (the state tells)."""
        if self.call.state == State.CONFIRMED:
            return self._resume()
        if self.call.state == State.PROPOSED:
            return self._hear_decision(text, intent)
        return self._hear_value(text, intent)

    def perform(self) -> Step:
        """Do what is confirmed, once, and say what was done; said again when it was done already."""
        if self.action.calls_out and not self._claim():
            self.call.refresh_from_db()
            failed = Step(self._words(Said("failed")), (), self.call.state, self.call, "failed")
            return said_before(self.call) if self.call.is_over else failed
        try:
            if self.action.calls_out:
                said = self.action.perform(self.form.case)
                return self._ended(State.DONE, said, **self.call.result)
            with transaction.atomic():
                if not self._lock():
                    return said_before(self.call)
                return self._end(State.DONE, self.action.perform(self.form.case))
        except Refused as refused:
            with transaction.atomic():
                return self._refuse(refused) if self._lock() else said_before(self.call)
        except DatabaseError:
            raise  # nothing is done; the next attempt does it
        except Exception as error:
            log.exception("action failed", call=str(self.call.id), action=self.action.name)
            tries = {"tries": error.tries} if isinstance(error, custom.CallFailed) else {}
            return self._ended(State.FAILED, Said("failed"), hand_off="failed", error=str(error)[:200], **tries)

    def _hear_decision(self, text: str, intent: str) -> Step | None:
        also = self.action.verbs | {str(self.call.arguments.get("order_number", ""))}
        answer = words.yes_or_no(text, also)
        if answer == "yes":
            self._allow()
            return None
        if answer == "no":
            return self._end(State.DECLINED, Said("left"), reason="customer")
        if self.form.corrects_order(text):
            return self.go_on()
        return self._missed("unclear", text, intent)

    def _hear_value(self, text: str, intent: str) -> Step | None:
        name = self.call.asked
        if self.form.take(name, text):
            self.call.misses = 0
            for other in self._identifying:
                if other not in self.call.arguments:
                    self.form.take(other, text)
            return self.go_on()
        if words.yes_or_no(text) == "no":
            return self._end(State.DECLINED, Said("left"), reason="customer")
        return self._missed("again", text, intent)

    def _missed(self, name: str, text: str, intent: str) -> Step | None:
        """It was no answer: another subject, a slip, or one too many of them."""
        if is_elsewhere(text, intent, self.action.intents):
            self.call.is_aside = True
            self.call.save()
            return None
        self.call.misses += 1
        if self.call.misses >= MISSES:
            return self._end(State.FAILED, Said("repeated"), hand_off="repeated", reason="repeated")
        before = self._words(Said(name))
        return self._propose(before) if self.call.state == State.PROPOSED else self._ask(self.call.asked, before)

    def _resume(self) -> Step | None:
        """A process died between yes and done: the same message goes on, after another one nothing is sure."""
        if self.turn is None or self.turn == self.call.turn:
            return None
        if self.action.calls_out:
            return self._end(State.FAILED, Said("failed"), hand_off="failed", reason="interrupted")
        return self._propose(self._words(Said("interrupted")))

    def _propose(self, before: str = "") -> Step:
        proposal = self._words(self.action.propose(self.form.case))
        if self.call.state != State.PROPOSED:
            self.call.state, self.call.misses = State.PROPOSED, 0
        language = self.visitor.language
        choices = [words.say(language, "yes"), words.say(language, "no")]
        return self._say(f"{before} {proposal} {self._words(Said('confirm'))}".strip(), choices)

    def _allow(self) -> None:
        if self.action.changes:
            self.call.enter(State.CONFIRMED)
        self.call.state, self.call.turn = State.CONFIRMED, self.turn
        self.call.save()

    def _ask(self, name: str, before: str = "") -> Step:
        before_this = self.call.said.get("choices", ()) if self.call.asked == name else ()
        choices = [words.shown(self.visitor.language, label) for label in self.form.choices(name).values()]
        choices = choices or list(before_this)
        self.call.state, self.call.asked = State.COLLECTING, name
        if name == "order_number" and len(choices) > 1:
            question = Said("ask.which_order")
        elif name == "email" and name not in self.action.parameters.names:
            question = Said("ask.identity_email")
        elif self.action.calls_out and name not in PAIR.names:
            question = Said("ask.other", {"title": self.action.parameters.title(name)})
        else:
            question = Said(f"ask.{name}")
        text = before if before.endswith("?") else f"{before} {self._words(question)}".strip()
        return self._say(text, choices)

    def _refuse(self, refused: Refused) -> Step:
        """It can't be done: why, and what to ask for anew if another answer could help."""
        reason = refused.said.name or "custom.refused"
        if not refused.ask:
            ending = State.FAILED if refused.hand_off else State.DECLINED
            result = {**self.call.result, "reason": reason}
            return self._end(ending, refused.said, hand_off=refused.hand_off or None, **result)
        return self._ask_anew(Said(reason, refused.said.slots), (refused.ask,), "repeated", Said("repeated"))

    def _ask_anew(self, why: Said, forget: Sequence[str], reason: str, last_word: Said) -> Step:
        """Ask once more for what was wrong; the second time a person takes over."""
        wrong = self.call.result.get("wrong", 0) + 1
        if wrong >= MISSES:
            return self._end(State.FAILED, last_word, hand_off=reason, reason=reason)
        self.call.result = {"wrong": wrong}
        self.form.forget(forget)
        return self._ask(forget[0], self._words(why))

    @cached_property
    def _identifying(self) -> list[str]:
        """What tells whose and which order it is; asked for before anything else."""
        own = self.action.parameters.names
        if not self.action.needs_identity or self._is_vouched_for:
            return [name for name in ("order_number",) if name in own]
        return ["order_number", "email"]

    @property
    def _is_vouched_for(self) -> bool:
        """A workspace's own system checks itself which data are a signed-in customer's."""
        return self.action.calls_out and bool(self.visitor.known_email)

    def _is_proven(self) -> bool:
        number = self.call.arguments.get("order_number", "")
        if not self.action.needs_identity or self.call.is_verified:
            return True
        is_owner = self._is_vouched_for or identity.owns(self.call.workspace, self.visitor, number)
        conversation = self.call.conversation_id
        self.call.is_verified = is_owner or (conversation is not None and identity.has_proven(conversation, number))
        return self.call.is_verified

    def _demand_identity(self) -> Step | None:
        if self._is_proven():
            return None
        pair = [self.call.arguments[name] for name in PAIR.names]
        refused = Said("identity.refused")
        try:
            self.call.is_verified = identity.proves(self.call.workspace, self.visitor, *pair)
        except identity.TooManyWrong:
            return self._end(State.FAILED, refused, hand_off="identity", reason="identity")
        if self.call.is_verified:
            return None
        return self._ask_anew(Said("identity.wrong"), PAIR.names, "identity", refused)

    def _claim(self) -> bool:
        """Whether this process is the one that calls the address now."""
        now = timezone.now()
        free = ActionCall.objects.filter(Q(runs_until=None) | Q(runs_until__lt=now), id=self.call.id)
        until = now + timedelta(seconds=custom.BUDGET + 5)
        return bool(free.filter(state=State.CONFIRMED).update(runs_until=until))

    def _lock(self) -> bool:
        """Whether the call still waits to be done; nobody else may change it before this transaction ends."""
        rows = ActionCall.objects.select_for_update(of=("self",)).select_related("workspace", "user")
        result = self.call.result
        self.call = rows.get(id=self.call.id)
        self.form = Form(self.call, self.action, self.visitor)
        self.call.result = {**self.call.result, **result}
        return self.call.state == State.CONFIRMED

    def _ended(self, state: State, said: Said, hand_off: str | None = None, **result: Any) -> Step:
        with transaction.atomic():
            return self._end(state, said, hand_off, **result) if self._lock() else said_before(self.call)

    def _end(self, state: State, said: Said, hand_off: str | None = None, **result: Any) -> Step:
        self.call.result = {}
        self.call.enter(state, **{name: value for name, value in result.items() if name != "wrong"})
        return self._say(self._words(said), [], hand_off)

    def _say(self, text: str, choices: Sequence[str], hand_off: str | None = None) -> Step:
        """Remember what is said, in the transaction of what has happened."""
        self.call.turn = self.turn if self.turn is not None else self.call.turn
        self.call.said = {"text": text, "choices": list(choices), "hand_off": hand_off}
        self.call.save()
        return Step(text, choices, self.call.state, self.call, hand_off)

    def _words(self, said: Said) -> str:
        return said.text or words.say(self.visitor.language, said.name, **said.slots)
