"""Replies that were written before, written again from the same prompt: without some experts, or by another version."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from supportbot.chat import assistant
from supportbot.chat.models import Generation
from supportbot.workspaces.experts import switched_off

if TYPE_CHECKING:
    from inference.engine import Brief, Completion, Engine, Params, Turn, WhatIf

DEADLINE = 60.0  # seconds in which a reply has to find a quiet moment
LOOK_EVERY = 0.02  # seconds


def rewrite(generation: Generation, off: Collection[int]) -> WhatIf:
    """A reply of our model as it is written from the same prompt, and without some experts; never in others' way.

    EngineBusy and EngineStopped as the engine raises them, ValueError for experts that it can't do without.
    """
    from inference.engine import Brief  # noqa: PLC0415  (a web process must not load torch)

    asked, model = generation.prompt, assistant.engine()
    params = _params(generation, model, Brief(*asked["brief"]))
    return model.what_if(_turns(generation), params, off)


def answer_again(generation: Generation, model: Engine) -> dict[str, Any]:
    """What a version makes of a question that was answered before, at a moment in which nobody waits for this worker.

    Text, category, the expert with most of the reply's weight, and the mean log-probability of its tokens. EngineBusy
    without such a moment in time, EngineStopped as the engine raises it.
    """
    _await_quiet()
    category, intent, act = generation.prompt["brief"]
    reading = model.read(_turns(generation), home=generation.message.conversation.workspace.language[:2])
    if category:  # else a passage answered, whatever the question was about
        category, intent = reading.category, reading.intent
    written = write_again(generation, model, category, intent, act)
    reply = written.trace.part(slice(written.trace.prompt_tokens, None))
    leader = int(reply.share.mean(axis=0).argmax()) if reply.ids.size else None
    said = {"text": written.text.strip(), "category": reading.category, "sure": written.mean_logprob}
    return said | {"expert": leader}


def write_again(generation: Generation, model: Engine, category: str, intent: str, act: str) -> Completion:
    """The reply as a version writes it from the same prompt under this brief, behind whatever customers wait for.

    EngineBusy where that leaves no time, EngineStopped as the engine raises it.
    """
    from inference.engine import Brief, Completion, EngineBusy  # noqa: PLC0415  (a web process must not load torch)

    params = _params(generation, model, Brief(category, intent, act))  # type: ignore[arg-type]
    *_, written = model.stream(_turns(generation), replace(params, background=True))
    assert isinstance(written, Completion)
    if written.finish_reason == "deadline":
        raise EngineBusy("other replies left no time for this one")
    return written


def _await_quiet() -> None:
    from inference.engine import EngineBusy  # noqa: PLC0415  (a web process must not load torch)

    until, live = time.monotonic() + DEADLINE, assistant.engine()
    while not live.usage.is_idle:
        if time.monotonic() > until:
            raise EngineBusy("customers left no quiet moment")
        time.sleep(LOOK_EVERY)


def _turns(generation: Generation) -> list[Turn]:
    asked = generation.prompt
    earlier = generation.message.conversation.messages.filter(seq__in=asked["earlier"])
    return assistant.turns(earlier, asked["question"])


def _params(generation: Generation, model: Engine, brief: Brief) -> Params:
    from inference.engine import Params  # noqa: PLC0415  (a web process must not load torch)

    asked, workspace = generation.prompt, generation.message.conversation.workspace
    return Params(
        brief=brief,
        slots={**assistant.own_slots(workspace), **asked["slots"]},
        temperature=asked["temperature"],
        seed=asked["seed"],
        deadline=DEADLINE,
        off=switched_off(workspace, model.info.version),
    )
